/**
 * The lazy head outside the graph. It computes the map of any class from the features of one pass with a few hundred
 * thousand multiplications. So another class needs no further run of a network.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";
import type { ValueMap } from "../image/types.ts";
import { chainedDoublings, countDoublings } from "./head.ts";

/** `r_l` of one tap for one image: [channels, size, size]. */
export interface Feature {
  readonly channels: number;
  readonly size: number;
  readonly data: Float32Array;
}

/**
 * The map of one class before min–max: `Σ_l up(row_l · r_l)`.
 *
 * @param features `r_l` of all taps, shallow to deep.
 * @param row The class's fuser weights, Σ channels long.
 * @returns Width, height and values of the largest tap's size.
 */
export function fuseMap(features: readonly Feature[], row: Float32Array): ValueMap {
  const sizes = features.map((feature) => feature.size);
  const channels = features.reduce((sum, feature) => sum + feature.channels, 0);
  if (channels !== row.length) {
    throw new TypeError(`Cannot fuse a map: the row has ${row.length} weights for ${channels} channels`);
  }
  const doublings = countDoublings(sizes);
  const large = Math.max(...sizes);
  const map = new Float32Array(large * large);
  let from = 0;
  features.forEach((feature, index) => {
    const fused = weightedSum(feature, row.subarray(from, from += feature.channels));
    addUpsampled(map, large, fused, feature.size, createBand(feature.size, doublings[index]!));
  });
  return { width: large, height: large, values: map };
}

/** Number of channels to add at a time; each pass over the sum costs as much as one channel. */
const TOGETHER = 4;

/** `Σ_c weight_c · r_c`, [size, size]. */
function weightedSum({ channels, size, data }: Feature, weights: Float32Array): Float64Array {
  const area = size * size;
  const sum = new Float64Array(area);
  let c = 0;
  for (; c + TOGETHER <= channels; c += TOGETHER) {
    const first = weights[c]!;
    const second = weights[c + 1]!;
    const third = weights[c + 2]!;
    const fourth = weights[c + 3]!;
    for (let i = 0, at = c * area; i < area; i++, at++) {
      sum[i]! += first * data[at]! + second * data[at + area]! + third * data[at + 2 * area]! +
        fourth * data[at + 3 * area]!;
    }
  }
  for (; c < channels; c++) {
    for (let i = 0, at = c * area; i < area; i++, at++) sum[i]! += weights[c]! * data[at]!;
  }
  return sum;
}

/** A band matrix: the first non-zero column of each row, and the values from there. */
interface Band {
  readonly starts: Int32Array;
  /** [rows, width]. */
  readonly weights: Float64Array;
  readonly width: number;
}

const bands = new Map<string, Band>();

/** The matrix of repeated doubling, as a band; computed once per size. */
function createBand(size: number, doublings: number): Band {
  const key = `${size} ${doublings}`;
  const present = bands.get(key);
  if (present !== undefined) return present;
  const matrix = chainedDoublings(size, doublings);
  const rows = matrix.length / size;
  const row = (y: number) => matrix.subarray(y * size, (y + 1) * size);
  const starts = Int32Array.from({ length: rows }, (_, y) => row(y).findIndex((weight) => weight !== 0));
  const width = Math.max(
    ...Array.from(starts, (start, y) => row(y).findLastIndex((weight) => weight !== 0) - start + 1),
  );
  // A band that would exceed the right border starts further left.
  for (const y of starts.keys()) starts[y] = Math.min(starts[y]!, size - width);
  const weights = new Float64Array(rows * width);
  for (const [y, start] of starts.entries()) weights.set(row(y).subarray(start, start + width), y * width);
  const band = { starts, weights, width };
  bands.set(key, band);
  return band;
}

/** `map += U·x·Uᵀ`. */
function addUpsampled(map: Float32Array, large: number, x: Float64Array, size: number, u: Band): void {
  const { starts, weights, width } = u;
  const line = new Float64Array(size);
  for (let y = 0; y < large; y++) {
    line.fill(0);
    for (let k = 0; k < width; k++) {
      const weight = weights[y * width + k]!;
      const from = (starts[y]! + k) * size;
      for (let column = 0; column < size; column++) line[column]! += weight * x[from + column]!;
    }
    for (let column = 0; column < large; column++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += weights[column * width + k]! * line[starts[column]! + k]!;
      map[y * large + column]! += sum;
    }
  }
}

/** Least distance of the values that 0 and 1 of a mask stand for. */
export const LEAST_SPAN = 1e-8;

/**
 * `(map − min) / max(max − min, 1e-8)`: the mask that an explanation shows, in [0, 1].
 *
 * @throws {RangeError} When a value is not finite.
 */
export function minMax(map: ValueMap): ValueMap {
  const { low, high } = valueRange(map.values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new RangeError("Cannot explain: the head's map is not finite; its weights may be damaged");
  }
  const span = Math.max(high - low, LEAST_SPAN);
  const values = new Float32Array(map.values.length);
  for (let i = 0; i < values.length; i++) values[i] = (map.values[i]! - low) / span;
  return { ...map, values };
}
