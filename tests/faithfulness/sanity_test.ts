import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { complexityRise, histogramEntropy } from "../../src/faithfulness/complexity_rise.ts";
import {
  compareMaps,
  compareVariant,
  otherClassTest,
  type SanityMethod,
  swapTest,
} from "../../src/faithfulness/sanity.ts";
import { smoothMap } from "../../src/faithfulness/smooth_maps.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import type { ValueMap } from "../../src/image/types.ts";
import { seededImage } from "../support/seeded_weights.ts";

const square = (side: number) => ({ width: side, height: side });

const SIDE = 16;
const picture = (seed: number) => seededImage(seed, [1, 3, SIDE, SIDE]);

function mapOf(value: (x: number, y: number) => number, side = SIDE): ValueMap {
  const values = Float32Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side)));
  return { width: side, height: side, values };
}

Deno.test("compareMaps() is 1 for a map and itself, sees signs, and enlarges small maps", () => {
  const ramp = mapOf((x, y) => x + y * SIDE - 100);
  const same = compareMaps(ramp, ramp, square(SIDE));
  for (const value of Object.values(same)) assertAlmostEquals(value, 1, 1e-9);
  const turned = compareMaps(ramp, mapOf((x, y) => 100 - x - y * SIDE), square(SIDE));
  assertAlmostEquals(turned.spearman, -1, 1e-9);
  assertAlmostEquals(turned.absoluteSpearman, 1, 1e-9);
  assert(turned.ssim < 0.1);
  const small = compareMaps(mapOf((x) => x, 4), mapOf((x) => x, 8), square(SIDE));
  assert(small.spearman > 0.97 && small.ssim > 0.9);
  assert(Number.isNaN(compareMaps(ramp, mapOf(() => 3), square(SIDE)).spearman));
  assertThrows(() => compareMaps(ramp, ramp, square(8)), RangeError, "in windows of 11");
});

Deno.test("compareVariant() averages over pictures and counts flat maps apart", async () => {
  const images = [0, 1, 2].map((seed) => ({ pixels: picture(seed), target: 0 }));
  const originals = images.map(() => mapOf((x) => x));
  let turn = 0;
  const method: MapMethod = () => Promise.resolve(mapOf((x) => [x, -x, 5][turn % 3]!)).finally(() => turn++);
  const result = await compareVariant("odd", method, images, originals, { seed: 1 });
  assertEquals([result.variant, result.flat], ["odd", 1]);
  assertAlmostEquals(result.spearman!.value, 0, 1e-9);
  assertEquals([result.spearman!.low, result.spearman!.high].map(Math.round), [-1, 1]);
  const flat = await compareVariant("flat", () => Promise.resolve(mapOf(() => 0)), images, originals);
  assertEquals([flat.flat, flat.spearman, flat.ssim], [3, undefined, undefined]);
});

Deno.test("swapTest() passes where the own map is ahead, and fails where the other one is", async () => {
  // The classifier sees the left half alone.
  const score = (pictures: Float32Array[]) =>
    Promise.resolve(
      pictures.map((pixels) => {
        const left = pixels.filter((_, i) => i % SIDE < SIDE / 2);
        const bright = left.reduce((sum, value) => sum + value, 0) / left.length;
        return Float32Array.of(0.5 + 0.5 * bright, 0.5 - 0.5 * bright);
      }),
    );
  const half = (left: boolean): MapMethod => () => Promise.resolve(mapOf((x) => +(x < SIDE / 2 === left)));
  const images = [0, 1, 2, 3, 4].map((seed) => ({ name: `picture ${seed}`, pixels: picture(seed) }));
  const options = { images, score, measures: ["ad"], resamples: 200 } as const;
  const own = await swapTest(half(true), half(false), options);
  assert(own.passed.includes("AD50"), JSON.stringify(own.differences));
  assertEquals(own.failed, []);
  assert(own.differences["AD50"]!.high < 0);
  const swapped = await swapTest(half(false), half(true), options);
  assertEquals(swapped.passed, []);
  assert(swapped.failed.includes("AD50"));
  const even = await swapTest(half(true), half(true), options);
  assertEquals([even.passed, even.failed], [[], []]);
});

