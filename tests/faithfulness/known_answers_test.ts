/**
 * Known answers: classifiers whose true contributions are known, and the values of every measure worked out by hand. The
 * probability of class 0 of a linear classifier is a weighted sum of the pixels, of an additive one the sum of a curve
 * over them, of the last one the value of a single pixel.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { MaskMap } from "../../src/explanation/blank_map.ts";
import { arcc } from "../../src/faithfulness/arcc.ts";
import { askProbes } from "../../src/faithfulness/ask.ts";
import type { ProbeContext } from "../../src/faithfulness/measure.ts";
import { createProbes, type MeasureName } from "../../src/faithfulness/measures.ts";
import { type MeasurePreset, presetNamed } from "../../src/faithfulness/presets.ts";
import { enlarge } from "../../src/faithfulness/probe.ts";
import { makeSuperpixels } from "../../src/image/superpixels.ts";
import { createScoreQueue } from "../../src/faithfulness/scoring.ts";

const SIDE = 8;
const AREA = SIDE * SIDE;
const NORMALIZATION = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
/** The protocols in black, in steps of one pixel. */
const PRESET: MeasurePreset = {
  ...presetNamed("ptame-2025"),
  steps: { pixelsPerStep: 1, blur: { side: 11, sigma: 5 } },
  flipping: { steps: AREA, space: "unit" },
  subset: { share: 0.25, samples: 20, space: "unit" },
  sensitivityN: { shares: [0.1, 0.5], samples: 20, space: "unit" },
  regions: { cells: 4, regions: 4, space: "unit" },
  selectivity: { cells: 4, regions: 16, space: "unit" },
  singleDeletion: { cells: 8, space: "unit" },
  infidelity: { cells: 8, lengths: [1, 2], samples: Infinity, space: "unit" },
  contrast: { percents: [10, 50], space: "unit" },
};

/** Values of measures for a map of a classifier, whose probability of class 0 is given. */
async function measured(
  probability: (pixels: Float32Array) => number,
  pixels: Float32Array,
  map: MaskMap,
  names: readonly MeasureName[],
  more: Partial<ProbeContext> = {},
  preset = PRESET,
): Promise<Readonly<Record<string, number>>> {
  const sample = enlarge({ pixels, map, target: 0, probability: probability(pixels) });
  const queue = createScoreQueue((images) =>
    Promise.resolve(images.map((image) => {
      const value = probability(image);
      return Float32Array.of(value, 1 - value);
    })), 16);
  const context = { normalization: NORMALIZATION, seed: 3, ...more };
  let values: Readonly<Record<string, number>> = {};
  const probes = createProbes(sample, names, preset, context);
  await askProbes(queue, probes, 0, (found) => values = found.values, more.rival?.index);
  await queue.flush();
  return values;
}

/** Each pixel has one value in all colours. */
const gray = (values: ArrayLike<number>) =>
  Float32Array.from({ length: 3 * AREA }, (_, i) => values[i % AREA]!);

/** Distinct values from 1 / AREA to 1 in a scattered order. */
const SCATTERED = Float32Array.from({ length: AREA }, (_, i) => ((i * 37) % AREA + 1) / AREA);

/** A map of contributions, as a mask and with its sign. */
function contributions(raw: Float32Array): MaskMap {
  const greatest = Math.max(...raw);
  const values = raw.map((value) => Math.max(0, value) / greatest);
  return { width: SIDE, height: SIDE, values, raw, signed: true };
}

/** Weights of the linear classifier: positive, and with a third of them negative. */
const POSITIVE = SCATTERED.map((value) => value / 80);
const SIGNED = SCATTERED.map((value, i) => (i % 3 === 0 ? -value : value) / 80);

/** Its probability of an empty image. */
const BASE = 0.3;

const linear = (weights: Float32Array) => (pixels: Float32Array) =>
  weights.reduce((sum, weight, i) => sum + weight * pixels[i]!, BASE);

const WHITE = gray(new Float32Array(AREA).fill(1));

