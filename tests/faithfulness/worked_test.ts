/**
 * A picture of 4 × 4 pixels and a classifier that can be done in the head: the probability of its first class is the
 * mean of the two left columns. All numbers below are worked by hand.
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { checkMap, checkSentence } from "../../src/faithfulness/check.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import { enlarge } from "../../src/faithfulness/probe.ts";
import { roadProbe } from "../../src/faithfulness/road.ts";
import { createOutcome } from "../../src/faithfulness/scoring.ts";
import { stepsProbe } from "../../src/faithfulness/insertion_deletion.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import type { ScoreBatch } from "../../src/faithfulness/types.ts";

const isLeft = (i: number) => i % 4 < 2;
const meanOfLeft = (pixels: Float32Array) =>
  pixels.reduce((sum, value, i) => sum + (isLeft(i) ? value : 0), 0) / 24;
const scoreOne = (pixels: Float32Array) => Float32Array.of(meanOfLeft(pixels), 1 - meanOfLeft(pixels));
const score: ScoreBatch = (pictures) => Promise.resolve(pictures.map(scoreOne));

/** 0.8 on the left, 0.4 on the right. */
const PICTURE = Float32Array.from({ length: 48 }, (_, i) => isLeft(i) ? 0.8 : 0.4);

function columns(...values: [number, number, number, number]) {
  return { width: 4, height: 4, values: Float32Array.from({ length: 16 }, (_, i) => values[i % 4]!) };
}

const of = (...values: [number, number, number, number]): MapMethod => () =>
  Promise.resolve(columns(...values));

async function measuresOf(method: MapMethod) {
  const { methods } = await evaluate({
    images: [{ name: "halves", pixels: PICTURE }],
    methods: { method },
    score,
    measures: ["ad", "ic"],
    resamples: 1,
  });
  const { measures } = methods["method"]!;
  return (key: string) => [measures[key]!.value, measures[key]!.maskArea] as const;
}

function assertMeasure(
  [value, area]: readonly [number, number],
  expected: number,
  expectedArea: number,
): void {
  assertAlmostEquals(value, expected, 1e-4);
  assertAlmostEquals(area, expectedArea, 1e-6);
}

Deno.test("AD and IC of a soft map, by hand: clean 0.8; the first column whole, the second by half", async () => {
  const measure = await measuresOf(of(1, 0.5, 0, 0));
  // Left: four pixels of 0.8, four of 0.4: mean 0.6, a drop of a quarter.
  assertMeasure(measure("AD100"), 25, 6 / 16);
  // The top eight pixels are the two left columns: the same.
  assertMeasure(measure("AD50"), 25, 6 / 16);
  // ⌊16 · 0.85⌋ = 13 go; three of the four pixels that tie for the top stay: 3 · 0.8 / 8 = 0.3.
  assertMeasure(measure("AD15"), 62.5, 3 / 16);
  assertEquals(measure("IC100")[0], 0);
});

Deno.test("AD of a flat map, by hand: half of it stays at 50 %, wherever its ties fall", async () => {
  const measure = await measuresOf(of(0.5, 0.5, 0.5, 0.5));
  assertMeasure(measure("AD100"), 50, 0.5);
  // Eight pixels at half: 0.25 of the area; with L of them left, the mean is L · 0.4 / 8.
  const [drop, area] = measure("AD50");
  assertAlmostEquals(area, 0.25, 1e-6);
  const left = (1 - drop / 100) * 0.8 * 8 / 0.4;
  assertAlmostEquals(left, Math.round(left), 1e-4);
  assert(left > 0 && left < 8, `${left} of 8 pixels on the left: the ties fall on one side`);
});

Deno.test("AD of a map that hides all, by hand, and of one that hides nothing", async () => {
  const nothing = await measuresOf(of(0, 0, 0, 0));
  assertMeasure(nothing("AD100"), 100, 0);
  const everything = await measuresOf(of(1, 1, 1, 1));
  assertMeasure(everything("AD100"), 0, 1);
});

