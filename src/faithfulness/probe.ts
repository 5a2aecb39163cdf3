/**
 * A probe makes the images to score for one measure and one map, and reads the results. It never calls the classifier,
 * so the images of many probes, methods and maps can share a batch.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";
import { upsampleMap } from "../image/upsample.ts";
import { rankPixels } from "./threshold.ts";
import type { Size } from "../image/preprocess.ts";
import { imageSides } from "../image/side.ts";
import type { Outcome, Sample } from "./types.ts";

/** The values of a measure for one map of one image. */
export interface Reading {
  /** Values by the measure's key, such as "AD50". */
  readonly values: Readonly<Record<string, number>>;
  /** Mean of the actual mask by key, if it is not the map itself. */
  readonly areas?: Readonly<Record<string, number>>;
  /** Curves by key: one value per percentage or step. */
  readonly curves?: Readonly<Record<string, readonly number[]>>;
}

/** A measure of one map of one image, ready to run. */
export interface Probe {
  /** Number of images to score. */
  readonly count: number;
  /** Work before the first image, such as running the method again. */
  prepare?(): Promise<void>;
  /** Makes the images, one at a time, in the order of the results for `read`; it may run the method again. */
  images(): Iterable<Float32Array> | AsyncIterable<Float32Array>;
  /** Reads the results of all images. */
  read(outcomes: readonly Outcome[]): Reading;
}

/** A probe that makes its images synchronously. */
export interface PlainProbe extends Probe {
  images(): Iterable<Float32Array>;
}

/** A probe that needs no images. */
export function mapProbe(read: () => Readonly<Record<string, number | undefined>>): PlainProbe {
  return { count: 0, images: () => [], read: () => ({ values: definedValues(read()) }) };
}

/** Values of a reading: those that are defined and finite. */
export function definedValues(
  values: Readonly<Record<string, number | undefined>>,
): Record<string, number> {
  const defined = Object.entries(values).filter((entry): entry is [string, number] =>
    entry[1] !== undefined && Number.isFinite(entry[1])
  );
  return Object.fromEntries(defined);
}

/** The same of those that are requested. */
export function askedValues(
  values: Readonly<Record<string, number | undefined>>,
  asked: readonly string[],
): Record<string, number> {
  return definedValues(Object.fromEntries(Object.entries(values).filter(([name]) => asked.includes(name))));
}

/** A curve in a reading: five digits are enough, and keep records of hundreds of steps small. */
export function shortCurve(curve: readonly number[]): number[] {
  return curve.map((value) => Number(value.toPrecision(5)));
}

/** A sample with its map at the image's own size. */
export interface Enlarged extends Omit<Sample, "width">, Size {
  /** The map at the image's size, as a mask in [0, 1]: of a signed map the evidence for the class. */
  readonly values: Float32Array;
  /**
   * What each pixel contributes: of a signed map the formula's own values, as shares of the greatest magnitude; of
   * another the mask.
   */
  readonly contributions: Float32Array;
  /** All pixels, most relevant first, by the formula's own values: evidence against the class comes last. */
  readonly order: Uint32Array;
  /** Mean of the map at the image's size. */
  readonly area: number;
}

/** Float32 rounding may leave a map this far outside [0, 1]. */
const SLACK = 1e-5;

/**
 * Enlarges a sample's map to its image, bilinearly, before any threshold.
 *
 * @throws {RangeError} When the map has values that are outside [0, 1] or not finite.
 */
export function enlarge(sample: Sample): Enlarged {
  const { map } = sample;
  const size = imageSides(sample.pixels, sample.width);
  const { low, high } = valueRange(map.values);
  if (Number.isNaN(low)) throw new RangeError("Cannot measure a map: it has a value that is not a number");
  if (low < -SLACK || high > 1 + SLACK) {
    throw new RangeError(`Cannot measure a map: its values reach from ${low} to ${high}, not within 0 to 1`);
  }
  const atSize = (given: Float32Array) => upsampleMap(given, map.width, map.height, size.width, size.height);
  const values = atSize(map.values).map((value) => Math.min(1, Math.max(0, value)));
  const raw = map.raw === undefined ? values : atSize(checkRaw(map.raw, map.values.length));
  const contributions = map.signed ? shareOfGreatest(raw) : values;
  return { ...sample, ...size, values, contributions, order: rankPixels(raw), area: meanValue(values) };
}

function checkRaw(raw: Float32Array, count: number): Float32Array {
  if (raw.length === count) return raw;
  throw new TypeError(`Cannot measure a map: it has ${count} values, and ${raw.length} to rank them`);
}

/** Values over their greatest magnitude; measures are the same for any unit of a map. */
function shareOfGreatest(values: Float32Array): Float32Array {
  const { low, high } = valueRange(values);
  const greatest = Math.max(-low, high);
  return greatest > 0 ? values.map((value) => value / greatest) : values;
}

/** Arithmetic mean. */
export function meanValue(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
