/** What the papers promise of their formulas, on networks small enough to try everything. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { gradCam, gradCamMap } from "../../src/baselines/activation/grad_cam.ts";
import { hiResCam, hiResCamMap } from "../../src/baselines/activation/hires_cam.ts";
import { layerCamMap } from "../../src/baselines/activation/layer_cam.ts";
import { scoreCam } from "../../src/baselines/activation/score_cam.ts";
import { type OpenClassifier, openClassifier } from "../../src/classifier/open.ts";
import { gaussLegendre, integratedGradients } from "../../src/baselines/gradient/integrated_gradients.ts";
import { noisyCopy, smoothGrad } from "../../src/baselines/gradient/smooth_grad.ts";
import { maskedImage } from "../../src/baselines/perturbation/masked_image.ts";
import { occlusion, windowPlaces } from "../../src/baselines/perturbation/occlusion.ts";
import { rise, riseMask } from "../../src/baselines/perturbation/rise.ts";
import { spearman } from "../../src/explanation/rank_correlation.ts";
import type { Device } from "../../src/runtime/mod.ts";
import { tinyBackbone } from "../ptame/tiny_networks.ts";
import { heavyTests, softwareGpu, warmUpWasm } from "../support/devices.ts";
import { seededImage, seededTensor } from "../support/seeded_weights.ts";
import { seededClassifier } from "./support.ts";

await warmUpWasm();

const SIDE = 64;
const picture = seededImage(1, [1, 3, SIDE, SIDE]);
const tiny = (device: Device = "wasm") => seededClassifier(tinyBackbone, 1, { device });
const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

Deno.test("gaussLegendre() integrates polynomials up to degree 2n - 1 exactly", () => {
  for (const count of [1, 2, 5, 50]) {
    const { places, weights } = gaussLegendre(count);
    assertAlmostEquals(sumOf(weights), 1, 1e-13);
    for (const degree of [0, 1, 2 * count - 1]) {
      const integral = weights.reduce((sum, weight, i) => sum + weight * places[i]! ** degree, 0);
      assertAlmostEquals(integral, 1 / (degree + 1), 1e-13);
    }
    assert(places.every((place, i) => i === 0 || place > places[i - 1]!));
  }
});

Deno.test("Integrated Gradients are complete: their sum is the score's difference to black", async () => {
  await using classifier = await tiny();
  const [end, black] = await classifier.logits([picture, new Float32Array(picture.length)]);
  const { values, completeness } = await integratedGradients(classifier, { steps: 40 })(picture, 7);
  const difference = end![7]! - black![7]!;
  assertAlmostEquals(sumOf(values), difference, 2e-2 * Math.abs(difference));
  assertAlmostEquals(completeness!.sum, sumOf(values), 1e-5);
  assertAlmostEquals(completeness!.difference, difference, 1e-5);
  assertThrows(() => integratedGradients(classifier, { steps: 1.5 }), RangeError, "over 1.5 points");
});

Deno.test("SmoothGrad without noise is the gradient, and its noise has the deviation asked for", async () => {
  await using classifier = await tiny();
  const { values } = await smoothGrad(classifier, { samples: 2, noise: 0 })(picture, 3);
  const [gradient] = await classifier.inputGradients([picture], 3);
  const area = SIDE * SIDE;
  values.forEach((value, i) =>
    assertAlmostEquals(value, sumOf([0, 1, 2].map((c) => Math.abs(gradient![c * area + i]!))), 1e-6)
  );
  // Against a difference of scores in the direction of the gradient.
  const [norm, step] = [Math.hypot(...gradient!), 1e-2];
  const moved = (sign: number) => picture.map((value, i) => value + sign * step * gradient![i]! / norm);
  const [up, down] = await classifier.logits([moved(1), moved(-1)]);
  assertAlmostEquals((up![3]! - down![3]!) / (2 * step) / norm, 1, 2e-2);

  const copy = noisyCopy(picture, 5, { seed: 9, noise: 0.2 });
  assertEquals(noisyCopy(picture, 5, { seed: 9, noise: 0.2 }), copy);
  const noise = copy.map((value, i) => value - picture[i]!);
  const range = Math.max(...picture) - Math.min(...picture);
  assertAlmostEquals(Math.sqrt(sumOf(noise.map((value) => value * value)) / noise.length) / range, 0.2, 5e-3);
});

Deno.test("RISE is the sum of its masks by probability, the same on every device to 1e-3", async () => {
  const options = { seed: 5, masks: 24 };
  await using classifier = await tiny();
  const { values } = await rise(classifier, options)(picture, 2);
  const expected = new Float64Array(SIDE * SIDE);
  for (let n = 0; n < options.masks; n++) {
    const mask = riseMask(square(SIDE), n, options);
    const seen = maskedImage(picture, mask, tinyBackbone.preprocessing);
    const [probabilities] = await classifier.probabilities([seen]);
    mask.forEach((shown, i) => expected[i]! += shown * probabilities![2]! / (24 * 0.5));
  }
  values.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-6));
  const others = await rise(classifier, { ...options, seed: 6 })(picture, 2);
  assert(others.values.some((value, i) => Math.abs(value - values[i]!) > 1e-3));

  await using native = await tiny("native");
  const there = await rise(native, options)(picture, 2);
  const away = Math.max(...values.map((value, i) => Math.abs(there.values[i]! - value)));
  console.log(`RISE: native is away from wasm by ${away.toExponential(1)}`);
  assert(away < 1e-3);
});

Deno.test({
  name: "RISE and Grad-CAM on WebGPU give what they give on wasm to 1e-3",
  ignore: !(await softwareGpu()) || !heavyTests(),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const options = { seed: 5, masks: 8 };
    await using wasm = await tiny();
    await using gpu = await tiny("webgpu");
    assertEquals(gpu.batch, 8);
    const methods = {
      RISE: (classifier: OpenClassifier) => rise(classifier, options),
      "Grad-CAM": gradCam,
    };
    for (const [name, create] of Object.entries(methods)) {
      const [here, there] = [await create(wasm)(picture, 2), await create(gpu)(picture, 2)];
      const scale = name === "RISE" ? 1 : Math.max(...here.values);
      const away = Math.max(...here.values.map((value, i) => Math.abs(there.values[i]! - value))) / scale;
      console.log(`${name}: WebGPU is away from wasm by ${away.toExponential(1)}`);
      assert(away < 1e-3, name);
    }
  },
});

Deno.test("RISE ends when its ranking has settled, with the map of the masks so far", async () => {
  await using classifier = await tiny();
  const asked = { seed: 5, masks: 600, settle: 0.5 };
  const seen: number[] = [];
  const map = await rise(classifier, asked)(picture, 2, { onProgress: ({ done }) => seen.push(done) });
  const { masks, agreement, settled } = map.settling!;
  assert(settled && agreement >= 0.5 && masks % 100 === 0 && masks < 600, JSON.stringify(map.settling));
  assertEquals(seen.at(-1), masks);
  const fixed = await rise(classifier, { seed: 5, masks })(picture, 2);
  assertEquals(fixed.values, map.values);
  assertEquals(fixed.settling, undefined);
  // What it expects is about what another run gives.
  const other = await rise(classifier, { seed: 6, masks })(picture, 2);
  assertAlmostEquals(spearman(other.values, map.values), agreement, 0.2);
  const short = await rise(classifier, { ...asked, masks: 50, settle: 0.999 })(picture, 2);
  assertEquals([short.settling!.masks, short.settling!.settled], [50, false]);
  assertThrows(() => rise(classifier, { settle: 1 }), RangeError, "between 0 and 1");
});

const square = (side: number) => ({ width: side, height: side });

Deno.test("riseMask() draws masks of the paper: bilinear cells, shifted, half of the picture shown", () => {
  const masks = Array.from({ length: 400 }, (_, n) => riseMask(square(56), n, { seed: 1 }));
  for (const mask of masks) assert(mask.every((value) => value >= 0 && value <= 1));
  const means = masks.map((mask) => sumOf(mask) / mask.length);
  // 49 cells of variance 1/4, smoothed: the mean of 400 masks is within 4 deviations of p.
  assertAlmostEquals(sumOf(means) / 400, 0.5, 4 * 0.08 / 20);
  // A pixel is as likely as its neighbour: no cell borders in the mean.
  const pixels = masks[0]!.map((_, i) => sumOf(masks.map((mask) => mask[i]!)) / 400);
  assert(pixels.every((value) => Math.abs(value - 0.5) < 0.15));
  assertEquals(riseMask(square(56), 3, { seed: 1 }), masks[3]);
  const often = Array.from(
    { length: 100 },
    (_, n) => sumOf(riseMask(square(30), n, { probability: 0.1 })) / 900,
  );
  assertAlmostEquals(sumOf(often) / 100, 0.1, 0.03);
});

Deno.test("occlusion finds the only square that a classifier looks at", async () => {
  // One class's score is the brightness in the window from (8, 16) to (16, 24).
  const b = createBuilder("window");
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const seen = b.reduceMean(b.slice(b.slice(image, 2, 16, 24), 3, 8, 16), [1, 2, 3]);
  const flat = b.reshape(seen, [1, 1]);
  b.output(b.concat([flat, b.mul(flat, -1)], 1), "scores");
  const model = { name: "window", onnx: encodeOnnx(b.build()) };
  await using classifier = await openClassifier({ model, device: "wasm" });
  const white = new Float32Array(3 * 32 * 32).fill(1);
  const { values } = await occlusion(classifier, { window: 8, places: 4 })(white, 0);
  values.forEach((value, i) => {
    const [x, y] = [i % 32, Math.floor(i / 32)];
    assertEquals(value > 1e-3, x >= 8 && x < 16 && y >= 16 && y < 24, `pixel ${x}, ${y}: ${value}`);
  });
  assertEquals(windowPlaces(224, 32, 13), Array.from({ length: 13 }, (_, i) => 16 * i));
  assertEquals(windowPlaces(5, 5, 13), [0]);
});

Deno.test("HiResCAM clamps the sum over channels and neither gradients nor products", () => {
  // Position by position: 5·1 − 1·3 = 2; 1·2 − 3·1 = −1; 0·4 + 2·2 = 4; (−3)·(−2) − 2·1 = 4.
  const pass = {
    width: 2,
    height: 2,
    channels: 2,
    activations: Float32Array.of(1, 2, 4, -2, /* second channel */ 3, 1, 2, 1),
    gradients: Float32Array.of(5, 1, 0, -3, /* second channel */ -1, -3, 2, -2),
    logits: new Float32Array(2),
  };
  assertEquals(hiResCamMap(pass), {
    width: 2,
    height: 2,
    values: Float32Array.of(2, 0, 4, 4),
    signed: Float32Array.of(2, -1, 4, 4),
    withoutGradient: false,
  });
  // Its neighbours give other maps: channel weights 3/4 and −1, and the same products without negative gradients.
  assertEquals(gradCamMap(pass).values, Float32Array.of(0, 0.5, 1, 0));
  assertEquals(layerCamMap(pass).values, Float32Array.of(5, 2, 4, 0));
});

