/** `--auxiliary FILE.onnx` of train and explain. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";

const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

Deno.test("train and explain take an .onnx auxiliary, its taps and what the JSON beside it says", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    Deno.writeFileSync(`${folder}/reader.onnx`, smallClassifier({ classes: 7 }).onnx);
    Deno.writeTextFileSync(`${folder}/reader.json`, `{ "resize": 48, "range": [-1, 1] }`);
    Deno.mkdirSync(`${folder}/photos`);
    Deno.copyFileSync(PHOTO, `${folder}/photos/0.jpg`);
    const pair = ["--auxiliary", "reader.onnx", "--device", "wasm"];
    const run = ["--images", "photos", "--batch", "1", "--steps", "1", "--out", "head.safetensors"];
    const training = ["train", "--backbone", "small.onnx", ...pair, ...run];
    const wrong = await runCli([...training, "--auxiliary-taps", "relu,rela_2"], folder);
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, 'Unknown layer "rela_2": did you mean relu_2?');
    const trained = await runCli([...training, "--auxiliary-taps", "relu, conv_2"], folder);
    assertEquals(trained.code, 0, trained.stderr);

    const explaining = ["explain", PHOTO, "--model", "small.onnx", "--head", "head.safetensors", "--json"];
    const explained = await runCli([...explaining, ...pair, "--out", "seen.png"], folder);
    assertEquals(explained.code, 0, explained.stderr);
    const document = JSON.parse(explained.stdout);
    assertEquals([document.model, document.auxiliary], ["small", "reader"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--auxiliary-taps is refused where the auxiliary has taps of its own", async () => {
  for (const [args, whose] of [[["--auxiliary", "resnet18"], "resnet18"], [[], "the default"]] as const) {
    const ended = await runCli(["explain", PHOTO, ...args, "--auxiliary-taps", "layer1"]);
    assertEquals([ended.code, errorLines(ended)], [2, [
      `ptame: Option --auxiliary-taps is for an .onnx auxiliary; ${whose} has taps of its own`,
    ]]);
  }
});
