/** Ridge regression, compared with numpy, which solves it anew for every row that is left out. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ridgeRegression } from "../../../src/ptame/fit/ridge.ts";

interface Case {
  readonly rows: number;
  readonly features: readonly number[];
  readonly outputs: readonly number[];
  readonly weights: readonly number[];
  readonly lambda: number;
  readonly leftOut: readonly number[];
  readonly explained: readonly number[];
}
const CASES: Record<string, Case> = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/ptame/ridge.json", import.meta.url)),
);

for (const [name, expected] of Object.entries(CASES)) {
  Deno.test(`ridgeRegression() is numpy's, each row left out by itself: ${name}`, () => {
    const fit = ridgeRegression(expected.features, expected.outputs, expected.rows);
    assertAlmostEquals(fit.lambda / expected.lambda, 1, 1e-9);
    const near = (found: ArrayLike<number>, wanted: readonly number[], within: number) => {
      assertEquals(found.length, wanted.length);
      wanted.forEach((value, i) =>
        assertAlmostEquals(found[i]!, value, within * Math.max(1, Math.abs(value)))
      );
    };
    near(fit.weights, expected.weights, 1e-6);
    near(fit.leftOut, expected.leftOut, 1e-8);
    near(fit.explained, expected.explained, 1e-8);
  });
}

Deno.test("ridgeRegression() finds that noise cannot be explained", () => {
  const { explained } = CASES["noise"]!;
  assert(explained.every((value) => value < 0.2), `${explained}`);
});

Deno.test("ridgeRegression() gives 0 for an output that never changes, and refuses what it cannot regress", () => {
  assertEquals([...ridgeRegression([1, 2, 4], [5, 5, 5], 3).explained], [0]);
  assertThrows(() => ridgeRegression([1, 2], [1, 2], 2), RangeError, "at least 3");
  assertThrows(() => ridgeRegression([1, 1, 1], [1, 2, 3], 3), RangeError, "the same on all rows");
  assertThrows(() => ridgeRegression([1, 2, NaN], [1, 2, 3], 3), RangeError, "not finite");
  assertThrows(() => ridgeRegression([1, 2, 3, 4], [1, 2, 3], 3), TypeError, "not 3 rows");
});
