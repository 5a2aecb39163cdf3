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
  /** Makes the images, one at a time, in the order of the results for `read`; it may run the method again. */
  images(): Iterable<Float32Array> | AsyncIterable<Float32Array>;
  /** Reads the results of all images. */
  read(outcomes: readonly Outcome[]): Reading;
}

/** A probe that makes its images synchronously. */
export interface PlainProbe extends Probe {
  images(): Iterable<Float32Array>;
}

/** A sample with its map at the image's own size. */
export interface Enlarged extends Omit<Sample, "width">, Size {
  /** The map at the image's size. */
  readonly values: Float32Array;
  /** All pixels, most relevant first. */
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
  const values = upsampleMap(map.values, map.width, map.height, size.width, size.height)
    .map((value) => Math.min(1, Math.max(0, value)));
  return { ...sample, ...size, values, order: rankPixels(values), area: meanValue(values) };
}

/** Arithmetic mean. */
export function meanValue(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
