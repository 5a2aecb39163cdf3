import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { spearman, ssim, tieRanks } from "../../src/faithfulness/correlation.ts";
import { uniforms } from "../support/seeded_weights.ts";
import { answers } from "./fixture.ts";

const { height, width, ...expected } = answers().correlations as Record<string, number>;
const size = { width: width!, height: height! };
const a = Float32Array.from(uniforms("map/a", width! * height!, 0));
const other = uniforms("map/b", a.length, 0);
const b = a.map((value, i) => 0.5 * value + 0.5 * other[i]!);

Deno.test("tieRanks() gives equal values the mean of their ranks, as scipy's rankdata", () => {
  assertEquals([...tieRanks([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])], answers().correlations.ranks);
});

Deno.test("spearman() agrees with scipy: plain, with ties, signed and absolute", () => {
  assertAlmostEquals(spearman(a, b), expected["spearman"]!, 1e-9);
  const half = (value: number) => Math.fround(value - 0.5);
  assertAlmostEquals(spearman(a.map(half), b.map(half)), expected["signed"]!, 1e-9);
  assertAlmostEquals(spearman(a.map(half), b.map(half), true), expected["absolute"]!, 1e-9);
  const coarse = (value: number) => Math.round(Math.fround(value * 6));
  assertAlmostEquals(spearman(a.map(coarse), b.map(coarse)), expected["tied"]!, 1e-9);
});

Deno.test("spearman() is 1 and -1 for the same and the reverse order, NaN for a flat map", () => {
  assertAlmostEquals(spearman([1, 2, 3, 9], [2, 4, 5, 6]), 1, 1e-12);
  assertAlmostEquals(spearman([1, 2, 3, 9], [6, 5, 4, 2]), -1, 1e-12);
  assert(Number.isNaN(spearman([1, 1, 1], [1, 2, 3])));
  assertThrows(() => spearman([1, 2], [1]), TypeError, "2 and 1 values");
});

Deno.test("ssim() agrees with scikit-image, with Gaussian and flat windows", () => {
  const [x, y] = [{ ...size, values: a }, { ...size, values: b }];
  assertAlmostEquals(ssim(x, y), expected["ssim_gaussian"]!, 1e-6);
  assertAlmostEquals(ssim(x, y, { window: "flat" }), expected["ssim_flat"]!, 1e-6);
  assertAlmostEquals(ssim(x, y, { window: "flat", side: 5 }), expected["ssim_flat_5"]!, 1e-6);
  assertAlmostEquals(ssim(x, x), 1, 1e-9);
});

Deno.test("ssim() refuses maps that differ in size or are smaller than the window", () => {
  const small = { width: 4, height: 4, values: new Float32Array(16) };
  assertThrows(() => ssim(small, { ...size, values: a }), TypeError, "4 x 4 and 24 x 20");
  assertThrows(() => ssim(small, small), RangeError, "windows of 11");
});
