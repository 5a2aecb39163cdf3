/** `explain --model FILE.onnx`: what belongs to the file is found beside it, and options go before. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { writeHead } from "../../src/ptame/head_file.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

/** A folder with a classifier that says which colour is the brightest, its weights in a file beside it. */
async function writeClassifier(folder: string): Promise<void> {
  const b = createBuilder("colours");
  const image = b.input("x", "float32", [1, 16, 16, 3]);
  const means = b.reduceMean(image, [1, 2]);
  const rows = b.constant("float32", [3, 3], [9, 0, 0, 0, 9, 0, 0, 0, 9]);
  b.output(b.softmax(b.matmul(b.reshape(means, [1, 3]), rows)), "y");
  const graph = b.build();
  const weights = graph.initializers.get(rows.name)!;
  assert(weights.data.kind === "inline");
  Deno.writeFileSync(`${folder}/colours.bin`, weights.data.bytes);
  const data = { kind: "external", file: "colours.bin", offset: 0, length: 36 } as const;
  const initializers = new Map([...graph.initializers, [rows.name, { ...weights, data }]]);
  Deno.writeFileSync(`${folder}/colours.onnx`, encodeOnnx({ ...graph, initializers }));
  Deno.writeTextFileSync(`${folder}/colours.json`, `{ "mean": 0, "std": 1, "labels": "names.txt" }`);
  Deno.writeTextFileSync(`${folder}/names.txt`, "red\ngreen\nblue\n");
  const shape = findHeadShape(findNetwork("efficientnet_lite0")!, 3);
  const record = { name: "own", auxiliary: "efficientnet_lite0", backbone: "colours", trained: true };
  Deno.writeFileSync(
    `${folder}/own.safetensors`,
    await writeHead(record, initialParameters(shape, { kind: "default" })),
  );
}

Deno.test("explain --model FILE.onnx takes external data, labels and preprocessing from beside the file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    await writeClassifier(folder);
    const model = [
      "explain",
      PHOTO,
      "--model",
      "colours.onnx",
      "--head",
      "own.safetensors",
      "--device",
      "wasm",
    ];
    const plain = await runCli([...model, "--json"], folder);
    assertEquals(plain.code, 0, plain.stderr);
    assertStringIncludes(plain.stderr, "ends with a softmax: its scores are probabilities already");
    const document = JSON.parse(plain.stdout);
    assertEquals([document.model, document.activation], ["colours", "softmax"]);
    const labels = document.prediction.map((each: { label: string }) => each.label);
    assertEquals(labels.toSorted(), ["blue", "green", "red"]);

    // Options go before the file's own: with the colours turned round, so are the probabilities.
    Deno.writeTextFileSync(`${folder}/other.json`, `["rouge", "vert", "bleu"]`);
    const options = ["--labels", "other.json", "--channels", "BGR"];
    const turned = JSON.parse((await runCli([...model, "--json", ...options], folder)).stdout);
    const of = (which: { prediction: { label: string; probability: number }[] }, label: string) =>
      which.prediction.find((each) => each.label === label)!.probability;
    assertEquals(of(turned, "rouge"), of(document, "blue"));
    assertEquals(of(turned, "vert"), of(document, "green"));

    const cases: [string[], number, string][] = [
      [["--mean", "1,x"], 2, "Option --mean takes 1, 3 or 4 numbers with commas between, not 1,x"],
      [["--layout", "NHCW"], 2, "did you mean NCHW?"],
      [["--size", "17"], 1, "does not take size 17"],
      [["--output", "z"], 1, "it has no output z (y)"],
      [["--labels", "colours.json"], 1, "Cannot read labels colours.json"],
    ];
    for (const [args, code, message] of cases) {
      const ended = await runCli([...model, ...args], folder);
      assertEquals([ended.code, errorLines(ended).length], [code, 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
    Deno.writeTextFileSync(`${folder}/colours.json`, `{ "meen": 0 }`);
    assertStringIncludes((await runCli(model, folder)).stderr, "unknown entry meen: did you mean mean?");
    Deno.removeSync(`${folder}/colours.json`);
    Deno.removeSync(`${folder}/colours.bin`);
    assertStringIncludes((await runCli(model, folder)).stderr, "Cannot read external data colours.bin");
    const stray = await runCli(["explain", PHOTO, "--mean", "0"], folder);
    assertEquals(stray.code, 2, stray.stderr);
    assertStringIncludes(stray.stderr, "Option --mean is for an .onnx classifier");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("explain --model FILE.onnx without a head names the command that trains one, as it can be typed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    await writeClassifier(folder);
    await Deno.rename(`${folder}/colours.onnx`, `${folder}/my colours.onnx`);
    const typed = ["--model", "my colours.onnx", "--mean", "0.5", "--device", "wasm"];
    const ended = await runCli(["explain", PHOTO, ...typed], folder);
    assertEquals([ended.code, errorLines(ended).length], [1, 1]);
    assertStringIncludes(
      ended.stderr,
      "deno task train --backbone 'my colours.onnx' --auxiliary efficientnet_lite0 --mean 0.5 --images FOLDER " +
        "--out head.safetensors",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