Deno.test("linear classifier: its weights predict every drop", async () => {
  for (const weights of [POSITIVE, SIGNED]) {
    const names = [
      "faithfulness-correlation",
      "faithfulness-estimate",
      "sensitivity-n",
      "infidelity",
      "single-deletion",
    ] as const;
    const values = await measured(linear(weights), WHITE, contributions(weights), names);
    assertAlmostEquals(values["faithfulness-correlation"]!, 1, 1e-6);
    assertAlmostEquals(values["faithfulness-estimate"]!, 1, 1e-6);
    assertAlmostEquals(values["sensitivity-n"]!, 1, 1e-6);
    assertAlmostEquals(values["infidelity"]!, 0, 1e-12);
    assertAlmostEquals(values["single-deletion"]!, 1, 1e-12);
    const reversed = await measured(linear(weights), WHITE, contributions(weights.map((w) => -w)), names);
    assertAlmostEquals(reversed["faithfulness-correlation"]!, -1, 1e-6);
    assertAlmostEquals(reversed["faithfulness-estimate"]!, -1, 1e-6);
    assertAlmostEquals(reversed["sensitivity-n"]!, -1, 1e-6);
    assertAlmostEquals(reversed["single-deletion"]!, -1, 1e-12);
  }
});

Deno.test("linear classifier: curves are sums of its sorted weights", async () => {
  const names = ["pixel-flipping", "monotonicity", "selectivity", "region-perturbation"] as const;
  const p = linear(SIGNED);
  const values = await measured(p, WHITE, contributions(SIGNED), names);
  const sorted = [...SIGNED].sort((a, b) => b - a);
  const curve = sorted.map((_, i) =>
    p(WHITE) - sorted.slice(0, i + 1).reduce((sum, weight) => sum + weight, 0)
  );
  const trapezoids = (of: number[]) =>
    (of.reduce((sum, value) => sum + value, 0) - (of[0]! + of.at(-1)!) / 2) / (of.length - 1);
  assertAlmostEquals(values["pixel-flipping"]!, trapezoids(curve), 1e-5);
  // Restored from the lowest: the probability falls for each negative weight but the first, which no step precedes.
  const negative = SIGNED.filter((weight) => weight < 0).length;
  assertEquals(values["monotonicity"], 0);
  assertAlmostEquals(values["monotonicity-steps"]!, 1 - (negative - 1) / (AREA - 1), 1e-12);
  const upward = await measured(linear(POSITIVE), WHITE, contributions(POSITIVE), ["monotonicity"]);
  assertEquals([upward["monotonicity"], upward["monotonicity-steps"]], [1, 1]);

  const squares = Array.from(
    { length: 16 },
    (_, cell) =>
      [0, 1, 8, 9].reduce((sum, at) => sum + SIGNED[Math.floor(cell / 4) * 16 + cell % 4 * 2 + at]!, 0),
  ).sort((a, b) => b - a);
  const drops = squares.map((_, i) => squares.slice(0, i + 1).reduce((sum, each) => sum + each, 0));
  assertAlmostEquals(values["selectivity"]!, trapezoids(drops.map((drop) => p(WHITE) - drop)), 1e-5);
  assertAlmostEquals(
    values["region-perturbation"]!,
    drops.slice(0, 4).reduce((sum, drop) => sum + drop, 0) / 5,
    1e-5,
  );
});

Deno.test("linear classifier: masked by its weights it keeps the sum of their squares", async () => {
  const map = { width: SIDE, height: SIDE, values: SCATTERED };
  const p = linear(POSITIVE);
  const { AD100, IC100, AG100 } = await measured(p, WHITE, map, ["ad", "ic", "ag"]) as Record<string, number>;
  const kept = BASE + POSITIVE.reduce((sum, weight, i) => sum + weight * SCATTERED[i]!, 0);
  assertAlmostEquals(AD100!, 100 * (p(WHITE) - kept) / p(WHITE), 1e-3);
  assertEquals([IC100, AG100], [0, 0]);
  // Weights below zero: what is hidden helps the class.
  const against = (pixels: Float32Array) => 0.9 - (linear(POSITIVE)(pixels) - BASE) / 2;
  const { AD100: drop, IC100: rise, AG100: gain } = await measured(against, WHITE, map, [
    "ad",
    "ic",
    "ag",
  ]) as Record<
    string,
    number
  >;
  const [before, after] = [against(WHITE), 0.9 - (kept - BASE) / 2];
  assertEquals([drop, rise], [0, 100]);
  assertAlmostEquals(gain!, 100 * (after - before) / (1 - before), 1e-3);
});

