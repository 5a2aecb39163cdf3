/** `-`: an image from standard input, an overlay to standard output. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../../src/image/decode.ts";
import { heavyTests } from "../../support/devices.ts";
import { filesIn, inFolder } from "../../support/folders.ts";
import { runCli } from "../../support/run_cli.ts";
import { CONFIG, ENVIRONMENT, errorLines } from "../../support/run_deno.ts";

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);
const MAIN = decodeURIComponent(new URL("../../../src/cli/main.ts", import.meta.url).pathname);

/** Runs explain in a process, with bytes on its standard input. */
async function piped(args: readonly string[], bytes: Uint8Array<ArrayBuffer>, cwd: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--config", CONFIG, "-A", MAIN, "explain", ...args, "--device", "wasm"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: ENVIRONMENT,
    cwd,
  }).spawn();
  // A program that refuses early does not read its input to the end.
  await new Blob([bytes]).stream().pipeTo(child.stdin).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

Deno.test(
  "explain - --out - reads standard input and writes standard output",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      const photo = Deno.readFileSync(PHOTO);
      const ended = await piped(["-", "--out", "-"], photo, folder);
      assertEquals(ended.code, 0, ended.stderr);
      const overlay = await decodeImage(ended.stdout);
      assert(overlay.width > 0 && overlay.height > 0);
      assertStringIncludes(ended.stderr, ": standard output");
      assertEquals(filesIn(folder), []);

      const named = await piped(["-"], photo, folder);
      assertEquals([named.code, filesIn(folder)], [0, ["stdin.explained.png"]], named.stderr);
      assertEquals((await decodeImage(`${folder}/stdin.explained.png`)).data.length, overlay.data.length);

      const empty = await piped(["-"], new Uint8Array(), folder);
      assertEquals(empty.code, 1);
      assertStringIncludes(empty.stderr, "ptame: Cannot read the image of standard input: it is empty");
      const text = await piped(["-"], new TextEncoder().encode("no image"), folder);
      assertEquals([text.code, text.stdout.length], [1, 0]);
    }),
);

Deno.test("explain refuses - where it means nothing", () =>
  inFolder(async (folder) => {
    for (
      const [args, message] of [
        [["-", PHOTO], "must be the only argument"],
        [[PHOTO, PHOTO, "--out", "-"], "Only the overlay of one image"],
        [[PHOTO, "--out", "-", "--json"], "--out - excludes --json"],
        [[PHOTO, "--out", "-", "--top", "2"], "--out - excludes several classes"],
        [[folder, "--out", "-"], "must name a folder"],
      ] as const
    ) {
      const ended = await runCli(["explain", ...args], folder);
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [2, "", 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
  }));