Deno.test("HiResCAM refuses a tap where the products cancel at every position", () => {
  const gradients = Float32Array.of(3, 1, -2, 1);
  const pass = { width: 2, height: 1, channels: 2, gradients, logits: new Float32Array(2) };
  // 3·2 − 2·3 = 0 and 1·0.1 + 1·(−0.1) = 0; one of two positions may cancel.
  const cancelling = { ...pass, activations: Float32Array.of(2, 0.1, 3, -0.1) };
  assertThrows(() => hiResCamMap(cancelling), TypeError, "cancels at every position");
  const one = { ...pass, activations: Float32Array.of(2, 0.5, 3, 0.25) };
  assertEquals(hiResCamMap(one).values, Float32Array.of(0, 0.75));
  const without = { ...cancelling, gradients: new Float32Array(4) };
  assertEquals(hiResCamMap(without).values, Float32Array.of(0, 0));
});

Deno.test("HiResCAM's sums add up to the score of a linear layer, and are 0 where that layer does not look", async () => {
  // Two channels of 6 x 6 positions, flattened into one linear layer that ignores the right half.
  const [side, channels, bias] = [6, 2, 0.25];
  const left = (i: number) => i % side < side / 2;
  const row = seededTensor("fc.weight", [1, channels * side ** 2], 1).map((w, i) => left(i) ? w : 0);
  const b = createBuilder("left");
  const image = b.input("image", "float32", [1, 3, side, side]);
  const kernel = b.constant(
    "float32",
    [channels, 3, 1, 1],
    seededTensor("conv.weight", [channels, 3, 1, 1], 2),
  );
  const features = b.flatten(b.relu(b.conv(image, kernel)));
  // The second class has the weights of the first with the other sign, so its map is what the first one clamps.
  const weights = b.constant("float32", [2, row.length], [...row, ...row.map((w) => -w)]);
  b.output(b.gemm(features, weights, b.constant("float32", [2], [bias, -bias]), { transB: true }), "scores");
  const model = { name: "left", onnx: encodeOnnx(b.build()) };
  await using classifier = await openClassifier({ model, device: "wasm" });
  const seen = seededImage(4, [1, 3, side, side]);
  const { activations, logits } = await classifier.activations(seen);
  assert(activations.some((value, i) => value > 0 && !left(i)), "nothing to ignore");

  const [own, other] = [await hiResCam(classifier)(seen, 0), await hiResCam(classifier)(seen, 1)];
  const sums = own.values.map((value, i) => value - other.values[i]!);
  assert(sums.some((sum) => sum > 0) && sums.some((sum) => sum < 0), "nothing to clamp");
  assertAlmostEquals(sumOf(sums), logits[0]! - bias, 1e-5);
  sums.forEach((sum, i) => {
    const product = (k: number) => row[k * side ** 2 + i]! * activations[k * side ** 2 + i]!;
    assertAlmostEquals(sum, product(0) + product(1), 1e-6);
    if (!left(i)) assertEquals(sum, 0, `position ${i}`);
  });
  // Grad-CAM's averages spread the gradient over the right half.
  const averaged = [await gradCam(classifier)(seen, 0), await gradCam(classifier)(seen, 1)];
  assert(averaged.some(({ values }) => values.some((value, i) => value > 1e-3 && !left(i))));
});

Deno.test("Score-CAM with some channels takes those of the greatest variance", async () => {
  await using classifier = await tiny();
  const pass = await classifier.activations(picture);
  const area = pass.width * pass.height;
  const variance = (k: number) => {
    const plane = pass.activations.subarray(k * area, (k + 1) * area);
    const mean = sumOf(plane) / area;
    return sumOf(plane.map((value) => (value - mean) ** 2));
  };
  const best = Array.from({ length: pass.channels }, (_, k) => k).sort((a, c) =>
    variance(c) - variance(a)
  )[0]!;
  const { values } = await scoreCam(classifier, { channels: 1 })(picture, 1);
  // One channel alone has all of the weight.
  values.forEach((value, i) =>
    assertAlmostEquals(value, Math.max(0, pass.activations[best * area + i]!), 1e-6)
  );
});