Deno.test("linear classifier: noise changes the map of weights not at all, and weight times pixel by the noise", async () => {
  const names = ["max-sensitivity", "avg-sensitivity"] as const;
  const constant = await measured(linear(SIGNED), WHITE, contributions(SIGNED), names, {
    explainAgain: () => Promise.resolve(contributions(SIGNED)),
  });
  assertEquals([constant["max-sensitivity"], constant["avg-sensitivity"]], [0, 0]);
  const factors: number[] = [];
  const scaled = await measured(linear(SIGNED), WHITE, contributions(SIGNED), names, {
    // The map grows as the first pixel does: by as much as the noise there.
    explainAgain: (change) => {
      factors.push(change(WHITE)[0]!);
      return Promise.resolve(contributions(SIGNED.map((weight) => weight * factors.at(-1)!)));
    },
  });
  const changes = factors.map((factor) => Math.abs(factor - 1));
  assertEquals(changes.length, 10);
  assertAlmostEquals(scaled["max-sensitivity"]!, Math.max(...changes), 1e-6);
  assertAlmostEquals(scaled["avg-sensitivity"]!, changes.reduce((sum, each) => sum + each, 0) / 10, 1e-6);
  // A radius of 0.02 of the classifier's input is 0.005 of a pixel that is divided by 0.25.
  assertEquals(changes.every((each) => each <= 0.005 + 1e-6), true);
});

Deno.test("additive classifier: what the curve gives each pixel predicts every drop, the pixel's value does not", async () => {
  const curve = (value: number) => value ** 3 / 100;
  const p = (pixels: Float32Array) =>
    pixels.subarray(0, AREA).reduce((sum, value) => sum + curve(value), 0.1);
  const pixels = gray(SCATTERED);
  const names = ["faithfulness-correlation", "faithfulness-estimate", "sensitivity-n", "infidelity"] as const;
  const right = await measured(p, pixels, contributions(SCATTERED.map(curve)), names);
  for (const name of names) assertAlmostEquals(right[name]!, name === "infidelity" ? 0 : 1, 1e-6);
  const other = await measured(p, pixels, contributions(SCATTERED), names);
  for (const name of names) {
    assertEquals(name === "infidelity" ? other[name]! > 1e-7 : other[name]! < 0.999, true, name);
  }
});

Deno.test("classifier of one pixel: the map of that pixel is best in every measure", async () => {
  const place = 19;
  const p = (pixels: Float32Array) => 0.1 + 0.8 * pixels[place]!;
  const one = new Float32Array(AREA);
  one[place] = 1;
  const map = { width: SIDE, height: SIDE, values: one };
  const region = { boxes: [{ x: place % SIDE, y: Math.floor(place / SIDE), width: 1, height: 1 }] };
  const names: MeasureName[] = [
    ...["ad", "ic", "deletion", "insertion", "pixel-flipping", "region-perturbation", "selectivity"] as const,
    ...[
      "faithfulness-correlation",
      "faithfulness-estimate",
      "sensitivity-n",
      "monotonicity",
      "infidelity",
      "single-deletion",
    ] as const,
    ...["sparseness", "complexity", "effective-complexity", "coherency", "adcc", "arcc"] as const,
    ...["pointing", "energy", "relevance-rank", "miou", "top-k"] as const,
  ];
  const explainAgain = () => Promise.resolve(map);
  const values = await measured(p, WHITE, map, names, { region, explainAgain });
  const expected: Readonly<Record<string, number>> = {
    "AD100": 0,
    "IC100": 0,
    // Clean 0.9, then the mean colour: 0.1 + 0.8 / 2, and half of the first step between the two.
    "deletion": 0.5 + 0.4 / (2 * AREA),
    "pixel-flipping": 0.1,
    "selectivity": 0.1,
    "region-perturbation": 4 * 0.8 / 5,
    "faithfulness-correlation": 1,
    "faithfulness-estimate": 1,
    "sensitivity-n": 1,
    "monotonicity": 1,
    "monotonicity-steps": 1,
    "infidelity": 0,
    "sparseness": 1 - 1 / AREA,
    "complexity": 0,
    "effective-complexity": 100 / AREA,
    "coherency": 1,
    "adcc": 3 / (2 + 1 / (1 - 1 / AREA)),
    "single-deletion": 1,
    // Without the pixel its neighbours fill it, and they are as white: nothing is lost, and ROAD is 0.
    "arcc": 0,
    "pointing": 1,
    "energy": 1,
    "relevance-rank": 1,
    "miou": 1,
    "top-k": 1,
  };
  for (const [key, value] of Object.entries(expected)) assertAlmostEquals(values[key]!, value, 1e-4, key);
  // The blurred image has about the mean colour at the pixel, until it comes back with the first step.
  assertEquals(values["insertion"]! > 0.89 && values["insertion"]! < 0.9, true);
});

/** The probability of the first of two classes, whose scores differ by so much. */
const ofScore = (difference: number) => 1 / (1 + Math.exp(-difference));

