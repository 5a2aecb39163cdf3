/** Methods against published programs on a small network (tests/fixtures/baselines/generate_rivals.py, float64). */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { similarClasses } from "../../src/baselines/activation/finer_cam.ts";
import { expectedGradients } from "../../src/baselines/gradient/expected_gradients.ts";
import { baselineNamed } from "../../src/baselines/methods.ts";
import { kernelShap, shapCoalitions, shapValues } from "../../src/baselines/perturbation/kernel_shap.ts";
import { limeSlopes, meanColours } from "../../src/baselines/perturbation/lime.ts";
import {
  hsicIndices,
  latinHypercube,
  sobol,
  totalIndices,
} from "../../src/baselines/perturbation/sensitivity.ts";
import { scaleToMask } from "../../src/baselines/types.ts";
import { findNetwork } from "../../models/registry.ts";
import { attentionGraph } from "../../src/classifier/graphs/attention.ts";
import { networkPart } from "../../src/classifier/network_part.ts";
import { openClassifier } from "../../src/classifier/open.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { makeSuperpixels } from "../../src/image/superpixels.ts";
import { upsampleMap } from "../../src/image/upsample.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage, seededTensor } from "../support/seeded_weights.ts";
import { attentionNetwork, rivalNetwork } from "./rival_network.ts";

await warmUpWasm();

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/baselines/rivals.json", import.meta.url)),
) as {
  seed: number;
  target: number;
  near: number[];
  score: number;
  maps: Record<string, number[]>;
  back: Record<string, number[]>;
  attention: { rollout: number[]; legrad: number[]; score: number };
  lime: { samples: number[][]; answers: number[]; slopes: number[] };
  sensitivity: {
    whole: number[];
    changed: number[][];
    sobol: number[];
    masks: number[][];
    answers: number[];
    hsic: number[];
  };
};
const { seed, target } = FIXTURE;
const SIDE = 32;
const image = seededImage(seed, [1, 3, SIDE, SIDE]);
const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const thinned = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => i % 3 === 0);

function compare(name: string, ours: ArrayLike<number>, theirs: readonly number[], limit: number): void {
  assertEquals(ours.length, theirs.length, name);
  const away = largest(theirs.map((value, i) => ours[i]! - value));
  assert(away <= limit, `${name} is away by ${away}, more than ${limit}`);
}

Deno.test("XGrad-CAM, Eigen-CAM and Finer-CAM agree with pytorch-grad-cam", async () => {
  await using classifier = await openClassifier({
    model: rivalNetwork(seed),
    device: "wasm",
    layer: "relu_2",
  });
  const [logits] = await classifier.logits([image]);
  assertEquals(similarClasses(logits!, target), FIXTURE.near);
  for (const [name, theirs] of Object.entries(FIXTURE.maps)) {
    const raw = await (await baselineNamed(name).create(classifier))(image, target);
    assertEquals([raw.width, raw.height], [16, 16]);
    const { values } = scaleToMask(raw, "range");
    // There, the map is enlarged once it is scaled, and scaled again.
    const large = { width: SIDE, height: SIDE, values: upsampleMap(values, 16, 16, SIDE, SIDE) };
    compare(name, thinned(scaleToMask(large, "range").values), theirs, 2e-5);
  }
});

Deno.test("what goes back to the image agrees with Captum and zennit", async () => {
  await using classifier = await openClassifier({ model: rivalNetwork(seed), device: "wasm" });
  for (const [name, theirs] of Object.entries(FIXTURE.back)) {
    const { values } = await (await baselineNamed(name).create(classifier))(image, target);
    // Relevance divides by outputs near 0, where float32 has few digits left.
    compare(name, thinned(values), theirs, 5e-4 * largest(theirs));
    const other = await (await baselineNamed(name).create(classifier))(image, target + 1);
    assert(other.values.some((value, i) => Math.abs(value - values[i]!) > 1e-3), `${name} sees no class`);
  }
});

Deno.test("attention rollout and LeGrad agree with their formulas in PyTorch, and refuse a network without attention", async () => {
  await using classifier = await openClassifier({ model: attentionNetwork(seed), device: "wasm" });
  const [logits] = await classifier.logits([image]);
  assertAlmostEquals(logits![target]!, FIXTURE.attention.score, 1e-4);
  for (const name of ["rollout", "legrad"] as const) {
    const attribute = await baselineNamed(name).create(classifier);
    const map = await attribute(image, target);
    assertEquals([map.width, map.height], [4, 4]);
    compare(name, map.values, FIXTURE.attention[name], 1e-5 * largest(FIXTURE.attention[name]));
    const other = (await attribute(image, target + 1)).values;
    assertEquals(other.every((value, i) => value === map.values[i]), name === "rollout", name);
  }
  await using convolutions = await openClassifier({ model: rivalNetwork(seed), device: "wasm" });
  for (const name of ["rollout", "legrad"]) {
    const attribute = await baselineNamed(name).create(convolutions);
    await assertRejects(() => attribute(image, target), TypeError, "no attention over all tokens");
  }
});

