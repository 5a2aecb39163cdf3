import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { loadClassifier } from "../../src/classifier/load.ts";
import { classifierOver } from "../../src/classifier/open.ts";
import { listLayers, randomizedClassifier } from "../../src/classifier/graphs/randomized.ts";
import { baselineNamed } from "../../src/baselines/methods.ts";
import { listStages, randomizationTest } from "../../src/faithfulness/randomization.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { tinyBackbone } from "../ptame/tiny_networks.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededParts } from "../baselines/support.ts";
import { seededImage } from "../support/seeded_weights.ts";

await warmUpWasm();

const tiny = seededParts(tinyBackbone, 1);
const images = [1, 2].map((seed) => ({ pixels: seededImage(seed, [1, 3, 64, 64]), target: seed }));
const WASM = { device: "wasm" } as const;

Deno.test("listStages() goes from the scores down, all layers or evenly spaced ones", () => {
  const layers = ["a", "b", "c", "d"];
  assertEquals(listStages(layers).map((stage) => stage.layers.join("")), ["d", "dc", "dcb", "dcba"]);
  assertEquals(listStages(layers, { stages: 2 }).map((stage) => [stage.name, stage.layers.length]), [
    ["c", 2],
    [
      "a",
      4,
    ],
  ]);
  assertEquals(
    listStages(layers, { order: "bottom-up", stages: 2 }).map((stage) => [stage.name, stage.layers.join("")]),
    [["b", "ab"], ["d", "abcd"]],
  );
  assertEquals(listStages(layers, { order: "independent" }).map((stage) => stage.layers), [
    ["d"],
    ["c"],
    ["b"],
    ["a"],
  ]);
  assertThrows(() => listStages(layers, { stages: 0 }), RangeError, "in 0 stages");
});

Deno.test("randomizedClassifier() draws the weights of the layers named, the same for a seed, of the same size", async () => {
  const network = tiny.part();
  assertEquals(listLayers(network), ["conv1.weight", "conv2.weight", "conv3.weight", "fc.weight"]);
  const { pixels } = images[0]!;
  const see = async (layers: string[], seed: number) => {
    await using classifier = await classifierOver(randomizedClassifier(tiny, layers, seed), WASM);
    return await classifier.activations(pixels);
  };
  const intact = await see([], 0);
  const top = await see(["fc.weight"], 0);
  assertEquals(top.activations, intact.activations);
  assert(top.logits.some((value, i) => Math.abs(value - intact.logits[i]!) > 0.1));
  assertEquals((await see(["fc.weight"], 0)).logits, top.logits);
  assert((await see(["fc.weight"], 1)).logits.some((value, i) => value !== top.logits[i]));
  const all = await see(listLayers(network), 0);
  const norm = (values: Float32Array) => Math.hypot(...values);
  const ratio = norm(all.activations) / norm(intact.activations);
  assert(ratio > 0.2 && ratio < 5, `activations are ${ratio} times as large`);
  assertThrows(() => randomizedClassifier(tiny, ["fc"]), RangeError, "has no layer fc");
});

Deno.test("randomizedClassifier() works on weights that lie inside an .onnx file", async () => {
  const own = await loadClassifier({ model: smallClassifier() });
  const layers = listLayers(own.part());
  assertEquals(layers.length, 3);
  const small = seededImage(3, [1, 3, 32, 32]);
  const logits = async (names: string[]) => {
    await using classifier = await classifierOver(randomizedClassifier(own, names, 4), WASM);
    const [row] = await classifier.probabilities([small]);
    // A softmax at its end makes probabilities of what the graph gives.
    assertAlmostEquals(row!.reduce((sum, value) => sum + value, 0), 1, 1e-5);
    return (await classifier.logits([small]))[0]!;
  };
  const [intact, top] = [await logits([]), await logits([layers[2]!])];
  assert(top.some((value, i) => Math.abs(value - intact[i]!) > 1e-3));
});

Deno.test("a method that explains fails to keep its map when the classifier forgets; a control keeps it", async () => {
  let last = { done: 0, total: 0 };
  const options = { ...WASM, seed: 3, onProgress: (progress: typeof last) => last = progress };
  const results = await randomizationTest(tiny, baselineNamed("gradcam"), images, options);
  assertEquals(results.map(({ variant }) => variant), [
    "fc.weight",
    "conv3.weight",
    "conv2.weight",
    "conv1.weight",
  ]);
  assertEquals(last, { done: 10, total: 10 });
  const deepest = results.at(-1)!;
  assert(deepest.flat < 2 && deepest.spearman!.value < 0.7, JSON.stringify(deepest));
  const control = await randomizationTest(tiny, baselineNamed("gaussian"), images, { ...WASM, stages: 1 });
  assertAlmostEquals(control[0]!.spearman!.value, 1, 1e-9);
  assertAlmostEquals(control[0]!.ssim!.value, 1, 1e-9);
  assertAlmostEquals(control[0]!.complexityRise!.value, 0, 1e-9);
  const smooth = await randomizationTest(tiny, baselineNamed("gradcam"), images, {
    ...options,
    order: "bottom-up",
    otherClass: true,
    smooth: 2,
    stages: 2,
  });
  assertEquals(smooth.map(({ variant }) => variant), ["another class", "conv2.weight", "fc.weight"]);
  assertEquals(last, { done: 8, total: 8 });
  const alone = await randomizationTest(tiny, baselineNamed("smoothgrad"), images.slice(0, 1), {
    ...WASM,
    order: "independent",
    stages: 2,
    samples: 2,
  });
  assertEquals(alone.map(({ variant }) => variant), ["conv3.weight", "conv1.weight"]);
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(
    () => randomizationTest(tiny, baselineNamed("gradcam"), images, { ...WASM, signal }),
    Error,
    "stopped",
  );
});
