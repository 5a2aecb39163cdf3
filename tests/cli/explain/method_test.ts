import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { errorLines, runCli } from "../support/run_cli.ts";

const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("explain --method gradcam explains the default network, and says whose map it is", () =>
  inFolder(async (folder) => {
    const args = ["explain", PHOTO, "--method", "gradcam", "--device", "wasm", "--json", "--map", "m.json"];
    const ended = await runCli(args, folder);
    assertEquals(ended.code, 0, ended.stderr);
    const document = JSON.parse(ended.stdout);
    assertEquals([document.method, document.model], ["gradcam", "efficientnet_lite0"]);
    assertEquals([document.auxiliary, document.head], [undefined, undefined]);
    const { width, height, max } = document.targets[0].map;
    assertEquals([width, height, max], [7, 7, 1]);
    assert(Deno.statSync(`${folder}/${document.out}`).size > 1000);
    assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/m.json`)).values.length, 49);
  }));

Deno.test("explain --method takes a tap, samples and a seed, for an .onnx classifier without a head", () =>
  inFolder(async (folder) => {
    const common = ["explain", PHOTO, "--model", "small.onnx", "--device", "wasm", "--json"];
    const tapped = await runCli([...common, "--method", "layercam", "--tap", "relu"], folder);
    assertEquals(tapped.code, 0, tapped.stderr);
    assertEquals(JSON.parse(tapped.stdout).targets[0].map.width, 16);
    const drawn = await runCli([...common, "--method", "rise", "--samples", "120", "--seed", "4"], folder);
    assertEquals(drawn.code, 0, drawn.stderr);
    assertStringIncludes(drawn.stderr, "RISE: 120 passes through small for each map");
    const wrong = await runCli([...common, "--method", "gradcam", "--tap", "rleu"], folder);
    assertEquals([wrong.code, errorLines(wrong).length], [1, 1]);
    assertStringIncludes(wrong.stderr, 'Unknown tap "rleu": did you mean relu?');
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name.includes("partial")), false);
  }));

Deno.test("explain --method ends with 2 for options of another method", async () => {
  const cases: [string[], string][] = [
    [["--method", "grad-cam"], "did you mean gradcam?"],
    [["--method", "gradcam", "--head", "h.safetensors"], "Option --head is for ptame; gradcam has none"],
    [["--tap", "layer4"], "Option --tap is for the baselines, see --method; ptame has none"],
    [
      ["--method", "rise", "--tap", "layer4"],
      "Option --tap is for methods that look at activations; rise does not",
    ],
    [["--method", "rise", "--samples", "0"], "at least 1, not 0"],
  ];
  for (const [args, message] of cases) {
    const ended = await runCli(["explain", PHOTO, ...args]);
    assertEquals([ended.code, errorLines(ended).length], [2, 1], ended.stderr);
    assertStringIncludes(ended.stderr, message);
  }
});