Deno.test("ROAD by hand: a removed column is filled from its neighbours, a removed half takes the other's colour", () => {
  const sample = enlarge({ pixels: PICTURE, map: columns(1, 0.9, 0.1, 0), target: 0, probability: 0.8 });
  const probe = roadProbe(
    sample,
    {
      percents: [25, 50],
      morf: "removed",
      lerf: "removed",
      imputation: "linear",
      noise: 0,
      noiseSpace: "unit",
      score: "accuracy",
      summary: "mean",
    },
    undefined,
    0,
  );
  const pictures = [...probe.images()];
  // MoRF 25 %: 0.8 beside 0.8 fills up to 0.8. MoRF 50 %: only 0.4 is left to fill from.
  pictures[0]!.forEach((value, i) => assertAlmostEquals(value, PICTURE[i]!, 1e-5));
  pictures[1]!.forEach((value) => assertAlmostEquals(value, 0.4, 1e-5));
  // LeRF 50 %: all becomes 0.8, and the left half is what it was.
  pictures[3]!.forEach((value) => assertAlmostEquals(value, 0.8, 1e-5));
  const { values, curves } = probe.read(pictures.map((each) => createOutcome(scoreOne(each), 0)));
  assertEquals(curves!["ROAD-MoRF"], [1, 0]);
  assertEquals(curves!["ROAD-LeRF"], [1, 1]);
  assertEquals([values["ROAD-MoRF"], values["ROAD-LeRF"], values["ROAD"]], [0.5, 1, 0.25]);
});

Deno.test("deletion by hand: a column a step, to black where the mean is 0", () => {
  const sample = enlarge({ pixels: PICTURE, map: columns(1, 0.9, 0.1, 0), target: 0, probability: 0.8 });
  const protocol = { pixelsPerStep: 4, blur: { side: 3, sigma: 1 } };
  const probe = stepsProbe(sample, "deletion", protocol, { mean: [0, 0, 0], std: [1, 1, 1] });
  const { values, curves } = probe.read([...probe.images()].map((each) => createOutcome(scoreOne(each), 0)));
  curves!["deletion"]!.forEach((value, i) => assertAlmostEquals(value, [0.8, 0.4, 0, 0, 0][i]!, 1e-5));
  assertAlmostEquals(values["deletion"]!, 0.2, 1e-5);
});

Deno.test("checkMap() by hand: the half that counts beats the other one, and says so", async () => {
  const sample = (map: ReturnType<typeof columns>) => ({ pixels: PICTURE, map, target: 0, probability: 0.8 });
  const options = { score, measures: ["ad", "ic"] as const, preset: "ptame-2025", batchSize: 3 };
  const left = await checkMap(sample(columns(1, 1, 0, 0)), { right: of(0, 0, 1, 1) }, options);
  assertEquals([left.map.maskArea, left.controls["right"]!.maskArea], [0.5, 0.5]);
  const drops = ({ values }: typeof left.map) =>
    ["AD100", "AD50", "AD15"].map((key) => Math.round(10 * values[key]!) / 10);
  // 15 % keeps three pixels: 3 · 0.8 / 8 = 0.3 on the left, nothing of the left on the right.
  assertEquals(drops(left.map), [0, 0, 62.5]);
  assertEquals(drops(left.controls["right"]!), [100, 100, 100]);
  assertEquals(left.counts, [{ name: "right", better: 3, worse: 0, equal: 3 }]);
  assertEquals(
    checkSentence(left),
    "On this image the map beats the controls: right (better in 3 measures, worse in 0).",
  );
  const right = await checkMap(
    sample(columns(0, 0, 1, 1)),
    { left: of(1, 1, 0, 0), same: of(0, 0, 1, 1) },
    options,
  );
  assertEquals(right.beatsControls, false);
  assertEquals(
    checkSentence(right),
    "On this image the map does not beat left (better in 0 measures, worse in 3), nor same (better in 0 measures, " +
      "worse in 0), which ignore the classifier: do not rely on it.",
  );
});

Deno.test("checkMap() leaves ROAD's accuracy out for a class that is not the top one", async () => {
  const sample = { pixels: PICTURE, map: columns(1, 0.9, 0.1, 0), target: 1, probability: 0.2 };
  const check = await checkMap(sample, { flat: of(0.5, 0.5, 0.5, 0.5) }, { score });
  assertEquals(Object.keys(check.map.values).filter((key) => key.startsWith("ROAD")), []);
  const top = await checkMap({ ...sample, target: 0, probability: 0.8 }, {}, { score });
  assertEquals(Object.keys(top.map.values).filter((key) => key.startsWith("ROAD")).length, 3);
});
