import { assert, assertEquals, assertRejects } from "@std/assert";
import { explainCommand } from "../../../src/cli/explain/mod.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { decodeImage } from "../../../src/image/decode.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { inFolder } from "../../support/folders.ts";

await warmUpWasm();

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);

Deno.test("explain --animate erases the whole image in steps, and says the probability of each", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const own = ["--model", `${folder}/small.onnx`, "--method", "gradcam", "--out", `${folder}/o.png`];
    const printed: string[] = [];
    const { log } = console;
    console.log = (line: string) => printed.push(line);
    try {
      const args = [PHOTO, ...own, "--animate", `${folder}/a.gif`, "--device", "wasm", "--json", "--quiet"];
      assertEquals(await explainCommand(args, new AbortController().signal), 0);
    } finally {
      console.log = log;
    }
    const { animation, targets: [target] } = JSON.parse(printed.join("\n"));
    assertEquals(animation.out, `${folder}/a.gif`);
    const erased = animation.steps.map((step: { erased: number }) => step.erased);
    assertEquals([erased.length, erased[0], erased.at(-1)], [21, 0, 100]);
    assert(Math.abs(animation.steps[0].probability - target.probability) < 1e-4);
    assert(
      animation.steps.every(({ probability }: { probability: number }) =>
        probability >= 0 && probability <= 1
      ),
    );
    const { width, height } = await decodeImage(`${folder}/a.gif`);
    assert(width === 400 && height > 480, `${width} x ${height}`);
  }));

Deno.test("explain --animate refuses several images, other endings and its own image before anything is computed", () =>
  inFolder(async (folder) => {
    const { signal } = new AbortController();
    const run = (...args: string[]) => explainCommand([...args, "--quiet"], signal);
    await assertRejects(() => run(PHOTO, PHOTO, "--animate", "a.gif"), UsageError, "is for a single image");
    await assertRejects(
      () => run(folder, "--out", "o", "--animate", "a.gif"),
      UsageError,
      "is for a single image",
    );
    await assertRejects(
      () => run(PHOTO, "--animate", "a.mp4"),
      UsageError,
      "ends in .gif or .webp, not a.mp4",
    );
    await assertRejects(() => run(PHOTO, "--animate", `${folder}/none/a.gif`), Error, "Cannot write ");
    Deno.writeFileSync(`${folder}/own.gif`, new Uint8Array());
    const own = `${folder}/own.gif`;
    await assertRejects(() => run(own, "--animate", own), UsageError, "over its own image");
  }));
