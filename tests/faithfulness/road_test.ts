import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { presetNamed, type RoadProtocol } from "../../src/faithfulness/presets.ts";
import { removedCount, roadProbe, summarizeCurve } from "../../src/faithfulness/road.ts";
import { answers, NORMALIZATION, run, sample, SIDE } from "./fixture.ts";

const PTAME = presetNamed("ptame-2025").road!;
const ICML = presetNamed("road-icml22").road!;
/** What measures.json was made with: removed in both orders, filled linearly, no noise. */
const PLAIN: RoadProtocol = { ...PTAME, imputation: "linear", summary: "mean" };

for (const { seed, target, clean, road } of answers().measures) {
  Deno.test(`roadProbe() agrees with scipy on picture ${seed}, in accuracy and in difference`, () => {
    const of = sample(seed);
    const accuracy = run(roadProbe(of, PLAIN, undefined, 0), target);
    const difference = run(roadProbe(of, { ...PLAIN, score: "difference" }, undefined, 0), target);
    const [morf, lerf] = ["morf", "lerf"].map((order) => PLAIN.percents.map((p) => road[`${order}${p}`]!));
    assertEquals(accuracy.curves!["ROAD-MoRF"], morf!.map((each) => Number(each.correct)));
    assertEquals(accuracy.curves!["ROAD-LeRF"], lerf!.map((each) => Number(each.correct)));
    const mean = (of: typeof morf) =>
      of!.reduce((sum, each) => sum + each.probability - clean[target]!, 0) / 4;
    assertAlmostEquals(difference.values["ROAD-MoRF"]!, mean(morf), 1e-5);
    assertAlmostEquals(difference.values["ROAD-LeRF"]!, mean(lerf), 1e-5);
    assertAlmostEquals(difference.values["ROAD"]!, (mean(lerf) - mean(morf)) / 2, 1e-5);
  });
}

Deno.test("summarizeCurve() is 0.05 + 0.15 s10 + 0.2 s30 + 0.2 s50 + 0.25 s70 for P-TAME's percentages", () => {
  const s = [0.9, 0.7, 0.4, 0.1];
  const expected = 0.05 + 0.15 * 0.9 + 0.2 * 0.7 + 0.2 * 0.4 + 0.25 * 0.1;
  assertAlmostEquals(summarizeCurve([10, 30, 50, 70], s, "trapezoid"), expected, 1e-12);
  assertAlmostEquals(summarizeCurve([10, 30, 50, 70], s, "mean"), 0.525, 1e-12);
  assertAlmostEquals(summarizeCurve([50], [0.5], "trapezoid"), 0.5, 1e-12);
});

Deno.test("removedCount() reads a percentage as removed or as kept", () => {
  assertEquals(removedCount(16, 25, "removed"), 4);
  assertEquals(removedCount(16, 25, "kept"), 12);
  assertEquals(removedCount(50176, 70, "removed"), 35123);
  assertEquals(removedCount(50176, 30, "kept"), 35123);
});

/** Pixels whose value in a picture is not the sample's. */
function changed(pictures: readonly Float32Array[], of: ReturnType<typeof sample>): number[] {
  return pictures.map((picture) => {
    let count = 0;
    for (let i = 0; i < SIDE * SIDE; i++) if (picture[i] !== of.pixels[i]) count++;
    return count;
  });
}

Deno.test("roadProbe() removes what each preset's percentage means", () => {
  const of = sample(0);
  const ours = changed([...roadProbe(of, ICML, undefined, 1).images()], of);
  const removed = ICML.percents.map((percent) => Math.floor(256 * percent / 100));
  // The original program counts what is removed in MoRF order, what is kept in LeRF order.
  assertEquals(ours, [...removed, ...removed.toReversed()]);
  const library = presetNamed("gradcam-lib").road!;
  const theirs = changed([...roadProbe(of, library, NORMALIZATION, 1).images()], of);
  assertEquals(theirs, [...removed.toReversed(), ...removed.toReversed()]);
});

