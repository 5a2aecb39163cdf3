import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { keepTop, markRemoved, rankPixels, topCount } from "../../src/faithfulness/threshold.ts";
import { uniforms } from "../support/seeded_weights.ts";
import { answers } from "./fixture.ts";

/** The k-th smallest value, counted from 1, as `torch.kthvalue`: published programs keep `m > kthValue(m, k)`. */
const kthValue = (values: Float32Array, k: number) => values.toSorted()[k - 1]!;

// deno-fmt-ignore
const FOUR = Float32Array.of(
  0.9, 0.1, 0.5, 0.3,
  0.2, 0.8, 0.6, 0.4,
  0.7, 0.0, 1.0, 0.35,
  0.15, 0.25, 0.45, 0.55,
);

Deno.test("rankPixels() puts the highest value of a 4 x 4 map first", () => {
  assertEquals([...rankPixels(FOUR)], [10, 0, 5, 8, 6, 15, 2, 14, 7, 11, 3, 13, 4, 12, 1, 9]);
});

Deno.test("rankPixels() orders negative values and both zeros as numbers, not as bits", () => {
  const order = [...rankPixels(Float32Array.of(-2, 3e-40, 1, -0.5, 2, -1e9))];
  assertEquals(order, [4, 2, 1, 3, 0, 5]);
  // −0 and 0 are equal: their order is that of two equal values.
  assertEquals([...rankPixels(Float32Array.of(0, -0, 0))], [...rankPixels(Float32Array.of(5, 5, 5))]);
});

Deno.test("rankPixels() agrees with a comparison sort on values without ties", () => {
  const values = Float32Array.from(uniforms("rank", 3000, 4), (u) => u - 0.5);
  const expected = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);
  assertEquals([...rankPixels(values)], expected);
});

Deno.test("rankPixels() spreads ties over the picture, the same way every time", () => {
  const flat = new Float32Array(64).fill(0.5);
  const order = rankPixels(flat);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 64 }, (_, i) => i));
  assertEquals([...order], [...rankPixels(flat)]);
  // The first half of the order holds pixels of all four quarters.
  const quarters = new Set([...order.subarray(0, 32)].map((i) => (i % 8 < 4 ? 0 : 1) + (i < 32 ? 0 : 2)));
  assertEquals(quarters.size, 4);
});

Deno.test("rankPixels() refuses values that are not finite", () => {
  assertThrows(() => rankPixels(Float32Array.of(0, NaN)), RangeError, "the map's value 1 is NaN");
  assertThrows(() => rankPixels(Float32Array.of(Infinity)), RangeError, "Infinity");
});

Deno.test("topCount() is what a threshold at the floor(n (1 - v))-th value keeps", () => {
  assertEquals([100, 50, 15, 0].map((percent) => topCount(16, percent)), [16, 8, 3, 0]);
  // ⌊50176 · 0.85⌋ = 42649 go.
  assertEquals(topCount(224 * 224, 15), 7527);
  assertThrows(() => topCount(16, 101), RangeError, "top 101 %");
  assertThrows(() => topCount(16, NaN), RangeError);
});

Deno.test("kthValue() counts from 1 as torch.kthvalue", () => {
  const values = Float32Array.from(uniforms("kth", 50, 0));
  for (const [k, value] of Object.entries(answers().kth)) {
    assertAlmostEquals(kthValue(values, Number(k)), value, 1e-9);
  }
});

Deno.test("keepTop() of a 4 x 4 map is m (m > kth), soft, and ones, hard", () => {
  const order = rankPixels(FOUR);
  const kth = kthValue(FOUR, 8);
  assertEquals([...keepTop(FOUR, order, 50, "soft")], [...FOUR].map((value) => value > kth ? value : 0));
  const hard = keepTop(FOUR, order, 15, "hard");
  assertEquals([...hard.keys()].filter((i) => hard[i] === 1), [0, 5, 10]);
  assertEquals([...keepTop(FOUR, order, 100, "soft")], [...FOUR]);
});

Deno.test("keepTop() keeps half of a flat map, where a strict threshold keeps nothing", () => {
  const flat = new Float32Array(16).fill(0.5);
  const kth = kthValue(flat, 8);
  assertEquals(flat.filter((value) => value > kth).length, 0);
  assertEquals(keepTop(flat, rankPixels(flat), 50, "soft").filter((value) => value === 0.5).length, 8);
});

Deno.test("markRemoved() takes the same number from either end, and never the same pixels", () => {
  const order = rankPixels(FOUR);
  const most = markRemoved(order, 5, "morf");
  const least = markRemoved(order, 5, "lerf");
  assertEquals([...most.keys()].filter((i) => most[i] === 1), [0, 5, 6, 8, 10]);
  assertEquals([...least.keys()].filter((i) => least[i] === 1), [1, 4, 9, 12, 13]);
  assert(most.every((gone, i) => gone + least[i]! < 2));
});