Deno.test("LeGrad finds the twelve attentions of ViT-B/16", () => {
  // Building a graph reads no weights.
  const part = networkPart(findNetwork("vit_b_16")!, undefined as never);
  const { grid, nodes } = attentionGraph(part, "legrad", "wasm");
  assertEquals([grid.width, grid.height, grid.places[0], grid.places.at(-1)], [14, 14, 1, 196]);
  assertEquals(nodes.filter(({ op }) => op === "Softmax").length, 12);
});

Deno.test("fused Layer-CAM joins the maps of the deepest layer of each size by their maximum", async () => {
  const model = rivalNetwork(seed);
  await using classifier = await openClassifier({ model, device: "wasm" });
  const passes = await classifier.tappedLayers(image, target);
  assertEquals(passes.map(({ width, channels }) => [width, channels]), [[8, 16], [16, 12], [32, 8]]);
  const expected = new Float32Array(SIDE * SIDE);
  for (const layer of ["relu_3", "relu_2", "relu"]) {
    await using single = await openClassifier({ model, device: "wasm", layer });
    const { width, values } = await (await baselineNamed("layercam").create(single))(image, target);
    const most = Math.max(...values);
    const raised = values.map((value) => Math.tanh(2 * value / most));
    upsampleMap(raised, width, width, SIDE, SIDE).forEach((value, i) =>
      expected[i] = Math.max(expected[i]!, value)
    );
  }
  const { values } = await (await baselineNamed("layercam-fused").create(classifier))(image, target);
  compare("fused", values, Array.from(expected), 1e-5);
});

Deno.test("relevance through a batch normalisation is that of the convolution with which it is merged", async () => {
  const [ins, outs] = [3, 8];
  const weight = seededTensor("conv.weight", [outs, ins, 3, 3], 1);
  const [scale, shift, mean, variance] = ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]
    .map((name) => seededTensor(name, [outs], 1)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const factor = scale.map((value, i) => value / Math.sqrt(variance[i]! + 1e-5));
  const network = (apart: boolean) => {
    const b = createBuilder("normalised");
    const vector = (values: Float32Array) => b.constant("float32", [outs], values);
    const kernel = (values: Float32Array, name: number) => b.constant("float32", [outs, name, 3, 3], values);
    let x = b.input("image", "float32", [1, 3, 8, 8]);
    for (const width of [ins, outs]) {
      // The second layer has more weights, all of them from the first ones.
      const own = Float32Array.from({ length: outs * width * 9 }, (_, i) => weight[(7 * i) % weight.length]!);
      const folded = own.map((value, i) => value * factor[Math.floor(i / (width * 9))]!);
      const bias = shift.map((value, i) => value - mean[i]! * factor[i]!);
      const pads = { pads: [1, 1, 1, 1] };
      x = b.relu(
        apart
          ? b.node("BatchNormalization", [
            b.conv(x, kernel(own, width), undefined, pads),
            ...[scale, shift, mean, variance].map(vector),
          ])[0]!
          : b.conv(x, kernel(folded, width), vector(bias), pads),
      );
    }
    const fc = b.constant("float32", [2, outs], seededTensor("fc.weight", [2, outs], 1));
    b.output(b.gemm(b.flatten(b.globalAveragePool(x)), fc, undefined, { transB: true }), "scores");
    return { name: "normalised", onnx: encodeOnnx(b.build()) };
  };
  await using apart = await openClassifier({ model: network(true), device: "wasm" });
  await using whole = await openClassifier({ model: network(false), device: "wasm" });
  const small = seededImage(3, [1, 3, 8, 8]);
  for (const name of ["lrp-gamma", "lrp-epsilon"]) {
    const [a, c] = [await baselineNamed(name).create(apart), await baselineNamed(name).create(whole)];
    const [ours, theirs] = [(await a(small, 1)).values, (await c(small, 1)).values];
    compare(name, ours, Array.from(theirs), 1e-3 * largest(theirs));
  }
});

