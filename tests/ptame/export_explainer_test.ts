/** Explainers as .onnx files: a runtime gets from the file alone what `explain` gets from its parts. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import { findNetwork } from "../../models/registry.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx, inspectOnnx } from "../../src/graph/onnx_file.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { exportExplainer, type ExportOptions } from "../../src/ptame/export_explainer.ts";
import { writeHead } from "../../src/ptame/head_file.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { type Device, float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { smallClassifier } from "./small_classifier.ts";

await warmUpWasm();

const lite = findNetwork("efficientnet_lite0")!;
const PHOTO = await decodeImage(new URL("../fixtures/image/photo_0.jpg", import.meta.url));
const { pixels } = preprocess(PHOTO, lite.preprocessing);

async function fileOf(options: ExportOptions): Promise<Uint8Array> {
  const { parts, size } = await exportExplainer(options);
  const file = new Uint8Array(await new Blob([...parts] as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  assertEquals(file.length, size);
  return file;
}

/** What a runtime that knows nothing of this project makes of the file. */
async function runFile(file: Uint8Array, device: Device, target?: number) {
  const session = await openSession(file, { device });
  const inputs = session.inputNames;
  const outputs = await session.run({
    image: float32Tensor(pixels, [1, 3, 224, 224]),
    ...(target === undefined
      ? {}
      : { target: { type: "int64", shape: [1], data: BigInt64Array.of(BigInt(target)) } } as const),
  });
  await session.dispose();
  const { logits, probabilities, map } = outputs;
  return {
    inputs,
    logits: float32Data(logits!),
    probabilities: float32Data(probabilities!),
    map: float32Data(map!),
    shape: map!.shape,
  };
}

