/** Contrasts by any method, and the rival that they and the measure take. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { MaskMap } from "../../src/explanation/blank_map.ts";
import { contrastMap, contrastMethods } from "../../src/faithfulness/contrast_method.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import { createOutcome, marginOf, runnerUp } from "../../src/faithfulness/scoring.ts";
import type { ScoreBatch } from "../../src/faithfulness/types.ts";
import { NORMALIZATION } from "./fixture.ts";

const of = (...raw: number[]): MaskMap => ({
  width: raw.length,
  height: 1,
  values: new Float32Array(raw.length).fill(0.5),
  raw: Float32Array.from(raw),
  signed: false,
});
const blank = (reason: "constant" | "not-finite"): MaskMap => ({
  width: 3,
  height: 1,
  values: new Float32Array(3),
  blank: { reason, note: "" },
});

Deno.test("contrastMap() is the centred difference of the formula's values, with its sign", () => {
  const { raw, values, signed, width } = contrastMap(of(3, 10, 1), of(1, 2, 1));
  // 2, 8, 0 around 10 / 3.
  assertEquals([signed, width], [true, 3]);
  [2, 8, 0].forEach((value, i) => assertAlmostEquals(raw![i]!, value - 10 / 3, 1e-5));
  [0, 1, 0].forEach((value, i) => assertAlmostEquals(values[i]!, value, 1e-6));
  // The level of a class's map means nothing.
  const shifted = contrastMap(of(103, 110, 101), of(1, 2, 1));
  raw!.forEach((value, i) => assertAlmostEquals(shifted.raw![i]!, value, 1e-4));
});

Deno.test("contrastMap() of maps that differ by a constant, or not at all, is blank", () => {
  assertEquals(contrastMap(of(1, 2, 3), of(5, 6, 7)).blank?.reason, "constant");
  assertEquals(contrastMap(of(1, 2, 3), of(1, 2, 3.00001)).blank?.reason, "constant");
  assertEquals(contrastMap(of(1, 2, 3), blank("not-finite")).blank?.reason, "not-finite");
  // A map that shows nothing is a map of zeros.
  const [kept, turned] = [
    contrastMap(of(0, 1, 0), blank("constant")),
    contrastMap(blank("constant"), of(0, 1, 0)),
  ];
  assertEquals([kept.values[1], turned.values[1]], [1, 0]);
});

Deno.test("runnerUp() is the most probable class but the target; marginOf() is bounded where 32 bits end", () => {
  assertEquals(runnerUp(Float32Array.of(0.5, 0.2, 0.3), 0), 2);
  assertEquals(runnerUp(Float32Array.of(0.5, 0.2, 0.3), 2), 0);
  assertEquals(runnerUp(Float32Array.of(0.2, 0.4, 0.4), 1), 2);
  assertAlmostEquals(marginOf(Float32Array.of(0.6, 0.3, 0.1), 0, 1), Math.LN2, 1e-6);
  assertAlmostEquals(marginOf(Float32Array.of(1, 0), 0, 1), 37 * Math.LN10, 1e-6);
  assertEquals("margin" in createOutcome(Float32Array.of(0.6, 0.4), 0), false);
});

Deno.test("evaluate() measures the contrast of each image with its own second class, in one more pass", async () => {
  // Two scores read a half each, a third one nothing: the second class of `left` is 1, that of `right` is 0.
  const scored: number[] = [];
  const score: ScoreBatch = (images) => {
    scored.push(images.length);
    return Promise.resolve(images.map((pixels) => {
      const half = (right: boolean) =>
        pixels.subarray(0, 64).reduce((sum, value, i) => sum + (i % 8 >= 4 === right ? value : 0), 0) / 8;
      const powers = [half(false), half(true), 0].map(Math.exp);
      const total = powers.reduce((a, b) => a + b);
      return Float32Array.from(powers, (power) => power / total);
    }));
  };
  const image = (left: number, right: number) =>
    Float32Array.from({ length: 192 }, (_, i) => i % 8 < 4 ? left : right);
  const asked: number[] = [];
  const halves = (_: unknown, target: number) => {
    asked.push(target);
    const values = Float32Array.from({ length: 64 }, (_, i) => target === (i % 8 < 4 ? 0 : 1) ? 1 : 0);
    return Promise.resolve({ width: 8, height: 8, values });
  };
  const uniform = () =>
    Promise.resolve({ width: 8, height: 8, values: Float32Array.from({ length: 64 }, (_, i) => i / 64) });
  const methods = contrastMethods({ halves, uniform, same: uniform }, score, (name) => name === "uniform");
  const { methods: results, records } = await evaluate({
    images: [{ name: "left", pixels: image(0.9, 0.7) }, { name: "right", pixels: image(0.6, 0.9) }],
    methods,
    score,
    measures: ["contrast"],
    normalization: NORMALIZATION,
  });
  assertEquals(asked, [0, 1, 1, 0]);
  // The three methods share the pass that finds the rival.
  assertEquals(scored.filter((count) => count === 1).length, 2);
  assertEquals(results["same"]!.blank, { constant: 2 });
  const fall = (method: string) => results[method]!.measures["contrast-fall"]!.value;
  assertEquals(fall("halves") > fall("uniform") + 0.2, true);
  const { values } = records[0]!.methods["halves"]!;
  // Half of the pixels are the left one: with v % of all removed, their share of the score goes to the mean colour's.
  const mean = 0.485;
  const share = [10, 20, 30, 40, 50].reduce((sum, percent) => sum + Math.round(64 * percent / 100), 0) / 5;
  assertAlmostEquals(values["contrast-fall"]!, share * (0.9 - mean) / 8, 1e-3);
  assertAlmostEquals(values["contrast-rise"]!, share * (0.9 - mean) / 8, 1e-3);
});
