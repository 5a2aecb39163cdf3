/** Statistics over images agree with scipy, and with examples worked out by hand. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  imagesForDifference,
  measureAgreement,
  measureStatistics,
} from "../../../src/faithfulness/statistics/compare.ts";
import { normalTail } from "../../../src/faithfulness/statistics/normal.ts";
import { averageRanks, criticalDifference, kendall } from "../../../src/faithfulness/statistics/ranks.ts";
import { holmCorrected, signedRankTest } from "../../../src/faithfulness/statistics/wilcoxon.ts";
import type { ImageRecord } from "../../../src/faithfulness/summary.ts";
import { answers } from "../fixture.ts";

const SCIPY = answers<{
  readonly wilcoxon: readonly {
    readonly name: string;
    readonly exact: boolean;
    readonly p: number;
    readonly values: number[];
  }[];
  readonly normal_tail: readonly (readonly [number, number])[];
  readonly kendall: { readonly x: number[]; readonly y: number[]; readonly tau: number };
  readonly nemenyi: readonly (readonly [number, number])[];
  readonly power: number;
}>("statistics.json");

for (const { name, exact, p, values } of SCIPY.wilcoxon) {
  Deno.test(`signedRankTest() agrees with scipy: ${name}, ${exact ? "exact" : "normal"}`, () => {
    assertAlmostEquals(signedRankTest(values).p / p, 1, 1e-9);
    // Zeros are left out, the sign turns the direction alone.
    const turned = signedRankTest([0, ...values.map((value) => -value), 0]);
    assertAlmostEquals(turned.p / p, 1, 1e-9);
    assertEquals(turned.direction, -signedRankTest(values).direction);
  });
}

Deno.test("signedRankTest() by hand: three differences of one sign have two of eight choices of signs", () => {
  assertEquals(signedRankTest([0.1, 0.2, 0.4]), { p: 0.25, direction: 6 });
  assertEquals(signedRankTest([0, 0]), { p: 1, direction: 0 });
});

Deno.test("normalTail() agrees with scipy near and far", () => {
  for (const [z, tail] of SCIPY.normal_tail) assertAlmostEquals(normalTail(z) / tail, 1, 1e-12, String(z));
});

Deno.test("holmCorrected() by hand, in the order of the tests", () => {
  const corrected = holmCorrected([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((value, i) => assertAlmostEquals(corrected[i]!, value, 1e-12));
  assertEquals(holmCorrected([0.9, 0.8]), [1, 1]);
  assertEquals(holmCorrected([]), []);
});

Deno.test("kendall() agrees with scipy with ties, and is NaN without order", () => {
  const { x, y, tau } = SCIPY.kendall;
  assert(tau > 0.2 && tau < 0.9);
  assertAlmostEquals(kendall(x, y), tau, 1e-12);
  assertEquals(kendall([1, 1, 1], [1, 2, 3]), NaN);
});

Deno.test("criticalDifference() is Nemenyi's, and unknown for one method or more than fifty", () => {
  for (const [methods, critical] of SCIPY.nemenyi) {
    const factor = Math.sqrt(methods * (methods + 1) / (6 * 30));
    assertAlmostEquals(criticalDifference(methods, 30)!, critical * factor, 1e-4 * factor);
  }
  assertEquals([criticalDifference(1, 30), criticalDifference(51, 30), criticalDifference(3, 0)], [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("averageRanks() gives methods that are alike the mean of their ranks", () => {
  assertEquals(averageRanks([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1]]), [1.25, 1.75, 3]);
});

Deno.test("imagesForDifference() agrees with the normal quantiles of scipy", () => {
  // Of ±0.2 the deviation is 0.2, of a sample of n by √(n / (n − 1)) more.
  const differences = Array.from({ length: 100_000 }, (_, i) => i % 2 === 0 ? 0.2 : -0.2);
  assert(Math.abs(imagesForDifference(differences, 0.01)! - SCIPY.power) < 1.1);
  assertEquals([[0.3, 0.3], [0, 0], [0.3]].map((each) => imagesForDifference(each, 0.01)), [
    undefined,
    undefined,
    undefined,
  ]);
});

/** Records of methods with given values of a measure. */
function recordsWith(
  values: Readonly<Record<string, readonly (number | undefined)[]>>,
  key: string,
): ImageRecord[] {
  const count = Object.values(values)[0]!.length;
  return Array.from({ length: count }, (_, image) => ({
    ...{ image: String(image), settings: "", target: 0, probability: 1 },
    methods: Object.fromEntries(
      Object.entries(values).map(([method, column]) => {
        const value = column[image];
        return [method, {
          milliseconds: 1,
          maskArea: 1,
          values: value === undefined ? {} : { [key]: value },
        }];
      }),
    ),
  }));
}

