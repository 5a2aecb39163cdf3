import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../support/folders.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

const { files }: { files: Record<string, { onnx: string }> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/outputs/outputs.json", import.meta.url)),
);
const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

Deno.test("evaluate leaves out overlays that ptame drew, and refuses scores that are no probabilities", () =>
  inFolder(async (folder) => {
    const onnx = Uint8Array.from(atob(files["logits"]!.onnx), (letter) => letter.charCodeAt(0));
    Deno.writeFileSync(`${folder}/logits.onnx`, onnx);
    Deno.mkdirSync(`${folder}/photos`);
    for (const name of ["a.jpg", "b.jpg", "a.explained.png", "._a.jpg"]) {
      Deno.copyFileSync(PHOTO, `${folder}/photos/${name}`);
    }
    const evaluate = (...more: string[]) =>
      runCli(
        ["evaluate", "--images", "photos", "--model", "logits.onnx", "--device", "wasm", ...more],
        folder,
      );
    const measured = await evaluate("--methods", "gradcam,random", "--measures", "ad", "--json");
    assertEquals(measured.code, 0, measured.stderr);
    assertStringIncludes(measured.stderr, "Left out: 1 overlay that ptame drew");
    assertEquals(JSON.parse(measured.stdout).images, 2);
    const refused = await evaluate("--methods", "gradcam", "--measures", "ad", "--activation", "none");
    assertEquals([refused.code, errorLines(refused).length], [2, 1], refused.stderr);
    assertStringIncludes(refused.stderr, "measures need probabilities, and --activation none gives none");
  }));
