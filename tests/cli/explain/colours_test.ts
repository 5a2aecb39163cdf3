/** `explain --colours` and `--opacity`: in overlays, maps as images and the page of a folder. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../../src/image/decode.ts";
import { scaleGradient } from "../../../src/image/map_colours.ts";
import { inFolder } from "../../support/folders.ts";
import { SAMPLE } from "../../support/images.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines } from "../../support/run_deno.ts";

/** The largest difference between the colours of a pixel of the upper half, where no text is; the frame of the window is bluish by 6. */
async function colourful(path: string): Promise<number> {
  const { data } = await decodeImage(path);
  let most = 0;
  for (let i = 0; i < data.length / 2; i += 3) {
    const pixel = data.subarray(i, i + 3);
    most = Math.max(most, Math.max(...pixel) - Math.min(...pixel));
  }
  return most;
}

Deno.test("explain draws in the colours and the opacity that are named", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/photos`);
    Deno.writeFileSync(`${folder}/photos/cat.jpg`, SAMPLE);
    const explain = (...args: string[]) =>
      runCli(["explain", ...args, "--device", "wasm", "--quiet"], folder);
    const one = await explain("photos/cat.jpg", "--colours", "grey", "--out", "grey.png", "--map", "map.png");
    assertEquals(one.code, 0, one.stderr);
    const usual = await explain("photos/cat.jpg", "--out", "usual.png");
    assertEquals(usual.code, 0, usual.stderr);
    assert(await colourful(`${folder}/grey.png`) < 10 && await colourful(`${folder}/usual.png`) > 100);
    assertEquals(await colourful(`${folder}/map.png`), 0);

    const looks = ["--colours", "cividis", "--opacity", "0.4"];
    const many = await explain("photos", "--out", "out", "--html", "--workers", "1", ...looks);
    assertEquals(many.code, 0, many.stderr);
    const page = Deno.readTextFileSync(`${folder}/out/gallery.html`);
    assertStringIncludes(page, scaleGradient({ colours: "cividis", opacity: 0.4 }));
    assert(await colourful(`${folder}/out/cat.explained.png`) < 100);

    const refused: [string[], string][] = [
      [["--colours", "jet"], "one of inferno, viridis, magma, cividis, turbo, grey"],
      [["--opacity", "1.5"], "a number from 0 to 1, not 1.5"],
      [["--colours", "grey", "--against", "tabby"], "--colours and --against exclude each other"],
    ];
    for (const [args, message] of refused) {
      const ended = await explain("photos/cat.jpg", ...args);
      assertEquals([ended.code, errorLines(ended).length], [2, 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
  }));