/** Contrast by hand: the score's difference is known of every image. */
async function contrast(difference: (pixels: Float32Array) => number, pixels: Float32Array, map: MaskMap) {
  const rival = { index: 1, margin: difference(pixels) };
  const values = await measured((of) => ofScore(difference(of)), pixels, map, ["contrast"], { rival });
  return [values["contrast-fall"]!, values["contrast-rise"]!] as const;
}

/** Sums of the greatest 10 and 50 % of the values, of which contrast takes the mean. */
const meanOfParts = (values: readonly number[]) =>
  [6, 32].reduce((sum, count) => sum + values.slice(0, count).reduce((a, b) => a + b, 0), 0) / 2;

Deno.test("contrast: of a linear classifier, both values are sums of the weights' differences", async () => {
  const difference = (pixels: Float32Array) => 60 * (linear(SIGNED)(pixels) - BASE) - 1;
  const sorted = [...SIGNED].map((weight) => 60 * weight).sort((a, b) => b - a);
  const [fall, rise] = await contrast(difference, WHITE, contributions(SIGNED));
  assertAlmostEquals(fall, meanOfParts(sorted), 1e-4);
  assertAlmostEquals(rise, meanOfParts(sorted), 1e-4);
  // The other way round, what supports the rival is removed and kept.
  const reversed = await contrast(difference, WHITE, contributions(SIGNED.map((weight) => -weight)));
  assertAlmostEquals(reversed[0], meanOfParts(sorted.toReversed()), 1e-4);
  assertAlmostEquals(reversed[1], meanOfParts(sorted.toReversed()), 1e-4);
});

Deno.test("contrast: of an additive classifier, the sums of its curve; of one pixel, that pixel alone", async () => {
  const curve = (value: number) => value ** 3 - value / 2;
  const additive = (pixels: Float32Array) => pixels.subarray(0, AREA).reduce((sum, v) => sum + curve(v), 0.2);
  const sorted = [...SCATTERED].map(curve).sort((a, b) => b - a);
  const right = await contrast(additive, gray(SCATTERED), contributions(SCATTERED.map(curve)));
  for (const value of right) assertAlmostEquals(value, meanOfParts(sorted), 1e-4);
  const other = await contrast(additive, gray(SCATTERED), contributions(SCATTERED.map((value) => -value)));
  for (const value of other) assertEquals(value < meanOfParts(sorted) - 0.1, true);

  const place = 19;
  const one = new Float32Array(AREA);
  one[place] = 1;
  const found = await contrast((pixels) => 3 * pixels[place]! - 1, WHITE, {
    width: SIDE,
    height: SIDE,
    values: one,
  });
  for (const value of found) assertAlmostEquals(value, 3, 1e-5);
});

Deno.test("measures without a value leave the picture out: no object, equal drops, a map without order", async () => {
  const flat = () => 0.5;
  const map = { width: SIDE, height: SIDE, values: SCATTERED };
  assertEquals(
    await measured(flat, WHITE, map, ["relevance-rank", "top-k", "miou", "pointing", "energy", "contrast"]),
    {},
  );
  const outside = { boxes: [{ x: 40, y: 40, width: 4, height: 4 }] };
  assertEquals(
    await measured(flat, WHITE, map, ["relevance-rank", "top-k", "miou"], { region: outside }),
    {},
  );
  assertEquals(
    await measured(flat, WHITE, map, [
      "faithfulness-correlation",
      "faithfulness-estimate",
      "sensitivity-n",
      "single-deletion",
    ]),
    {},
  );
  const zeros = { width: SIDE, height: SIDE, values: new Float32Array(AREA) };
  const nothing = await measured(flat, WHITE, zeros, ["complexity", "sparseness", "effective-complexity"]);
  assertEquals(Object.keys(nothing).sort(), ["effective-complexity", "sparseness"]);
  assertAlmostEquals(nothing["sparseness"]!, 0, 1e-12);
  assertEquals(nothing["effective-complexity"], 0);
});

