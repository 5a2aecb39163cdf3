/**
 * The table of measures, used by all code that lists, draws, plans or reads measures.
 *
 * @module
 */
import { AVERAGE_DROP, AVERAGE_GAIN, INCREASE } from "./average_drop.ts";
import { ARCC } from "./arcc.ts";
import { ADCC, COHERENCY } from "./coherency.ts";
import { COMPLEXITY, EFFECTIVE_COMPLEXITY, SPARSENESS } from "./concentration.ts";
import { CONTRAST } from "./contrast.ts";
import { INFIDELITY } from "./infidelity.ts";
import { IROF } from "./irof.ts";
import { DELETION, INSERTION } from "./insertion_deletion.ts";
import type { CurveAxis, MeasureDefinition, ProbeContext, ValueDescription } from "./measure.ts";
import { MEAN_IOU, RELEVANCE_RANK, TOP_K } from "./overlap.ts";
import { FAITHFULNESS_ESTIMATE, MONOTONICITY, PIXEL_FLIPPING } from "./pixel_flipping.ts";
import { ENERGY, POINTING } from "./pointing.ts";
import { type MeasurePreset, presetNamed } from "./presets.ts";
import type { Enlarged, Probe } from "./probe.ts";
import { FAITHFULNESS_CORRELATION, SENSITIVITY_N } from "./random_subsets.ts";
import { REGION_PERTURBATION, SELECTIVITY } from "./region_perturbation.ts";
import { ROAD } from "./road.ts";
import { SINGLE_DELETION } from "./single_deletion.ts";
import { AVG_SENSITIVITY, MAX_SENSITIVITY } from "./stability.ts";

/** Names of the measures. */
export type MeasureName =
  | "ad"
  | "ic"
  | "ag"
  | "road"
  | "insertion"
  | "deletion"
  | "pixel-flipping"
  | "region-perturbation"
  | "selectivity"
  | "irof"
  | "single-deletion"
  | "infidelity"
  | "faithfulness-correlation"
  | "faithfulness-estimate"
  | "sensitivity-n"
  | "monotonicity"
  | "contrast"
  | "max-sensitivity"
  | "avg-sensitivity"
  | "coherency"
  | "adcc"
  | "arcc"
  | "sparseness"
  | "complexity"
  | "effective-complexity"
  | "pointing"
  | "energy"
  | "relevance-rank"
  | "top-k"
  | "miou";

/** All measures, in the order of reports. */
export const MEASURES: readonly MeasureDefinition<MeasureName>[] = [
  AVERAGE_DROP,
  INCREASE,
  AVERAGE_GAIN,
  ROAD,
  INSERTION,
  DELETION,
  PIXEL_FLIPPING,
  REGION_PERTURBATION,
  SELECTIVITY,
  IROF,
  SINGLE_DELETION,
  INFIDELITY,
  FAITHFULNESS_CORRELATION,
  FAITHFULNESS_ESTIMATE,
  SENSITIVITY_N,
  MONOTONICITY,
  CONTRAST,
  MAX_SENSITIVITY,
  AVG_SENSITIVITY,
  COHERENCY,
  ADCC,
  ARCC,
  SPARSENESS,
  COMPLEXITY,
  EFFECTIVE_COMPLEXITY,
  POINTING,
  ENERGY,
  RELEVANCE_RANK,
  TOP_K,
  MEAN_IOU,
];

/** Their names. */
export const MEASURE_NAMES: readonly MeasureName[] = MEASURES.map(({ name }) => name);

/** The default measures. */
export const USUAL_MEASURES: readonly MeasureName[] = ["ad", "ic", "road"];

/**
 * The measure of that name.
 *
 * @throws {RangeError} When there is none.
 */
export function measureNamed(name: string): MeasureDefinition<MeasureName> {
  const found = MEASURES.find((measure) => measure.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`Unknown measure ${JSON.stringify(name)}: there are ${MEASURE_NAMES.join(", ")}`);
}

/**
 * The measure that a key of a reading belongs to: "AD50" to ad, "ROAD-MoRF" to road.
 *
 * @throws {RangeError} When no measure has it.
 */
export function measureWithKey(key: string): MeasureDefinition<MeasureName> {
  const found = MEASURES.find((measure) => measure.describe(key) !== undefined);
  if (found === undefined) throw new RangeError(`Unknown value ${JSON.stringify(key)}: no measure has it`);
  return found;
}

/** Describes a value by its key. */
export function describeValue(key: string): ValueDescription {
  return measureWithKey(key).describe(key)!;
}

/** Which direction is better. */
export function betterDirection(key: string): "higher" | "lower" {
  return describeValue(key).better;
}

/** The horizontal axis of the curve under a key. */
export function curveAxis(key: string, asked: MeasurePreset, points: number): CurveAxis {
  const measure = measureWithKey(key);
  if (measure.axis === undefined) throw new RangeError(`Cannot draw ${key}: it has no curve`);
  return measure.axis(key, presetForMeasure(asked, measure.name), points);
}

/**
 * The preset for a measure: the requested one, or the measure's own if the requested preset does not define it. Results
 * carry the name of this preset.
 */
export function presetForMeasure(preset: MeasurePreset, name: MeasureName): MeasurePreset {
  const { part, standIn } = measureNamed(name);
  return preset[part] === undefined ? presetNamed(standIn) : preset;
}

/** The probes of a map; measures that need the same images share theirs. */
export function createProbes(
  sample: Enlarged,
  names: readonly MeasureName[],
  preset: MeasurePreset,
  context: ProbeContext,
): Probe[] {
  const measures = [...new Set(names)].map(measureNamed);
  const sources = new Set(measures.map(({ probe }) => probe));
  return [...sources].map((probe) => {
    const own = measures.filter((measure) => measure.probe === probe).map(({ name }) => name);
    return probe(sample, presetForMeasure(preset, own[0]!), context, own);
  });
}