function farthest(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** A classifier of 1000 classes over mean colours that ends in a softmax, its weights in a file beside it. */
function colourClassifier(): OnnxModel {
  const b = createBuilder("colours");
  const image = b.input("pixels", "float32", [1, 3, 224, 224]);
  const rows = b.weight("rows", [3, 1000]);
  b.output(b.softmax(b.matmul(b.flatten(b.globalAveragePool(image)), rows)), "probabilities");
  const graph = b.build();
  const numbers = Float32Array.from({ length: 3000 }, (_, i) => (i * 37 % 101) / 50 - 1);
  const data = { kind: "external", file: "rows.bin", offset: 0, length: 12_000 } as const;
  const bound = { ...graph, initializers: new Map([["rows", { ...rows, data }]]) };
  return {
    name: "colours",
    onnx: encodeOnnx(bound),
    externalData: new Map([["rows.bin", new Uint8Array(numbers.buffer)]]),
  };
}

Deno.test("exportExplainer() gives a file that explains the top class as explain() does, on wasm and native", async () => {
  const file = await fileOf({});
  const { inputs, outputs, metadata } = inspectOnnx(file);
  assertEquals(inputs, [{ name: "image", type: "float32", shape: [1, 3, 224, 224] }]);
  assertEquals(outputs.map(({ name, shape }) => [name, shape]), [
    ["logits", [1, 1000]],
    ["probabilities", [1, 1000]],
    ["map", [1, 1, 56, 56]],
  ]);
  const wasm = await runFile(file, "wasm");
  assertEquals(wasm.shape, [1, 1, 56, 56]);
  const top = wasm.logits.indexOf(Math.max(...wasm.logits));
  await using explainer = await createExplainer({ device: "wasm" });
  const { values: mask } = await explainer.mask({ pixels }, top);
  assert(farthest(wasm.map, mask) < 1e-5);
  assert(farthest(wasm.probabilities, await explainer.probabilities(pixels)) < 1e-5);
  assert(farthest((await runFile(file, "native")).map, mask) < 1e-5);

  // It explains itself.
  assertEquals([metadata["format"], metadata["backbone"], metadata["trained"]], [
    "ptame-explainer",
    "efficientnet_lite0",
    "true",
  ]);
  assertEquals(JSON.parse(metadata["labels"]!), IMAGENET_1K);
  const { resize, centre_crop } = JSON.parse(metadata["preprocessing"]!);
  assertEquals([resize.short_side, centre_crop], [256, 224]);
  const head = JSON.parse(metadata["head"]!);
  assert(head.trained && head.training.steps > 0);
  assertEquals(JSON.parse(metadata["licences"]!), {
    backbone: "Apache-2.0",
    auxiliary: "Apache-2.0",
    head: head.licence,
  });
});

Deno.test("exportExplainer() takes any class where the target is fed, and halves the file with float16", async () => {
  const whole = await fileOf({ requireTarget: true });
  // The shipped weights are float16 already, all but the head's own rounding is exact.
  const half = await fileOf({ requireTarget: true, float16: true });
  assert(half.length < 0.55 * whole.length);
  await using explainer = await createExplainer({ device: "wasm" });
  const ownMask = async (index: number) => (await explainer.mask({ pixels }, index)).values;
  const run = await runFile(whole, "wasm", 207);
  assertEquals(run.inputs, ["image", "target"]);
  assert(farthest(run.map, await ownMask(207)) < 1e-5);
  assert(farthest((await runFile(half, "native", 999)).map, await ownMask(999)) < 2e-3);
  const top = await runFile(whole, "native", -1);
  assert(farthest(top.map, await ownMask(top.logits.indexOf(Math.max(...top.logits)))) < 1e-5);
});

Deno.test("exportExplainer() embeds an .onnx classifier with its external data, and gives its scores before softmax", async () => {
  const record = { name: "random", auxiliary: lite.name, backbone: "colours", trained: true };
  const head = await writeHead(record, initialParameters(findHeadShape(lite, 1000), { kind: "default" }, 3));
  const model = colourClassifier();
  const file = await fileOf({ model, head });
  assertEquals(inspectOnnx(file).externalFiles, []);
  const { logits, probabilities: said, map } = await runFile(file, "wasm");
  await using explainer = await createExplainer({ model, head, device: "wasm" });
  const probabilities = await explainer.probabilities(pixels);
  const top = probabilities.indexOf(Math.max(...probabilities));
  assertEquals(logits.indexOf(Math.max(...logits)), top);
  assert(farthest(said, probabilities) < 1e-6);
  assert(farthest(map, (await explainer.mask({ pixels }, top)).values) < 1e-5);

  // Taken as a classifier again, it says itself how it is fed.
  await using again = await createExplainer({ model: { name: "again", onnx: file }, head, device: "wasm" });
  assertEquals(again.backbone.preprocessing, { crop: 224, resize: 256, mean: [0, 0, 0], std: [1, 1, 1] });
  assertEquals(again.backbone.labels, IMAGENET_1K);
  assert(farthest(await again.probabilities(pixels), probabilities) < 1e-6);
});

const SMALL_RECORD = { name: "random", auxiliary: lite.name, backbone: "small", trained: true };
const smallHead = () =>
  writeHead(SMALL_RECORD, initialParameters(findHeadShape(lite, 5), { kind: "default" }));

Deno.test("exportExplainer() resizes inside the file for a classifier of another size", async () => {
  const head = await smallHead();
  const model = smallClassifier({ softmax: false });
  // 224 of 256 pixels are more of an image than 32 of 37: the file takes what the auxiliary sees.
  const file = await fileOf({ model, head, requireTarget: true });
  const { probabilities: said, map } = await runFile(file, "wasm", 1);
  await using explainer = await createExplainer({ model, head, device: "wasm" });
  const own = await explainer.prepare(PHOTO);
  assertEquals(farthest(own.auxiliaryPixels!, pixels), 0);
  const moved = farthest(map, (await explainer.mask(own, 1)).values);
  assert(moved < 1e-5, `the map is away by ${moved}`);
  const probabilities = await explainer.probabilities(own.pixels);
  // The image is resized twice on the way to the classifier.
  const away = farthest(said, probabilities);
  assert(away < 2e-2, `probabilities are away by ${away}`);
});

Deno.test("exportExplainer() refuses what one file cannot hold", async () => {
  const head = await smallHead();
  const squashing: OnnxModel = { ...smallClassifier(), preprocessing: { fit: "squash" } };
  const error = await assertRejects(() => exportExplainer({ model: squashing, head }), TypeError);
  assertStringIncludes(error.message, "Cannot export small: it reads 32 x 32 pixels (bilinear; ");
  assertStringIncludes(
    error.message,
    "train a head with an auxiliary that takes images as the classifier does",
  );
  await assertRejects(() => exportExplainer({ model: smallClassifier() }), TypeError, "no head is trained");
  await assertRejects(() => exportExplainer({ model: "resnet81" }), RangeError, "did you mean resnet18?");
  await assertRejects(() => exportExplainer({ signal: AbortSignal.abort() }), DOMException);
});
