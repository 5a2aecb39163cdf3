/**
 * The lazy head outside the graph: from the features of one pass to the map of any class, at the cost of a few
 * hundred thousand multiplications. So a class can be switched without running a network again.
 *
 * @module
 */
import type { ValueMap } from "../image/types.ts";
import { chainedDoublings, doublingsOf } from "./head.ts";

/** `r_l` of one tap for one picture: [channels, size, size]. */
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
  const doublings = doublingsOf(sizes);
  const large = Math.max(...sizes);
  const map = new Float32Array(large * large);
  let channel = 0;
  features.forEach((feature, index) => {
    const area = feature.size * feature.size;
    const fused = new Float64Array(area);
    for (let c = 0; c < feature.channels; c++) {
      const weight = row[channel + c]!;
      if (weight === 0) continue;
      const base = c * area;
      for (let i = 0; i < area; i++) fused[i]! += weight * feature.data[base + i]!;
    }
    channel += feature.channels;
    addUpsampled(map, large, fused, feature.size, chainedDoublings(feature.size, doublings[index]!));
  });
  if (channel !== row.length) {
    throw new TypeError(`Cannot fuse a map: the row has ${row.length} weights for ${channel} channels`);
  }
  return { width: large, height: large, values: map };
}

/** `map += U·x·Uᵀ`; every row of U has few entries that are not zero. */
function addUpsampled(
  map: Float32Array,
  large: number,
  x: Float64Array,
  size: number,
  u: Float64Array,
): void {
  const tall = new Float64Array(large * size);
  for (let y = 0; y < large; y++) {
    for (let k = 0; k < size; k++) {
      const weight = u[y * size + k]!;
      if (weight === 0) continue;
      for (let c = 0; c < size; c++) tall[y * size + c]! += weight * x[k * size + c]!;
    }
  }
  for (let column = 0; column < large; column++) {
    for (let k = 0; k < size; k++) {
      const weight = u[column * size + k]!;
      if (weight === 0) continue;
      for (let y = 0; y < large; y++) map[y * large + column]! += weight * tall[y * size + k]!;
    }
  }
}

/**
 * `(map − min) / max(max − min, 1e-8)`: the mask that an explanation shows, in [0, 1].
 *
 * @throws {RangeError} When a value is not finite.
 */
export function minMax(map: ValueMap): ValueMap {
  let [low, high] = [Infinity, -Infinity];
  for (const value of map.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // NaN is neither less nor greater: its sum tells.
  if (!Number.isFinite(low) || !Number.isFinite(high) || map.values.some(Number.isNaN)) {
    throw new RangeError("Cannot explain: the head's map is not finite; its weights may be damaged");
  }
  const span = Math.max(high - low, 1e-8);
  return { ...map, values: map.values.map((value) => (value - low) / span) };
}