Deno.test("relevance and guided gradients refuse networks for which they mean nothing", async () => {
  const linear = createBuilder("linear");
  const pixels = linear.input("image", "float32", [1, 3, 4, 4]);
  const weight = linear.constant("float32", [2, 48], seededTensor("fc.weight", [2, 48], 1));
  linear.output(linear.gemm(linear.flatten(pixels), weight, undefined, { transB: true }), "scores");
  const model = { name: "linear", onnx: encodeOnnx(linear.build()) };
  await using plain = await openClassifier({ model, device: "wasm" });
  const small = seededImage(1, [1, 3, 4, 4]);
  const ask = async (name: string) => await (await baselineNamed(name).create(plain))(small, 0);
  await assertRejects(() => ask("guided-backprop"), TypeError, "has no ReLU");
  // Of a linear score without a bias, relevance is input times weight, and its sum the score.
  const [logits] = await plain.logits([small]);
  assertAlmostEquals(sumOf((await ask("lrp-epsilon")).values), logits![0]!, 1e-4);

  const attending = createBuilder("attending");
  const tokens = attending.reshape(attending.input("image", "float32", [1, 3, 4, 4]), [1, 12, 4]);
  const seen = attending.matmul(attending.softmax(tokens), attending.transpose(tokens, [0, 2, 1]));
  attending.output(attending.reduceSum(seen, [1], false), "scores");
  const other = { name: "attending", onnx: encodeOnnx(attending.build()) };
  await using attention = await openClassifier({ model: other, device: "wasm" });
  const lrp = await baselineNamed("lrp-gamma").create(attention);
  await assertRejects(() => lrp(small, 0), TypeError, "a product of two activations");
});

Deno.test("Expected Gradients of a linear score are weight times difference to the background, exactly", async () => {
  const b = createBuilder("linear");
  const pixels = b.input("image", "float32", [1, 3, 4, 4]);
  const weight = b.constant("float32", [2, 48], seededTensor("fc.weight", [2, 48], 1));
  b.output(b.gemm(b.flatten(pixels), weight, undefined, { transB: true }), "scores");
  await using classifier = await openClassifier({
    model: { name: "linear", onnx: encodeOnnx(b.build()) },
    device: "wasm",
  });
  const [small, start] = [seededImage(1, [1, 3, 4, 4]), seededImage(2, [1, 3, 4, 4])];
  const one = await expectedGradients(classifier, { samples: 3, background: [start] })(small, 1);
  const [gradient] = await classifier.inputGradients([small], 1);
  const products = small.map((value, i) => gradient![i]! * (value - start[i]!));
  one.values.forEach((value, i) =>
    assertAlmostEquals(value, products[i]! + products[16 + i]! + products[32 + i]!, 1e-5)
  );
  assertThrows(() => expectedGradients(classifier, { background: [] }), RangeError, "without an image");
  const wrong = expectedGradients(classifier, { background: [small.slice(3)] });
  await assertRejects(() => wrong(small, 0), TypeError, "45 values: the image has 48");
});

Deno.test("limeSlopes() are the lime package's", () => {
  const { samples, answers, slopes } = FIXTURE.lime;
  compare("LIME", limeSlopes(samples.map((row) => Uint8Array.from(row)), answers), slopes, 1e-9);
});

Deno.test("shapValues() are Shapley's values where all coalitions are asked, and near them otherwise", () => {
  // A game of six players with interactions: v(S) = Σ a_i + Σ_{pairs} b_ij + one triple.
  const players = 6;
  const own = [0.3, -0.1, 0.5, 0, 0.2, 0.05];
  const value = (shown: ArrayLike<number>) =>
    0.1 + own.reduce((sum, part, i) => sum + part * shown[i]!, 0) + 0.4 * shown[0]! * shown[2]! -
    0.3 * shown[1]! * shown[3]! + 0.6 * shown[0]! * shown[3]! * shown[5]!;
  // Interactions are shared evenly between those that take part.
  const shapley = [0.3 + 0.2 + 0.2, -0.1 - 0.15, 0.5 + 0.2, -0.15 + 0.2, 0.2, 0.05 + 0.2];
  const [empty, whole] = [value(new Uint8Array(6)), value(new Uint8Array(6).fill(1))];
  const all = shapCoalitions(62, players, 0);
  assertEquals(all.coalitions.length, 62);
  compare("all", shapValues(all, all.coalitions.map(value), empty, whole), shapley, 1e-10);
  const some = shapCoalitions(50, players, 0);
  assertEquals([some.coalitions.length, new Set(some.weights).size], [50, 1]);
  const found = shapValues(some, some.coalitions.map(value), empty, whole);
  assertAlmostEquals(sumOf(found), whole - empty, 1e-12);
  compare("some", found, shapley, 0.08);
  assertEquals(shapValues({ coalitions: [], weights: [] }, [], 0.25, 1), [0.75]);
});

