/** Heads for classifiers that come as .onnx files; see src/classifier/onnx/part.ts. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import { inspectedModel } from "../../src/classifier/onnx/model.ts";
import { onnxPart } from "../../src/classifier/onnx/part.ts";
import type { TrainOptions } from "../../src/ptame/training/train_options.ts";
import { train } from "../../src/ptame/training/trainer.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";

await warmUpWasm();

const photo = (i: number) => new URL(`../fixtures/image/photo_${i}.jpg`, import.meta.url);
const RUN = { images: [photo(0), photo(4), photo(8)], batch: 2, steps: 2, device: "wasm" } as const;

Deno.test("train() trains for an .onnx classifier of another input size, and its head explains", {
  ignore: !heavyTests(),
}, async () => {
  const backbone = smallClassifier();
  const options: TrainOptions = { ...RUN, backbone, auxiliary: "efficientnet_lite0" };
  const { head, losses } = await train({ ...options, validation: [photo(7)] });
  assertEquals(losses.length, 2);
  await using explainer = await createExplainer({ model: backbone, head, device: "wasm" });
  assertEquals([explainer.backbone.name, explainer.auxiliary], ["small", "efficientnet_lite0"]);
  assertEquals([explainer.head.classes, explainer.head.record.trained], [5, true]);
  const { prediction, targets } = await explainer.explain(photo(1), { topK: 2 });
  assertEquals(prediction.length, 5);
  const { map } = targets[1]!;
  assertEquals([map.width, map.height, Math.min(...map.values), Math.max(...map.values)], [56, 56, 0, 1]);

  // The file takes one picture at a time; asked for, it takes more, with the same result.
  const pairs = await train({ ...options, microBatch: 2 });
  pairs.losses.forEach((loss, i) => assertAlmostEquals(loss.total, losses[i]!.total, 1e-5));
  // Its softmax is left out, so that what is trained with is the scores.
  const withoutSoftmax = await train({ ...options, backbone: smallClassifier({ softmax: false }) });
  assertEquals(withoutSoftmax.losses, losses);
});

Deno.test("train() names node and operator of an .onnx classifier that it cannot differentiate", async () => {
  const backbone = smallClassifier({
    extra: (b, x) => b.node("Trilu", [x], {}, { name: "upper1" })[0]!,
  });
  const error = await assertRejects(() => train({ ...RUN, backbone }), TypeError, "upper1");
  assert(error.message.startsWith("Cannot differentiate node "), error.message);
  assert(error.message.includes("(Trilu): no rule for this operator"), error.message);
});

Deno.test("a quantised classifier explains as it is; train() says what to do first, and does it when asked", async () => {
  const fixture = new URL("../fixtures/onnx/quantised.json", import.meta.url);
  const { model } = JSON.parse(Deno.readTextFileSync(fixture))["qdq, per channel"];
  const onnx = Uint8Array.from(atob(model), (character) => character.charCodeAt(0));
  const quantised = { name: "quantised", onnx, preprocessing: { range: [-1, 1] } } as const;
  const classifier = await onnxClassifier(quantised);
  const opened = await classifier.openScores({ device: "wasm" });
  const [scores] = await opened.scores([new Float32Array(3 * 16 * 16).fill(0.7)]);
  await opened.session.dispose();
  assertEquals(scores!.length, classifier.facts.classes);

  const options: TrainOptions = { ...RUN, backbone: quantised, auxiliary: "efficientnet_lite0" };
  await assertRejects(
    () => train(options),
    TypeError,
    "the network is quantised; dequantise it first (--dequantize, in a program dequantize: true)",
  );
  const { head, losses } = await train({ ...options, backbone: { ...quantised, dequantize: true } });
  assertEquals(losses.length, 2);
  // The head of the network on real numbers explains the quantised one.
  await using explainer = await createExplainer({ model: quantised, head, device: "wasm" });
  assertEquals((await explainer.explain(photo(1))).head.trained, true);
});

Deno.test("onnxPart() takes opsets 7 to 25, and refuses others", () => {
  const { name, graph } = smallGraph();
  const passOf = (opset: number) => {
    const b = createBuilder("pass");
    const images = b.input("images", "float32", [2, 3, 8, 8]);
    return onnxPart(inspectedModel({ name, onnx: encodeOnnx({ ...graph, opset }) })).scores(b, images);
  };
  for (const opset of [7, 11, 13, 18, 21, 22, 23, 24, 25]) assertEquals(passOf(opset).shape, [2, 3]);
  for (const opset of [6, 26]) {
    assertThrows(() => passOf(opset), TypeError, `its opset is ${opset}, not 7 to 25`);
  }
});

/** A graph of one layer over 8² pictures. */
function smallGraph() {
  const b = createBuilder("tiny");
  const image = b.input("image", "float32", [1, 3, 8, 8]);
  b.output(b.flatten(b.globalAveragePool(b.relu(image))), "logits");
  return { name: "tiny", graph: b.build() };
}