Deno.test("otherClassTest() explains another class of each image: a map of the class changes, a map of the image does not", async () => {
  const images = Array.from({ length: 40 }, (_, i) => ({ pixels: picture(i), target: i % 3 }));
  const asked: number[] = [];
  const ofClass: SanityMethod = (_image, target) => {
    asked.push(target);
    return Promise.resolve(mapOf((x, y) => [x, y, -x][target]!));
  };
  const originals = images.map(({ target }) => mapOf((x, y) => [x, y, -x][target]!));
  const result = await otherClassTest(ofClass, images, originals, 3, { seed: 2 });
  assertEquals(result.variant, "another class");
  assert(asked.every((target, i) => target !== i % 3 && target >= 0 && target < 3));
  // Each class has two others, and both are drawn.
  for (const own of [0, 1, 2]) assertEquals(new Set(asked.filter((_, i) => i % 3 === own)).size, 2);
  assert(result.spearman!.value < 0.5);
  const ofImage = await otherClassTest(() => Promise.resolve(originals[0]!), [images[0]!], originals, 3);
  assertAlmostEquals(ofImage.spearman!.value, 1, 1e-9);
  await assertRejects(() => otherClassTest(ofClass, images, originals, 1), RangeError, "has one");
});

Deno.test("complexityRise() by hand: two bins of equal counts have ln 2, four have twice that", () => {
  const two = Float32Array.of(0, 0, 1, 1);
  const four = Float32Array.of(0, 0.3, 0.6, 1);
  assertAlmostEquals(histogramEntropy(two), Math.log(2), 1e-12);
  assertAlmostEquals(histogramEntropy(four), 2 * Math.log(2), 1e-12);
  // In three bins, 0.6 and 1 lie apart, too, and 0 with 0.3.
  assertAlmostEquals(histogramEntropy(four, 3), 1.5 * Math.log(2), 1e-12);
  assertAlmostEquals(complexityRise(two, four), 1, 1e-12);
  assertAlmostEquals(complexityRise(four, two), -0.5, 1e-12);
  assert(Number.isNaN(complexityRise(Float32Array.of(3, 3), four)));
});

Deno.test("smoothMap() is the mean of the clean map and of noisy ones, with noise of a tenth of the range", async () => {
  const seen: Float32Array[] = [];
  const smoothing = {
    samples: 41,
    normalization: { mean: [0, 0, 0], std: [0.5, 0.25, 1] },
    seed: 3,
  } as const;
  const explain = (pixels: Float32Array) => {
    seen.push(pixels);
    return Promise.resolve({ ...square(SIDE), values: pixels.slice(0, SIDE * SIDE) });
  };
  const pixels = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => i === 0 ? 1 : 0);
  const { values } = await smoothMap(pixels, smoothing, explain);
  assertEquals([seen.length, seen[0] === pixels], [41, true]);
  for (const place of [0, 7, 200]) {
    assertAlmostEquals(values[place]!, seen.reduce((sum, each) => sum + each[place]! / 41, 0), 1e-6);
  }
  // The input reaches from 0 to 1 / 0.5: the noise has 0.2 of its units, times each colour's deviation here.
  for (const [colour, std] of smoothing.normalization.std.entries()) {
    const noise = seen.slice(1).flatMap((each) =>
      Array.from({ length: SIDE * SIDE }, (_, i) => {
        const at = colour * SIDE * SIDE + i;
        return each[at]! - pixels[at]!;
      })
    );
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
    assertAlmostEquals(deviation, 0.2 * std, 0.01 * std);
  }
  assertEquals(await smoothMap(pixels, { ...smoothing, samples: 1 }, explain), await explain(pixels));
});
