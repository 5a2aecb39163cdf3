/**
 * Confidence intervals of means over images: the percentile bootstrap (Efron 1979). Every image has the same weight;
 * there are no batches, so a short last batch cannot count more.
 *
 * @module
 */
import { createGenerator } from "../random/generator.ts";
import { meanValue } from "./probe.ts";
import type { Interval } from "./types.ts";

/** Options of an interval. */
export interface BootstrapOptions {
  /** Seed of the resampling; 0 by default. */
  readonly seed?: number;
  /** Number of resamples; 1000 by default. */
  readonly resamples?: number;
  /** Share of the means inside the interval; 0.95 by default. */
  readonly level?: number;
}

/** The value below which a share of sorted values lies, linear between neighbours, as numpy's `quantile`. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

/**
 * Mean and percentile interval. The same seed and number of values draw the same images, so that intervals of several
 * measures of the same images are comparable.
 *
 * @param values One per image; a single one gives an interval without width.
 * @throws {RangeError} When there are none, or an option is out of range.
 *
 * @example Ten images
 * ```ts
 * import { bootstrapInterval } from "./bootstrap.ts";
 *
 * const { value, low, high } = bootstrapInterval([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], { seed: 1 });
 * if (value !== 3.9 || !(low < value && value < high)) throw new Error("the mean lies inside");
 * ```
 */
export function bootstrapInterval(values: readonly number[], options: BootstrapOptions = {}): Interval {
  const { seed = 0, resamples = 1000, level = 0.95 } = options;
  const count = values.length;
  if (count === 0) throw new RangeError("Cannot take an interval of no values");
  if (!(level > 0 && level < 1)) throw new RangeError(`Cannot take an interval of level ${level}: 0 to 1`);
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`Cannot resample ${resamples} times`);
  }
  const generator = createGenerator(seed);
  const means = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[generator.below(count)]!;
    means[round] = sum / count;
  }
  means.sort();
  const tail = (1 - level) / 2;
  return { value: meanValue(values), low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/**
 * Mean and interval of `a − b`, image by image. An interval without 0 is a difference beyond noise.
 *
 * @throws {RangeError} When the lengths differ, or there are no values.
 */
export function bootstrapDifference(
  a: readonly number[],
  b: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  if (a.length !== b.length) {
    throw new RangeError(
      `Cannot compare ${a.length} values with ${b.length}: they must be of the same images`,
    );
  }
  return bootstrapInterval(a.map((value, index) => value - b[index]!), options);
}
