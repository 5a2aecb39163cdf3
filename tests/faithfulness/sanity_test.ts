import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { compareMaps, compareVariant, swapTest } from "../../src/faithfulness/sanity.ts";
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
