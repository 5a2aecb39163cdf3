/**
 * Computes means with intervals from per-image records. Records are plain JSON, so that a run can be stopped, resumed,
 * extended and summarised again. Every image has the same weight.
 *
 * @module
 */
import { bootstrapDifference, bootstrapInterval, type BootstrapOptions, quantile } from "./bootstrap.ts";
import { betterDirection, curveAxis, measureWithKey, presetForMeasure } from "./measures.ts";
import { type MeasurePreset, presetNamed } from "./presets.ts";
import { meanValue, type Reading } from "./probe.ts";
import type { BlankReason } from "../explanation/blank_map.ts";
import type { Interval } from "./types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** Measures of one method's map of one image. */
export interface MapRecord extends Reading {
  /** Time for computing the map. */
  readonly milliseconds: number;
  /** Mean of the map at the image's size; 0 of one that shows nothing. */
  readonly maskArea: number;
  /** Why the map shows nothing, if it does not; then it has no values. */
  readonly blank?: BlankReason;
}

/** Measures of one image; plain JSON. */
export interface ImageRecord {
  /** The image's name. */
  readonly image: string;
  /** The settings; records with different settings cannot be mixed. */
  readonly settings: string;
  /** The class explained. */
  readonly target: number;
  /** Its probability on the clean image. */
  readonly probability: number;
  /** By the method's name. */
  readonly methods: Readonly<Record<string, MapRecord>>;
}

/** A measure of one method over all images. */
export interface MeasureResult extends Interval {
  /** Number of images in the mean. */
  readonly images: number;
  /** Name of its preset. */
  readonly preset: string;
  /** Mean of the used masks, or of the maps if the measure has no masks. A mask of 1 hides nothing. */
  readonly maskArea: number;
  /** Which direction is better. */
  readonly better: "higher" | "lower";
  /** The mean curve, if the measure has one. */
  readonly curve?: {
    /** Percent of the pixels. */
    readonly percents: number[];
    /** Meaning of a percentage. */
    readonly means: "removed" | "kept";
    /** Mean over images at each. */
    readonly values: number[];
  };
}

/** All measures of one method. */
export interface MethodResult {
  /** Values by key, such as "AD50", "ROAD-MoRF", "insertion". */
  readonly measures: Readonly<Record<string, MeasureResult>>;
  /** Mean of the maps at the images' size. */
  readonly maskArea: Interval;
  /**
   * Time for one map: the median, and the quartiles as `low` and `high`. The first map of a method is left out where there
   * are more, because it waits for the runtime to warm up.
   */
  readonly millisecondsPerImage: Interval;
  /** Maps that show nothing and are left out of all means, by reason; absent if all tell something. */
  readonly blank?: Readonly<Partial<Record<BlankReason, number>>>;
}

/** The result of an evaluation. */
export interface Evaluation {
  /** Name of the requested preset. */
  readonly preset: string;
  /** Images measured. */
  readonly images: number;
  /** By the method's name. */
  readonly methods: Readonly<Record<string, MethodResult>>;
}

/** Positions of a curve's points on the axis. */
function curvePoints(key: string, asked: MeasurePreset, points: number) {
  const { percents, means } = curveAxis(key, asked, points);
  return { percents, means };
}

/** Milliseconds of a method's maps, without the first where there are more: it waits for the runtime to warm up. */
export function warmTimes(records: readonly ImageRecord[], method: string): number[] {
  const times = methodRecords(records, method).map(({ milliseconds }) => milliseconds);
  return times.length > 1 ? times.slice(1) : times;
}

/** The median and the quartiles of times. */
function medianTime(times: readonly number[]): Interval {
  const warm = Float64Array.from(times).sort();
  return { value: quantile(warm, 0.5), low: quantile(warm, 0.25), high: quantile(warm, 0.75) };
}

/** How many maps show nothing, by reason. */
function countBlank(records: readonly MapRecord[]): Partial<Record<BlankReason, number>> {
  const counts: Partial<Record<BlankReason, number>> = {};
  for (const { blank } of records) if (blank !== undefined) counts[blank] = (counts[blank] ?? 0) + 1;
  return counts;
}

/** The records of a method. */
function methodRecords(records: readonly ImageRecord[], method: string): MapRecord[] {
  return records.flatMap((record) => record.methods[method] ?? []);
}