Deno.test("measureStatistics() counts wins in the better direction, and says who is ahead", () => {
  const up = Array.from({ length: 20 }, (_, i) => 10 + i);
  const values = { low: up, high: up.map((value) => value + 5 + value / 100), same: up };
  const down = measureStatistics(recordsWith(values, "AD50"), ["low", "high", "same"], "AD50");
  assertEquals(down.ranks, { low: 1.5, high: 3, same: 1.5 });
  assertEquals([down.images, down.point], [20, 1]);
  assertAlmostEquals(down.criticalDifference!, 2.3437 * Math.sqrt(12 / 120), 1e-9);
  const [first, alike, last] = down.pairs;
  assertEquals([first!.wins, first!.ties, first!.losses, first!.ahead], [20, 0, 0, "low"]);
  assertEquals([alike!.wins, alike!.ties, alike!.losses, alike!.ahead], [0, 20, 0, undefined]);
  assertEquals([last!.a, last!.b, last!.ahead], ["high", "same", "same"]);
  // Two of 2²⁰ choices of signs, three tests.
  assertAlmostEquals(first!.p, 2 ** -19, 1e-12);
  assertAlmostEquals(first!.corrected, 3 * 2 ** -19, 1e-12);
  const higher = measureStatistics(recordsWith(values, "IC50"), ["low", "high"], "IC50");
  assertEquals(higher.ranks, { low: 2, high: 1 });
  assertEquals(higher.pairs[0]!.ahead, "high");
});

Deno.test("measureStatistics() takes images that a pair has, and ranks those that all have", () => {
  const values = { a: [1, 2, undefined, 4], b: [2, 3, 4, 5], c: [3, undefined, 5, 6] };
  const { images, pairs, ranks } = measureStatistics(
    recordsWith(values, "insertion"),
    ["a", "b", "c"],
    "insertion",
  );
  assertEquals(images, 2);
  assertEquals(pairs.map((pair) => pair.images), [3, 2, 3]);
  assertEquals(ranks, { a: 3, b: 2, c: 1 });
  const none = measureStatistics(
    recordsWith({ a: [1], b: [undefined] }, "insertion"),
    ["a", "b"],
    "insertion",
  );
  assertEquals(none, { key: "insertion", images: 1, point: 0.01, pairs: [] });
});

Deno.test("measureAgreement() is 1 for measures that order methods alike, whatever their directions", () => {
  const result = (value: number) => ({ value }) as never;
  const methods = Object.fromEntries(
    [[1, 10, 5], [2, 20, 5], [3, 30, 4]].map(([ad, insertion, deletion], i) => [
      `m${i}`,
      {
        measures: { AD50: result(ad!), insertion: result(-insertion!), deletion: result(deletion!) },
      } as never,
    ]),
  );
  const found = measureAgreement({ methods }, ["AD50", "insertion", "deletion"]);
  assertEquals(found.map(({ a, b }) => `${a} ${b}`), [
    "AD50 insertion",
    "AD50 deletion",
    "insertion deletion",
  ]);
  assertAlmostEquals(found[0]!.tau, 1, 1e-12);
  assertAlmostEquals(found[1]!.tau, -2 / Math.sqrt(6), 1e-12);
  const two = Object.fromEntries(Object.entries(methods).slice(0, 2));
  assertEquals(measureAgreement({ methods: two }, ["AD50", "insertion"]), []);
});
