/**
 * The settings that records depend on, as one line of text in each record: only records of the same line can be mixed.
 *
 * @module
 */
import { MEASURE_NAMES, type MeasureName, presetForMeasure } from "./measures.ts";
import type { MeasurePreset } from "./presets.ts";

/**
 * The version of what measures rank: 2 are the values of a method's formula. Records without a version are of the first,
 * which cut integrated gradients and SmoothGrad at their 99th percentile. A change of what is ranked raises it.
 */
const RANKING = 2;

const WORD = "ranking:";

/** The settings of a run. */
export function settingsText(
  preset: MeasurePreset,
  measures: readonly MeasureName[],
  seed: number,
  model: string,
): string {
  const used = MEASURE_NAMES.filter((measure) => measures.includes(measure))
    .map((measure) => `${measure}:${presetForMeasure(preset, measure).name}`);
  return `${used.join(" ")} ${WORD}${RANKING} seed:${seed}${model === "" ? "" : ` model:${model}`}`;
}

/** The version of the ranking that a record's settings name. */
function rankingIn(settings: string): string {
  return settings.split(" ").find((word) => word.startsWith(WORD))?.slice(WORD.length) ?? "1";
}

/**
 * Why records of two settings cannot be mixed, if it is because they rank maps differently: part of a sentence, with what
 * to do.
 */
export function rankingDifference(one: string, other: string): string | undefined {
  const [first, second] = [rankingIn(one), rankingIn(other)];
  if (first === second) return undefined;
  return `ranking ${first}, not ${second}: another version of ptame ranked the pixels of some maps differently; ` +
    "measure all images anew, in another folder";
}
