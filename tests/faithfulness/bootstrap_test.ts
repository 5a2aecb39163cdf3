import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bootstrapDifference, bootstrapInterval } from "../../src/faithfulness/bootstrap.ts";
import { uniforms } from "../support/seeded_weights.ts";

const values = [...uniforms("bootstrap", 200, 0)];
const mean = values.reduce((sum, value) => sum + value, 0) / 200;
const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 200);

Deno.test("bootstrapInterval() is close to the normal interval of a mean of 200 values", () => {
  const { value, low, high } = bootstrapInterval(values, { seed: 3, resamples: 4000 });
  const reach = deviation / Math.sqrt(200);
  assertAlmostEquals(value, mean, 1e-12);
  assertAlmostEquals(low, mean - 1.96 * reach, 0.15 * reach);
  assertAlmostEquals(high, mean + 1.96 * reach, 0.15 * reach);
  const narrow = bootstrapInterval(values, { seed: 3, resamples: 4000, level: 0.5 });
  assertAlmostEquals(narrow.high, mean + 0.6745 * reach, 0.15 * reach);
});

Deno.test("bootstrapInterval() covers the true mean about as often as it says", () => {
  let covered = 0;
  for (let round = 0; round < 200; round++) {
    const { low, high } = bootstrapInterval([...uniforms("coverage", 60, round)], {
      seed: round,
      resamples: 400,
    });
    if (low <= 0.5 && 0.5 <= high) covered++;
  }
  assert(covered >= 178 && covered <= 199, `${covered} of 200`);
});

Deno.test("bootstrapInterval() depends on nothing but values and seed", () => {
  assertEquals(bootstrapInterval(values, { seed: 1 }), bootstrapInterval(values, { seed: 1 }));
  assert(bootstrapInterval(values, { seed: 1 }).low !== bootstrapInterval(values, { seed: 2 }).low);
});

Deno.test("bootstrapInterval() of one image has no width; of none it is an error", () => {
  assertEquals(bootstrapInterval([4]), { value: 4, low: 4, high: 4 });
  assertThrows(() => bootstrapInterval([]), RangeError, "no values");
  assertThrows(() => bootstrapInterval([1], { level: 95 }), RangeError, "level 95");
  assertThrows(() => bootstrapInterval([1], { resamples: 0 }), RangeError, "0 times");
});

Deno.test("bootstrapDifference() pairs: a small constant advantage shows through a large spread", () => {
  const better = values.map((value) => 100 * value + 0.5);
  const worse = values.map((value) => 100 * value);
  const { value, low, high } = bootstrapDifference(better, worse);
  for (const end of [value, low, high]) assertAlmostEquals(end, 0.5, 1e-9);
  assertThrows(() => bootstrapDifference([1], [1, 2]), RangeError, "1 values with 2");
});
