/**
 * Measures rank the values of a formula. What makes a map legible (a cap, magnitudes, a scale) changes nothing, and
 * each measure does with values below zero what its definition says: for every method and every measure.
 */
import { assert, assertEquals } from "@std/assert";
import { METHODS } from "../../src/baselines/methods.ts";
import { type MapSense, maskFrom } from "../../src/baselines/types.ts";
import type { MaskMap } from "../../src/explanation/blank_map.ts";
import { minMax } from "../../src/ptame/fuse.ts";
import { askProbes } from "../../src/faithfulness/ask.ts";
import { createProbes, type MeasureName, MEASURES } from "../../src/faithfulness/measures.ts";
import { presetNamed } from "../../src/faithfulness/presets.ts";
import type { Reading } from "../../src/faithfulness/probe.ts";
import { createScoreQueue } from "../../src/faithfulness/scoring.ts";
import { rankPixels } from "../../src/faithfulness/threshold.ts";
import { uniforms } from "../support/seeded_weights.ts";
import { NORMALIZATION, sample, score, SIDE } from "./fixture.ts";

const size = { width: SIDE, height: SIDE };
const AREA = SIDE * SIDE;

/** How a method makes a mask of its values. */
type MakeMask = (values: Float32Array) => MaskMap;

/** Values of a formula: with some below zero if it has such values, and a few far above the others. */
function formulaValues(seed: number, signed: boolean): Float32Array {
  return Float32Array.from(uniforms("formula", AREA, seed), (u) => signed ? u ** 3 - 0.3 : u ** 8);
}

async function valuesOf(measure: MeasureName, make: MakeMask, signed: boolean): Promise<Reading["values"]> {
  const of = sample(1, make(formulaValues(1, signed)));
  const context = {
    normalization: NORMALIZATION,
    seed: 1,
    region: { boxes: [{ x: 3, y: 2, width: 7, height: 9 }] },
    explainAgain: () => Promise.resolve(make(formulaValues(2, signed))),
    rival: { index: (of.target + 1) % 3, margin: 0.5 },
  };
  const queue = createScoreQueue(score, 16);
  let reading: Reading | undefined;
  await askProbes(
    queue,
    createProbes(of, [measure], presetNamed("ptame-2025"), context),
    of.target,
    (found) => reading = found,
    context.rival.index,
  );
  await queue.flush();
  return reading!.values;
}

/** Only the order of the values, as a mask. */
const onlyOrder: MakeMask = (values) => {
  const ranked = new Float32Array(AREA);
  rankPixels(values).forEach((pixel, place) => ranked[pixel] = 1 - place / AREA);
  return { ...size, values: ranked };
};

const greatest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** What is above zero, as a mask. */
const withoutNegative: MakeMask = (values) => {
  const positive = values.map((value) => Math.max(0, value));
  return { ...size, values: positive.map((value) => value / greatest(positive)) };
};

const signedMask = (values: Float32Array): MaskMap => ({
  ...withoutNegative(values),
  raw: values,
  signed: true,
});

/** The magnitudes, as a mask. */
const magnitudes: MakeMask = (values) => withoutNegative(values.map(Math.abs));

const differ = (a: Reading["values"], b: Reading["values"]) => JSON.stringify(a) !== JSON.stringify(b);

const METHODS_AND_SENSES: readonly (readonly [string, MapSense])[] = METHODS.map((method) =>
  [method.name, method.needs === "head" ? { view: "range", signed: false } : method] as const
);

Deno.test("every method says whether its values have a sign that counts", () => {
  const signed = METHODS.filter((method) => method.needs !== "head" && method.signed).map(({ name }) => name);
  assert(signed.includes("integrated-gradients"));
  assert(!signed.includes("gradcam"));
});

for (const [name, sense] of METHODS_AND_SENSES) {
  Deno.test(`measures of ${name} take the values of its formula, uncapped and with their sign`, async () => {
    const own: MakeMask = (values) =>
      name === "ptame"
        ? { ...minMax({ ...size, values }), raw: values }
        : maskFrom({ ...size, values }, sense);
    for (const { name: measure, negative } of MEASURES) {
      const values = await valuesOf(measure, own, sense.signed);
      if (negative === "order") {
        assertEquals(values, await valuesOf(measure, onlyOrder, sense.signed), measure);
        continue;
      }
      // A map without a sign is its mask: nothing of it lies below zero.
      const plain: MakeMask = (given) =>
        sense.view === "mask" ? { ...size, values: given } : minMax({ ...size, values: given });
      if (!sense.signed) assertEquals(values, await valuesOf(measure, plain, false), measure);
      else if (negative === "zero") {
        assertEquals(values, await valuesOf(measure, withoutNegative, true), measure);
      } else if (negative === "magnitude") {
        assertEquals(values, await valuesOf(measure, magnitudes, true), measure);
      } else {
        assertEquals(values, await valuesOf(measure, signedMask, true), measure);
        assert(differ(values, await valuesOf(measure, magnitudes, true)), measure);
        assert(differ(values, await valuesOf(measure, withoutNegative, true)), measure);
      }
    }
  });
}

Deno.test("the cap and the magnitude of a map are in what people see alone", () => {
  const values = formulaValues(1, true);
  const mask = maskFrom({ ...size, values }, { view: "magnitude", signed: true });
  const atTop = (of: Float32Array) => of.reduce((count, value) => count + (value === 1 ? 1 : 0), 0);
  assertEquals([atTop(mask.values), atTop(mask.shown!)], [1, 4]);
  const lowest = values.indexOf(Math.min(...values));
  assertEquals(mask.values[lowest], 0);
  assert(mask.shown![lowest]! > 0);
  assertEquals(sample(1, mask).order[0], values.indexOf(Math.max(...values)));
  assertEquals(sample(1, mask).order.at(-1), lowest);
});
