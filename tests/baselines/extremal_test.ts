/** Extremal perturbations: their parts against differences, and a classifier whose answer is known. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { blurPyramid, underMask } from "../../src/baselines/perturbation/extremal/blurred.ts";
import { extremal } from "../../src/baselines/perturbation/extremal/extremal.ts";
import {
  areaGradient,
  GRID,
  MASK,
  smoothMask,
} from "../../src/baselines/perturbation/extremal/smooth_mask.ts";
import { openClassifier } from "../../src/classifier/open.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { upsampleGradient, upsampleMap } from "../../src/image/upsample.ts";
import { createStream } from "../../src/random/generator.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const uniform = (length: number, stream: number) => {
  const generator = createStream(7, stream);
  return Float64Array.from({ length }, () => generator.uniform());
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

Deno.test("smoothMask() is flat for a flat grid, and wide around one parameter", () => {
  for (const level of [0, 1]) {
    const { values } = smoothMask(new Float64Array(GRID * GRID).fill(level));
    assert(values.every((value) => Math.abs(value - level) < 1e-12), `${level}`);
  }
  const p = new Float64Array(GRID * GRID);
  p[16 * GRID + 16] = 1;
  const { values } = smoothMask(p);
  const at = (x: number, y: number) => values[y * MASK + x]!;
  // Between the two values on both sides of the parameter: k = 1, and nearly all of the weight.
  assert(at(32, 32) > 0.95 && at(33, 33) > 0.95, `${at(32, 32)}`);
  assertAlmostEquals(at(32, 32), at(33, 33), 1e-12);
  assert(at(36, 32) < at(34, 32) && at(40, 32) < 0.1, "does not fall with the distance");
  assertEquals(at(2, 2), 0);
});

Deno.test("smoothMask()'s gradient is that of differences", () => {
  const p = uniform(GRID * GRID, 1);
  const ofMask = uniform(MASK * MASK, 2).map((value) => value - 0.5);
  const gradient = smoothMask(p).gradient(ofMask);
  for (const which of [0, 17, 500, GRID * GRID - 1]) {
    const moved = (by: number) =>
      dot(smoothMask(p.map((value, i) => i === which ? value + by : value)).values, ofMask);
    const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    assertAlmostEquals(gradient[which]!, difference, 1e-6 + 1e-5 * Math.abs(difference));
  }
});

Deno.test("areaGradient() is 0 for a mask of that area, and equal values share what is asked", () => {
  const sharp = Float64Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  assertEquals(areaGradient(sharp, 0.2), new Float64Array(10));
  // Sorted: 0.1, 0.3, 0.6, 0.9; wanted 0, 0, 1, 1 and then 0, 0, 0, 1.
  const m = Float64Array.of(0.6, 0.1, 0.9, 0.3);
  const rounded = (values: Float64Array) => Array.from(values, (value) => Math.round(1e6 * value) / 1e6);
  assertEquals(rounded(areaGradient(m, 0.5)), [-0.2, 0.05, -0.05, 0.15]);
  assertEquals(rounded(areaGradient(m, 0.25)), [0.3, 0.05, -0.05, 0.15]);
  assertEquals(rounded(areaGradient(Float64Array.of(1, 1, 1, 1), 0.25)), [0.375, 0.375, 0.375, 0.375]);
});

Deno.test("upsampleGradient() is the transpose of upsampleMap()", () => {
  const [x, y] = [Float32Array.from(uniform(5 * 4, 3)), Float32Array.from(uniform(13 * 9, 4))];
  assertAlmostEquals(dot(upsampleMap(x, 5, 4, 13, 9), y), dot(x, upsampleGradient(y, 5, 4, 13, 9)), 1e-5);
});

Deno.test("underMask() shows the image at 1 and its blur at 0, and keeps a flat image", () => {
  const side = 32;
  const square = { width: side, height: side };
  const flat = blurPyramid(new Float32Array(3 * side * side).fill(0.25), square);
  assert(underMask(flat, new Float32Array(side * side)).every((value) => Math.abs(value - 0.25) < 1e-6));
  const dotted = new Float32Array(3 * side * side);
  dotted[16 * side + 16] = 1;
  const pyramid = blurPyramid(dotted, square);
  assertEquals(underMask(pyramid, new Float32Array(side * side).fill(1)), dotted);
  const blurred = underMask(pyramid, new Float32Array(side * side));
  // A Gaussian of 20/224 of the side: its peak is 1/(2πσ²).
  const peak = 1 / (2 * Math.PI * (side * 20 / 224) ** 2);
  assertAlmostEquals(blurred[16 * side + 16]!, peak, 1e-3);
  // The same in an image that is wider than high: the blur follows the shorter side.
  const wide = new Float32Array(3 * side * 80);
  wide[16 * 80 + 60] = 1;
  const spread = underMask(blurPyramid(wide, { width: 80, height: side }), new Float32Array(side * 80));
  assertAlmostEquals(spread[16 * 80 + 60]!, peak, 1e-3);
  assertEquals([spread[16 * 80 + 20], spread[side * 80 + 60]], [0, 0]);
});

Deno.test("extremal perturbations find the part that a classifier looks at, and no more", async () => {
  // The score is the contrast in the square from (8, 24) to (40, 56): what a blur takes away.
  const side = 64;
  const checks = new Float32Array(3 * side * side);
  for (let i = 0; i < checks.length; i++) checks[i] = (i % side + Math.floor(i / side)) % 2;
  const b = createBuilder("square");
  const image = b.input("image", "float32", [1, 3, side, side]);
  const pattern = b.constant("float32", [1, 3, side, side], checks.map((value) => 10 * (2 * value - 1)));
  const seen = b.reduceMean(b.slice(b.slice(b.mul(image, pattern), 2, 24, 56), 3, 8, 40), [1, 2, 3]);
  const flat = b.reshape(seen, [1, 1]);
  b.output(b.concat([flat, b.mul(flat, -1)], 1), "scores");
  const model = { name: "square", onnx: encodeOnnx(b.build()) };
  await using classifier = await openClassifier({ model, device: "wasm" });

  const { values, width } = await extremal(classifier, { steps: 100, areas: [1 / 4] })(checks, 0);
  assertEquals([width, values.length], [MASK, MASK * MASK]);
  const inside = (i: number) => i % MASK >= 8 && i % MASK < 40 && i >= 24 * MASK && i < 56 * MASK;
  const shown = values.reduce((sum, value) => sum + value, 0);
  const right = values.reduce((sum, value, i) => sum + (inside(i) ? value : 0), 0);
  console.log(`shown ${shown.toFixed(0)} of 1024, of it ${(right / shown).toFixed(2)} in the square`);
  assertAlmostEquals(shown / MASK ** 2, 1 / 4, 0.05);
  assert(right / shown > 0.8 && right > 0.9 * 1024, `${right} of ${shown}`);

  // In a flat image a blur takes nothing away, so only the area would draw.
  const blank = await extremal(classifier, { steps: 3 })(new Float32Array(checks.length).fill(0.5), 0);
  assertEquals([blank.withoutGradient, blank.values.every((value) => value === 0)], [true, true]);

  assertThrows(() => extremal(classifier, { steps: 0 }), RangeError, "in 0 steps");
  assertThrows(() => extremal(classifier, { areas: [0.5, 1] }), RangeError, "a share of 1");
  assertThrows(() => extremal(classifier, { areas: [] }), RangeError, "without an area");
});
