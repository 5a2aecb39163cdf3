import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import { findNetwork } from "../../models/registry.ts";
import { networkPart } from "../../src/classifier/network_part.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { fuseMap } from "../../src/ptame/fuse.ts";
import { writeHead } from "../../src/ptame/head_file.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { explainerGraph, featureName, findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { bindWeights } from "../../src/weights/bind.ts";
import { DownloadError } from "../../src/weights/download/errors.ts";
import { loadWeights } from "../../src/weights/load_network.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const PHOTO = new URL("../fixtures/image/photo_0.jpg", import.meta.url);
const network = findNetwork("efficientnet_lite0")!;

/** A head of the default auxiliary that is neither flat nor the class-activation start. */
async function randomHead(classes = 1000): Promise<Uint8Array> {
  const record = { name: "random", auxiliary: network.name, backbone: network.name, trained: true };
  return await writeHead(record, initialParameters(findHeadShape(network, classes), { kind: "default" }, 3));
}

Deno.test("Explainer.explain() explains the top class, and any class from the same pass", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  assertEquals([explainer.auxiliary, explainer.backbone.name], ["efficientnet_lite0", "efficientnet_lite0"]);
  const explanation = await explainer.explain(PHOTO, { topK: 3 });
  assertEquals(explanation.prediction.length, 5);
  assertEquals(
    explanation.targets.map((target) => target.index),
    explanation.prediction.slice(0, 3).map((p) => p.index),
  );
  let last = 1;
  for (const { probability } of explanation.prediction) {
    assert(probability <= last && probability > 0);
    last = probability;
  }
  const other = explanation.prediction[4]!;
  const again = await explainer.explain(PHOTO, { target: other.label });
  assertEquals(again.targets[0]!.index, other.index);
  assertEquals(explanation.explainTarget(other.index).map.values, again.targets[0]!.map.values);
  const { map, imageMap } = again.targets[0]!;
  assertEquals([map.width, map.height, map.values.length], [56, 56, 3136]);
  assertEquals([Math.min(...map.values), Math.max(...map.values)], [0, 1]);
  const { image: decoded, window } = again;
  assertEquals([imageMap.width, imageMap.height], [decoded.width, decoded.height]);
  assert(window.width <= decoded.width && window.height <= decoded.height);
  const sized = await explainer.explain(PHOTO, { size: { width: 40, height: 30 } });
  assertEquals(sized.targets[0]!.imageMap.values.length, 1200);
});

Deno.test("the class-activation start's map averages to the class's logit without its bias", async () => {
  // Doubling keeps the mean of a map, so the identity of class-activation maps holds at 56² as it does at 7².
  const weights = await loadWeights(network);
  const head = initialParameters(findHeadShape(network, 1000), {
    kind: "class-activation",
    classifier: readFloat32(weights.content, weights.table.tensors.get("_fc.weight")!),
  });
  const bias = readFloat32(weights.content, weights.table.tensors.get("_fc.bias")!);
  const fuser = head.find((tensor) => tensor.name === "fuser.weight")!;
  const width = fuser.shape[1]!;
  const record = { name: "start", auxiliary: network.name, backbone: network.name, trained: false };
  const bytes = await writeHead(record, head);
  const part = networkPart(network, weights);
  const unbound = { graph: explainerGraph(part, { logits: true, features: true }), files: new Map() };
  const bound = bindWeights(
    part.bind(unbound, "network."),
    { name: "head", content: toByteSource(bytes), table: parseSafetensors(bytes) },
    { prefix: "head." },
  );
  const session = await openSession(bound.graph, { device: "wasm", files: bound.files });
  const { pixels } = preprocess(await decodeImage(PHOTO), network.preprocessing);
  const outputs = await session.run({ image: float32Tensor(pixels, [1, 3, 224, 224]) });
  await session.dispose();
  const features = network.taps.map(({ channels, size }, i) => {
    return { channels, size, data: float32Data(outputs[featureName(i)]!) };
  });
  const logits = float32Data(outputs["logits"]!);
  for (const index of [0, 281, 999]) {
    const map = fuseMap(features, fuser.data.subarray(index * width, (index + 1) * width));
    const mean = map.values.reduce((a, b) => a + b, 0) / map.values.length;
    assertAlmostEquals(mean, logits[index]! - bias[index]!, 1e-4);
  }
});

Deno.test("one pass for backbone and auxiliary gives what two passes give", async () => {
  const head = await randomHead();
  const part = networkPart(network, await loadWeights(network));
  const bound = part.bind(
    { graph: explainerGraph(part, { logits: true, features: false }), files: new Map() },
    "network.",
  );
  const onnx = encodeOnnx(bound.graph, { files: bound.files });
  const plain = { resize: network.preprocessing.resize, mean: [0], std: [1] };
  await using shared = await createExplainer({ device: "wasm", head });
  await using apart = await createExplainer({
    device: "wasm",
    head,
    model: { name: "exported", onnx, preprocessing: plain },
  });
  const one = await shared.explain(PHOTO);
  const two = await apart.explain(PHOTO);
  assertEquals(two.model, "exported");
  assertEquals(two.head.trained, true);
  assertEquals(one.prediction.map((score) => score.label), two.prediction.map((score) => score.label));
  assertAlmostEquals(one.prediction[0]!.probability, two.prediction[0]!.probability, 1e-5);
  one.targets[0]!.map.values.forEach((value, i) =>
    assertAlmostEquals(two.targets[0]!.map.values[i]!, value, 1e-4)
  );
});