Deno.test("irof by hand: a picture of two halves, of which the classifier reads the left one", async () => {
  // White on the left, black on the right; four superpixels, two in each half, become their common gray, 0.5.
  const pixels = gray(Float32Array.from({ length: AREA }, (_, i) => i % SIDE < SIDE / 2 ? 1 : 0));
  const left = Array.from({ length: AREA }, (_, i) => i).filter((i) => i % SIDE < SIDE / 2);
  const p = (of: Float32Array) => 0.2 + 0.6 * left.reduce((sum, i) => sum + of[i]!, 0) / left.length;
  const half = (left: number) => ({
    ...{ width: SIDE, height: SIDE },
    values: Float32Array.from({ length: AREA }, (_, i) => i % SIDE < SIDE / 2 ? left : 1 - left),
  });
  const quarters: MeasurePreset = { ...PRESET, irof: { superpixels: 4 } };
  const irof = async (left: number) =>
    (await measured(p, pixels, half(left), ["irof"], {}, quarters))["irof"]!;
  // The left half takes 0.3 of 0.8, each superpixel by its share of the half.
  const { labels, count } = makeSuperpixels(pixels, { width: SIDE, height: SIDE }, { count: 4 });
  const sizes = Array.from({ length: count }, (_, label) => left.filter((i) => labels[i] === label).length);
  const onLeft = sizes.filter((size) => size > 0);
  assertEquals([count, onLeft.length, onLeft[0]! + onLeft[1]!], [4, 2, 32]);
  const trapezoids = ([a, b, c, d]: number[]) => ((a! + d!) / 2 + b! + c!) / 3;
  const expected = (curve: (first: number) => number[]) =>
    onLeft.map((size) => 1 - trapezoids(curve(0.8 - 0.3 * size / 32)) / 0.8);
  const nearest = (value: number, of: number[]) => Math.min(...of.map((each) => Math.abs(each - value)));
  assertAlmostEquals(nearest(await irof(1), expected((first) => [first, 0.5, 0.5, 0.5])), 0, 1e-6);
  assertAlmostEquals(nearest(await irof(0), expected((first) => [0.8, 0.8, first, 0.5])), 0, 1e-6);
});

Deno.test("arcc by hand: three parts, of which ROAD is cut to 0 to 1", () => {
  const harmonic = (...parts: number[]) => 3 / parts.reduce((sum, part) => sum + 1 / (part + 1e-8), 0);
  assertAlmostEquals(arcc(0.5, 0.75, 0.5), harmonic(0.5, 0.25, 0.5), 1e-12);
  assertAlmostEquals(arcc(1, 0, 1.7), 1, 1e-7);
  assertAlmostEquals(arcc(1, 0, -0.4), 0, 1e-7);
});

Deno.test("arcc of a classifier that reads the left half: white there, black elsewhere, shown by its map", async () => {
  const left = (i: number) => i % SIDE < SIDE / 2;
  const pixels = gray(Float32Array.from({ length: AREA }, (_, i) => left(i) ? 1 : 0));
  const p = (of: Float32Array) =>
    of.subarray(0, AREA).reduce((sum, value, i) => left(i) ? sum + value : sum, 0) / 32;
  const values = Float32Array.from({ length: AREA }, (_, i) => left(i) ? 1 : 0);
  const map = { width: SIDE, height: SIDE, values };
  // Half is removed: first of the least relevant, of which nothing is read; then of the most, which turns black.
  const road = { ...presetNamed("arcc-2026").arcc!.road, percents: [50], noise: 0 };
  const preset = { ...PRESET, arcc: { space: "unit", road } } as const;
  const explain = (again: Float32Array) =>
    measured(p, pixels, map, ["arcc"], {
      explainAgain: (change) => {
        // The map hides nothing that is white.
        assertEquals(change(pixels).every((value, i) => value === pixels[i]), true);
        return Promise.resolve({ width: SIDE, height: SIDE, values: again });
      },
    }, preset);
  // Coherency 1, half of the image, and all of the probability.
  assertAlmostEquals((await explain(values))["arcc"]!, 3 / (1 + 2 + 1), 1e-6);
  // A flat map the second time: coherency 0.5.
  assertAlmostEquals((await explain(new Float32Array(AREA)))["arcc"]!, 3 / (2 + 2 + 1), 1e-6);
  // The reverse: coherency 0.
  assertAlmostEquals((await explain(values.map((value) => 1 - value)))["arcc"]!, 0, 1e-6);
});

Deno.test("single deletion by hand: four cells whose drops are 1, 2, 3, 4 in an order that the map has but for two", async () => {
  const cell = (i: number) => 2 * Math.floor(i / SIDE / 4) + Math.floor(i % SIDE / 4);
  const weights = Float32Array.from({ length: AREA }, (_, i) => (cell(i) + 1) / 400);
  const sums = [1, 2, 4, 3];
  const map = {
    ...{ width: SIDE, height: SIDE },
    values: Float32Array.from({ length: AREA }, (_, i) => sums[cell(i)]! / 4),
  };
  const preset = { ...PRESET, singleDeletion: { cells: 2, space: "unit" } } as const;
  const values = await measured(linear(weights), WHITE, map, ["single-deletion"], {}, preset);
  // 1 − 6 · (1 + 1) / (4 · 15).
  assertAlmostEquals(values["single-deletion"]!, 0.8, 1e-12);
});