Deno.test("roadProbe() removes the same pixels of all three colours, the top ones first", () => {
  const of = sample(1);
  const [first] = [...roadProbe(of, ICML, undefined, 1).images()];
  const gone = new Set(of.order.subarray(0, 25));
  for (let i = 0; i < 3 * 256; i++) assertEquals(first![i] !== of.pixels[i], gone.has(i % 256));
});

Deno.test("roadProbe() never removes a flat map all at once, in no order", () => {
  const flat = sample(2, { width: 2, height: 2, values: new Float32Array(4).fill(0.5) });
  const counts = changed([...roadProbe(flat, PLAIN, undefined, 0).images()], flat);
  assertEquals(counts, [25, 76, 128, 179, 25, 76, 128, 179]);
});

Deno.test("roadProbe() gives the same noise for a seed, other noise for other pictures, in the preset's unit", () => {
  const of = sample(3);
  const pictures = (
    seed: number,
    protocol = ICML,
  ) => [...roadProbe(of, protocol, NORMALIZATION, seed).images()];
  assertEquals(pictures(5), pictures(5));
  assert(pictures(5)[0]!.some((value, i) => value !== pictures(6)[0]![i]));
  const quiet = pictures(5, { ...ICML, noise: 0 })[8]!;
  const spread = (noisy: Float32Array, colour: number) => {
    let sum = 0;
    for (let i = colour * 256; i < (colour + 1) * 256; i++) sum += (noisy[i]! - quiet[i]!) ** 2;
    // 90 % of 256 pixels are noisy.
    return Math.sqrt(sum / 230);
  };
  assertAlmostEquals(spread(pictures(5)[8]!, 0), 0.01, 0.002);
  const normalized = pictures(5, { ...ICML, noiseSpace: "normalized" })[8]!;
  for (const colour of [0, 1, 2]) {
    assertAlmostEquals(spread(normalized, colour), 0.01 * NORMALIZATION.std[colour]!, 5e-4);
  }
  assertThrows(
    () => roadProbe(of, { ...ICML, noiseSpace: "normalized" }, undefined, 0),
    TypeError,
    "no normalization",
  );
});

Deno.test("roadProbe() fills by Telea in P-TAME's preset, in steps of 1/255", () => {
  const of = sample(0);
  const [first] = [...roadProbe(of, PTAME, undefined, 0).images()];
  const { values } = run(roadProbe(of, PTAME, undefined, 0), of.target);
  for (const pixel of of.order.subarray(0, 25)) {
    assertAlmostEquals(255 * first![pixel]!, Math.round(255 * first![pixel]!), 1e-4);
  }
  // By trapezoids, an accuracy lies within 0.05 and 0.85.
  assert(values["ROAD-MoRF"]! >= 0.05 && values["ROAD-LeRF"]! <= 0.85);
});

Deno.test("road-icml22-confidence is road-icml22 by the probability of the class; Quantus' takes odd percentages", () => {
  const of = sample(1);
  const read = (preset: string) => {
    const probe = roadProbe(of, presetNamed(preset).road!, NORMALIZATION, 0);
    const outcomes = Array.from(
      { length: probe.count },
      (_, i) => ({ probability: i / 100, correct: i % 2 === 0 }),
    );
    return { count: probe.count, ...probe.read(outcomes) };
  };
  const [hits, confidence, quantus] = ["road-icml22", "road-icml22-confidence", "quantus"].map(read);
  const images = (preset: string) => [...roadProbe(of, presetNamed(preset).road!, NORMALIZATION, 0).images()];
  const [before, after] = ["road-icml22", "road-icml22-confidence"].map(images);
  assertEquals(before!.every((image, i) => image.every((value, at) => value === after![i]![at])), true);
  assertEquals(hits!.curves!["ROAD-MoRF"], [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  assertEquals(confidence!.curves!["ROAD-MoRF"], [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08]);
  // LeRF's probabilities are 0.09 to 0.17, MoRF's 0 to 0.08: half of the difference of their means.
  assertAlmostEquals(confidence!.values["ROAD"]!, 0.045, 1e-12);
  assertEquals([hits!.count, quantus!.count], [18, 100]);
  assertEquals(presetNamed("quantus").road!.percents.slice(0, 3), [1, 3, 5]);
});
