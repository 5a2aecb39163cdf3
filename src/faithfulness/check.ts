/**
 * Compares the map of one image with maps that ignore the classifier. One image gives no interval, so the check cannot
 * account for noise. It counts measures: a map beats a control if it is better in more measures than it is worse.
 *
 * @module
 */
import { askProbes } from "./ask.ts";
import {
  betterDirection,
  createProbes,
  type MeasureName,
  measureNamed,
  presetForMeasure,
  USUAL_MEASURES,
} from "./measures.ts";
import { presetNamed } from "./presets.ts";
import { enlarge, type Reading } from "./probe.ts";
import { createScoreQueue } from "./scoring.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Normalization, Sample, ScoreBatch } from "./types.ts";

/** Measures of one map. */
export interface CheckedMap {
  /** Values by the measure's key, such as "AD50". */
  readonly values: Readonly<Record<string, number>>;
  /** Mean of the map at the image's size. */
  readonly maskArea: number;
}

/** The map compared with one control. */
export interface ControlCount {
  /** The control's name. */
  readonly name: string;
  /** Measures in which the map is better. */
  readonly better: number;
  /** Measures in which it is worse. */
  readonly worse: number;
  /** Measures in which they are equal. */
  readonly equal: number;
}

/** The result of a check. */
export interface MapCheck {
  /** Name of the requested preset. */
  readonly preset: string;
  /** The map. */
  readonly map: CheckedMap;
  /** The controls' maps, by name. */
  readonly controls: Readonly<Record<string, CheckedMap>>;
  /** The map compared with each control. */
  readonly counts: readonly ControlCount[];
  /** Whether it is better than every control in more measures than it is worse. */
  readonly beatsControls: boolean;
}

/** Options of a check. */
export interface CheckOptions {
  /** Name of the preset; "ptame-2025" by default. */
  readonly preset?: string;
  /** AD, IC and ROAD by default; ROAD is left out if the explained class is not the top class. */
  readonly measures?: readonly MeasureName[];
  /** What the classifier normalises with. */
  readonly normalization?: Normalization;
  /** Seed of noise; 0 by default. */
  readonly seed?: number;
  /** Images per call of `score`; 16 by default. */
  readonly batchSize?: number;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/**
 * Measures a map and the controls.
 *
 * @param sample Image, map, class explained and its probability on the clean image.
 * @param controls The controls, by name.
 * @param score The classifier.
 * @throws {RangeError} When a map leaves [0, 1] or the scores are not probabilities.
 */
export async function checkMap(
  sample: Sample,
  controls: Readonly<Record<string, MapMethod>>,
  options: CheckOptions & { readonly score: ScoreBatch },
): Promise<MapCheck> {
  const { score, normalization, seed = 0, batchSize = 16, signal } = options;
  const preset = presetNamed(options.preset ?? "ptame-2025");
  const queue = createScoreQueue(score, batchSize, signal);
  let [top, probability] = [true, sample.probability];
  await queue.add(sample.pixels, (clean) => {
    // The probability of the clean image in the same arithmetic, because a rounded one would look like a rise.
    probability = clean[sample.target]!;
    top = clean.every((other) => other <= probability);
  });
  await queue.flush();
  const measures = (options.measures ?? USUAL_MEASURES).filter((name) =>
    top || !measureNamed(name).onlyOfTopClass?.(presetForMeasure(preset, name))
  );

  const measure = async (of: Sample): Promise<() => CheckedMap> => {
    const enlarged = enlarge({ ...of, probability });
    const probes = createProbes(enlarged, measures, preset, { normalization, seed });
    let reading: Reading | undefined;
    await askProbes(queue, probes, of.target, (found) => reading = found);
    return () => ({ values: reading!.values, maskArea: enlarged.area });
  };
  const own = await measure(sample);
  const others: [string, () => CheckedMap][] = [];
  for (const [name, make] of Object.entries(controls)) {
    signal?.throwIfAborted();
    others.push([name, await measure({ ...sample, map: await make(sample, sample.target, signal) })]);
  }
  await queue.flush();
  const [map, measured] = [own(), Object.fromEntries(others.map(([name, read]) => [name, read()]))];
  const counts = Object.entries(measured).map(([name, { values }]) =>
    countOutcomes(name, map.values, values)
  );
  return {
    preset: preset.name,
    map,
    controls: measured,
    counts,
    beatsControls: counts.every(({ better, worse }) => better > worse),
  };
}

function countOutcomes(
  name: string,
  own: Readonly<Record<string, number>>,
  theirs: Readonly<Record<string, number>>,
): ControlCount {
  let [better, worse, equal] = [0, 0, 0];
  for (const [key, value] of Object.entries(own)) {
    const ahead = (betterDirection(key) === "higher" ? 1 : -1) * (value - theirs[key]!);
    if (ahead > 0) better++;
    else if (ahead < 0) worse++;
    else equal++;
  }
  return { name, better, worse, equal };
}

/** The result of a check in one sentence. */
export function checkSentence({ counts, beatsControls }: MapCheck): string {
  const words = ({ name, better, worse }: ControlCount) =>
    `${name} (better in ${better} ${better === 1 ? "measure" : "measures"}, worse in ${worse})`;
  if (beatsControls) return `On this image the map beats the controls: ${counts.map(words).join(", ")}.`;
  const failed = counts.filter(({ better, worse }) => better <= worse);
  return `On this image the map does not beat ${failed.map(words).join(", nor ")}, ` +
    `${failed.length === 1 ? "which ignores" : "which ignore"} the classifier: do not rely on it.`;
}