/**
 * Means and intervals of all methods in the records.
 *
 * @param preset Name of their preset.
 * @throws {RangeError} When the preset is unknown.
 */
export function summarize(
  records: readonly ImageRecord[],
  preset: string,
  options: BootstrapOptions = {},
): Evaluation {
  const asked = presetNamed(preset);
  const names = new Set(records.flatMap((record) => Object.keys(record.methods)));
  const methods: Record<string, MethodResult> = {};
  for (const name of names) {
    const made = methodRecords(records, name);
    const all = made.filter(({ blank }) => blank === undefined);
    const measures: Record<string, MeasureResult> = {};
    for (const key of new Set(all.flatMap((record) => Object.keys(record.values)))) {
      const having = all.filter((record) => record.values[key] !== undefined);
      const curves = having.flatMap((record) =>
        record.curves?.[key] === undefined ? [] : [record.curves[key]]
      );
      measures[key] = {
        ...bootstrapInterval(having.map((record) => record.values[key]!), options),
        images: having.length,
        preset: presetForMeasure(asked, measureWithKey(key).name).name,
        maskArea: meanValue(having.map((record) => record.areas?.[key] ?? record.maskArea)),
        better: betterDirection(key),
        ...(curves.length === 0 ? {} : {
          curve: {
            ...curvePoints(key, asked, curves[0]!.length),
            values: curves[0]!.map((_, index) => meanValue(curves.map((curve) => curve[index]!))),
          },
        }),
      };
    }
    methods[name] = {
      measures,
      maskArea: all.length === 0
        ? { value: 0, low: 0, high: 0 }
        : bootstrapInterval(all.map((record) => record.maskArea), options),
      millisecondsPerImage: medianTime(warmTimes(records, name)),
      ...(all.length === made.length ? {} : { blank: countBlank(made) }),
    };
  }
  return { preset: asked.name, images: records.length, methods };
}

/** The difference of two methods in a measure. */
export interface Comparison extends Interval {
  /** Number of images measured with both. */
  readonly images: number;
  /** Name of the method that is better beyond noise (the interval does not contain 0); undefined if neither is. */
  readonly ahead: string | undefined;
}

/**
 * The difference of two methods, `a − b`, image by image: paired, so that images that are hard for both do not widen
 * the interval.
 *
 * @returns By the measure's key.
 */
export function compareMethods(
  records: readonly ImageRecord[],
  a: string,
  b: string,
  options: BootstrapOptions = {},
): Record<string, Comparison> {
  const both = records.flatMap(({ methods }) => {
    const [first, second] = [methods[a], methods[b]];
    return first === undefined || second === undefined ? [] : [[first, second] as const];
  });
  const result: Record<string, Comparison> = {};
  for (const key of new Set(both.flatMap(([first]) => Object.keys(first.values)))) {
    const pairs = both.filter(([first, second]) =>
      first.values[key] !== undefined && second.values[key] !== undefined
    );
    if (pairs.length === 0) continue;
    const difference = bootstrapDifference(
      pairs.map(([first]) => first.values[key]!),
      pairs.map(([, second]) => second.values[key]!),
      options,
    );
    const sign = difference.low > 0 ? 1 : difference.high < 0 ? -1 : 0;
    const direction = betterDirection(key) === "higher" ? sign : -sign;
    result[key] = {
      ...difference,
      images: pairs.length,
      ahead: direction === 0 ? undefined : direction > 0 ? a : b,
    };
  }
  return result;
}

/**
 * An evaluation as the JSON that the evaluate command prints: measures next to `millisecondsPerImage`.
 *
 * @returns `{ preset, images, methods: { NAME: { MEASURE: { value, low, high, … }, millisecondsPerImage } } }`
 */
export function evaluationJson(
  evaluation: Evaluation,
): {
  preset: string;
  images: number;
  methods: Record<string, Record<string, MeasureResult | Interval | number | MethodResult["blank"]>>;
} {
  const methods: ReturnType<typeof evaluationJson>["methods"] = {};
  for (
    const [name, { measures, maskArea, millisecondsPerImage, blank }] of Object.entries(evaluation.methods)
  ) {
    methods[name] = {
      ...measures,
      maskArea,
      millisecondsPerImage: millisecondsPerImage.value,
      ...withoutUndefined({ blank }),
    };
  }
  return { preset: evaluation.preset, images: evaluation.images, methods };
}