Deno.test("KernelSHAP's map adds up to what the image adds to its mean colour", async () => {
  await using classifier = await openClassifier({ model: rivalNetwork(seed), device: "wasm" });
  const { values } = await kernelShap(classifier, { superpixels: 4, masks: 16 })(image, target);
  const { labels, count } = makeSuperpixels(image, { width: SIDE, height: SIDE }, { count: 4 });
  assertEquals(count, 4);
  const parts = Array.from({ length: count }, (_, k) => values[labels.indexOf(k)]!);
  const { mean } = classifier.facts.preprocessing;
  const grey = image.map((_, i) => mean[Math.floor(i / SIDE ** 2)]!);
  const [whole, empty] = await classifier.probabilities([image, grey]);
  assertAlmostEquals(sumOf(parts), whole![target]! - empty![target]!, 1e-5);
  assertThrows(() => kernelShap(classifier, { masks: 2 }), RangeError, "3 or more");
});

Deno.test("totalIndices() and hsicIndices() are Xplique's", () => {
  const { whole, changed, sobol: indices, masks, answers, hsic } = FIXTURE.sensitivity;
  compare("Sobol", totalIndices(whole, changed), indices, 1e-6);
  compare("HSIC", hsicIndices(masks, Float64Array.from(answers)), hsic, 1e-6);
  assertEquals(totalIndices([1, 1, 1], [[1, 1, 1]]), [0]);
});

Deno.test("latinHypercube() has each N-th once in each dimension", () => {
  const points = latinHypercube(20, 3, 5);
  for (let d = 0; d < 3; d++) {
    const parts = points.map((point) => Math.floor(20 * point[d]!)).sort((a, b) => a - b);
    assertEquals(parts, Array.from({ length: 20 }, (_, i) => i));
  }
  assert(points.some((point) => Math.floor(20 * point[0]!) !== Math.floor(20 * point[1]!)));
});

Deno.test("Sobol finds the only cell that a classifier looks at", async () => {
  const b = createBuilder("window");
  const pixels = b.input("image", "float32", [1, 3, 32, 32]);
  const seen = b.reshape(b.reduceMean(b.slice(b.slice(pixels, 2, 16, 24), 3, 8, 16), [1, 2, 3]), [1, 1]);
  b.output(b.concat([seen, b.mul(seen, -1)], 1), "scores");
  const model = { name: "window", onnx: encodeOnnx(b.build()) };
  await using classifier = await openClassifier({ model, device: "wasm" });
  const white = new Float32Array(3 * 32 * 32).fill(1);
  const { values } = await sobol(classifier, { cells: 4, masks: 8 })(white, 0);
  values.forEach((value, i) => assertEquals(value > 0.1, i === 9, `cell ${i}: ${value}`));
  // Of the other cells, none changes a bit of the score.
  assertEquals(values.filter((value) => value === 0).length, 15);
});

Deno.test("makeSuperpixels() follows edges, and divides noise into connected parts of about the same number", () => {
  // Four flat squares.
  const flat = new Float32Array(3 * 32 * 32);
  const quarter = (i: number) => Number(i % 32 >= 16) + 2 * Number(i % 1024 >= 512);
  flat.forEach((_, i) => flat[i] = [0.1, 0.4, 0.7, 0.95][quarter(i)]!);
  const four = makeSuperpixels(flat, { width: 32, height: 32 }, { count: 4 });
  assertEquals(four.count, 4);
  assertEquals(Array.from(four.labels).filter((label, i) => label !== quarter(i)).length, 0);
  assertEquals(
    Array.from(meanColours(flat, four)).filter((value, i) => Math.abs(value - flat[i]!) > 1e-6),
    [],
  );

  const noise = makeSuperpixels(image, { width: SIDE, height: SIDE }, { count: 16 });
  assertEquals(noise.count, 16);
  for (let k = 0; k < noise.count; k++) assertEquals(reach(noise.labels, k), sizeIn(noise.labels, k), `${k}`);
  assertThrows(
    () => makeSuperpixels(image, { width: SIDE, height: SIDE }, { count: 0 }),
    RangeError,
    "into 0 superpixels",
  );
});

const sizeIn = (labels: Int32Array, k: number) => labels.filter((label) => label === k).length;

/** Pixels of a label that hang together with its first. */
function reach(labels: Int32Array, k: number): number {
  const todo = [labels.indexOf(k)];
  const seen = new Set(todo);
  for (let i = todo.pop(); i !== undefined; i = todo.pop()) {
    const x = i % SIDE;
    for (const next of [x > 0 ? i - 1 : i, x < SIDE - 1 ? i + 1 : i, i - SIDE, i + SIDE]) {
      if (labels[next] !== k || seen.has(next)) continue;
      seen.add(next);
      todo.push(next);
    }
  }
  return seen.size;
}