Deno.test("createExplainer() takes the shipped head for the default, and an untrained start for other ImageNet networks", async () => {
  await using own = await createExplainer({ device: "wasm" });
  assertEquals([own.head.record.trained, own.head.record.backbone], [true, "efficientnet_lite0"]);
  assert(own.head.record.training !== undefined && own.head.record.licence !== undefined);
  const b = createBuilder("thousand");
  const image = b.input("x", "float32", [1, 3, 224, 224]);
  const pooled = b.flatten(b.globalAveragePool(image));
  const rows = b.constant(
    "float32",
    [3, 1000],
    Float32Array.from({ length: 3000 }, (_, i) => (i * 37 % 101) / 50 - 1),
  );
  b.output(b.gemm(pooled, rows), "logits");
  await using other = await createExplainer({
    device: "wasm",
    model: { name: "thousand", onnx: encodeOnnx(b.build()) },
  });
  assertEquals(other.head.record.trained, false);
  const { head, targets } = await other.explain(PHOTO);
  assertEquals([head.trained, targets.length], [false, 1]);
});

Deno.test("createExplainer() explains an .onnx classifier of other classes with a head of its own", async () => {
  const b = createBuilder("colours");
  const image = b.input("pixels", "float32", [1, 3, 32, 32]);
  // Three classes: which colour is the strongest. Ends in a softmax.
  b.output(b.softmax(b.flatten(b.globalAveragePool(image))), "probabilities");
  const model = {
    name: "colours",
    onnx: encodeOnnx(b.build()),
    labels: ["red", "green", "blue"],
    preprocessing: { resize: 32, mean: [0], std: [0.1] },
  } as const;
  await assertRejects(
    () => createExplainer({ device: "wasm", model }),
    TypeError,
    "no head is trained for its 3 classes",
  );
  await assertRejects(
    async () => await createExplainer({ device: "wasm", model, head: await randomHead() }),
    TypeError,
    "it has 1000 classes, the backbone 3",
  );
  await using explainer = await createExplainer({ device: "wasm", model, head: await randomHead(3) });
  const green = { width: 60, height: 50, data: new Uint8Array(9000).map((_, i) => (i % 3 === 1 ? 200 : 20)) };
  const { prediction } = await explainer.explain(green);
  assertEquals(prediction.map((score) => score.label)[0], "green");
  // (200 - 20) / 255 / 0.1 = 7.06 between the logits: the softmax inside is not applied twice.
  assertAlmostEquals(prediction[0]!.probability, 1 / (1 + 2 * Math.exp(-180 / 25.5)), 1e-5);
});

Deno.test("createExplainer() and explain() refuse what does not exist and name what is near", async () => {
  await assertRejects(() => createExplainer({ model: "resnet-50" }), RangeError, "did you mean resnet50?");
  await assertRejects(() => createExplainer({ auxiliary: "vgg" }), RangeError, "did you mean vgg16?");
  await assertRejects(
    () => createExplainer({ model: "vgg16", cache: "/nowhere", offline: true }),
    DownloadError,
    "get them with: deno task models pull vgg16",
  );
  await using explainer = await createExplainer({ device: "wasm" });
  await assertRejects(
    () => explainer.explain(PHOTO, { target: "golden fish" }),
    RangeError,
    "did you mean goldfish?",
  );
  await assertRejects(() => explainer.explain(PHOTO, { target: -1 }), RangeError, "numbered 0 to 999");
  await assertRejects(() => explainer.explain(PHOTO, { topK: 0 }), RangeError, "top 0 classes");
  await assertRejects(() => explainer.explain(PHOTO, { signal: AbortSignal.abort() }), DOMException);
  await assertRejects(
    () => explainer.explain(PHOTO, { decode: { maxPixels: 10 } }),
    Error,
    "exceeds maxPixels 10",
  );
});

Deno.test("an explanation displays itself in a Deno notebook", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(PHOTO);
  const display = (explanation as unknown as Record<symbol, () => Promise<Record<string, string>>>)[
    Symbol.for("Jupyter.display")
  ]!;
  const bundle = await display();
  const png = Uint8Array.from(atob(bundle["image/png"]!), (letter) => letter.charCodeAt(0));
  const image = await decodeImage(png);
  assert(image.width >= 320);
  assert(IMAGENET_1K.some((label) => bundle["text/plain"]!.includes(label)));
});

Deno.test("overlayPng() draws any class, in the colours asked for, as bytes that a Response takes", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(new URL("../../models/sample/chelsea.jpg", import.meta.url));
  const [first, teddy, green, faint] = [
    await explanation.overlayPng(),
    await explanation.overlayPng({ target: "teddy" }),
    await explanation.overlayPng({ colours: "viridis" }),
    await explanation.overlayPng({ opacity: 0.2 }),
  ];
  assertEquals(new Set([first, teddy, green, faint].map((png) => png.length)).size, 4);
  assertEquals(await explanation.overlayPng({ target: explanation.targets[0]!.index }), first);
  assertEquals((await new Response(first).bytes()).length, first.length);
  await assertRejects(() => explanation.overlayPng({ target: "no such class" }), RangeError, "no such class");
});
