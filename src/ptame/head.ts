/**
 * The head of P-TAME, the part that is trained, over a builder. It maps the auxiliary's taps `f_l` (shallow to deep) to
 * one map per class (Ntrougkas et al. 2025, section III; facts and symbols as there):
 *
 *     r_l  = ReLU(BN_l(conv1x1_l(f_l)) + f_l)
 *     maps = fuser(concat_l(up(r_l)))            up: bilinear ×2, repeated until the largest tap's size
 *
 * Up-sampling, concatenation and the fuser (a 1×1 convolution without bias) are linear, so
 *
 *     maps = Σ_l up(fuser_l(r_l))                fuse at each tap's own size, up-sample one channel per class
 *
 * and only the fuser rows of the classes asked for are needed. That is exact; tests/support/all_maps.ts has the
 * other form, to which it is held.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { resampled } from "./resampled.ts";

/** The shape of a head: the auxiliary's taps and the backbone's classes. */
export interface HeadShape {
  /** Channels of each tap, shallow to deep. */
  readonly channels: readonly number[];
  /** Width and height of each tap. The first is the largest; each other size is the first divided by a power of two. */
  readonly sizes: readonly number[];
  /** Classes of the backbone: rows of the fuser. */
  readonly classes: number;
}

/** Names of the head's parameters for tap `index`, as in head files. */
export function tapParameterNames(index: number) {
  return {
    convWeight: `convs.${index}.weight`,
    convBias: `convs.${index}.bias`,
    scale: `bns.${index}.weight`,
    bias: `bns.${index}.bias`,
    mean: `bns.${index}.running_mean`,
    variance: `bns.${index}.running_var`,
  } as const;
}

/** Name of the fuser's weight, [classes, Σ channels, 1, 1]. */
export const FUSER = "fuser.weight";

/** Epsilon of the head's batch normalisation. */
export const HEAD_BN_EPSILON = 1e-5;

/** Every parameter of a head by name, with its shape. */
export function headParameters({ channels, classes }: HeadShape): Map<string, readonly number[]> {
  const parameters = new Map<string, readonly number[]>();
  channels.forEach((c, index) => {
    const names = tapParameterNames(index);
    parameters.set(names.convWeight, [c, c, 1, 1]);
    for (const name of [names.convBias, names.scale, names.bias, names.mean, names.variance]) {
      parameters.set(name, [c]);
    }
  });
  parameters.set(FUSER, [classes, channels.reduce((a, c) => a + c, 0), 1, 1]);
  return parameters;
}

/**
 * Number of doublings from each tap to the largest.
 *
 * @throws {TypeError} When the sizes are not the largest one divided by powers of two.
 */
export function countDoublings(sizes: readonly number[]): number[] {
  const largest = Math.max(...sizes);
  return sizes.map((size) => {
    const doublings = Math.log2(largest / size);
    if (!Number.isInteger(doublings)) {
      throw new TypeError(
        `Cannot build a head: tap sizes ${sizes.join(", ")} are not the largest divided by powers of two`,
      );
    }
    return doublings;
  });
}

/** `r_l` of one tap with the running statistics: [N, C, S, S] to the same shape. Inference only. */
export function headFeature(b: Builder, tap: Value, index: number): Value {
  const names = tapParameterNames(index);
  const c = tap.shape[1]!;
  const projected = b.conv(tap, b.weight(names.convWeight, [c, c, 1, 1]), b.weight(names.convBias, [c]));
  const normalised = b.batchNorm(projected, {
    scale: b.weight(names.scale, [c]),
    bias: b.weight(names.bias, [c]),
    mean: b.weight(names.mean, [c]),
    variance: b.weight(names.variance, [c]),
  }, HEAD_BN_EPSILON);
  return b.relu(b.add(normalised, tap));
}

/** `r_l` of all taps. */
export function headFeatures(b: Builder, taps: readonly Value[]): Value[] {
  return taps.map((tap, index) => headFeature(b, tap, index));
}

/**
 * One row of the interpolation matrix per output pixel of ×2 bilinear up-sampling, `2·size` rows of `size`: half-pixel
 * centres, edges repeated. Output 2i lies a quarter pixel before input i, output 2i+1 a quarter pixel after it.
 */
function doublingMatrix(size: number): Float64Array {
  const matrix = new Float64Array(2 * size * size);
  for (let i = 0; i < size; i++) {
    const [before, after] = [Math.max(i - 1, 0), Math.min(i + 1, size - 1)];
    const [even, odd] = [2 * i * size, (2 * i + 1) * size];
    matrix[even + i]! += 0.75;
    matrix[even + before]! += 0.25;
    matrix[odd + i]! += 0.75;
    matrix[odd + after]! += 0.25;
  }
  return matrix;
}

/**
 * The matrix of `doublings` ×2 up-samplings one after the other, `size·2^doublings` rows of `size`. It is not the
 * matrix of one resize by 2^doublings, because repeated ×2 smooths more.
 */
export function chainedDoublings(size: number, doublings: number): Float64Array {
  let matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  let rows = size;
  for (let step = 0; step < doublings; step++) {
    const double = doublingMatrix(rows);
    const next = new Float64Array(2 * rows * size);
    for (let y = 0; y < 2 * rows; y++) {
      for (let k = 0; k < rows; k++) {
        const weight = double[y * rows + k]!;
        if (weight === 0) continue;
        for (let x = 0; x < size; x++) next[y * size + x]! += weight * matrix[k * size + x]!;
      }
    }
    matrix = next;
    rows *= 2;
  }
  return matrix;
}

/** Up-samples [..., S, S] by repeated doubling: U·X·Uᵀ with a constant U. */
export function upsampleByDoubling(b: Builder, x: Value, doublings: number): Value {
  if (doublings === 0) return x;
  const size = x.shape.at(-1)!;
  const matrix = chainedDoublings(size, doublings);
  return resampled(b, x, matrix, matrix);
}

/**
 * Maps of some classes, before sigmoid or min–max: fused at each tap's own size.
 *
 * @param features `r_l`, [N, C_l, S_l, S_l] each.
 * @param rows Fuser rows of the classes, [K, Σ C_l].
 * @returns [N, K, S, S] with the largest tap's size S.
 */
export function fusedMaps(b: Builder, features: readonly Value[], rows: Value): Value {
  const doublings = countDoublings(features.map((feature) => feature.shape[2]!));
  const classes = rows.shape[0]!;
  const perTap = b.split(rows, 1, features.map((feature) => feature.shape[1]!));
  const maps = features.map((feature, index) => {
    const [batch, channels, height, width] = feature.shape as [number, number, number, number];
    const flat = b.reshape(feature, [batch, channels, height * width]);
    const fused = b.reshape(b.matmul(perTap[index]!, flat), [batch, classes, height, width]);
    return upsampleByDoubling(b, fused, doublings[index]!);
  });
  return maps.reduce((sum, map) => b.add(sum, map));
}

/** `(map − min) / max(max − min, 1e-8)` per map of [N, K, S, S]: the mask that an explanation shows. */
export function minMaxMask(b: Builder, maps: Value): Value {
  const low = b.reduceMin(maps, [2, 3]);
  const span = b.max(b.sub(b.reduceMax(maps, [2, 3]), low), 1e-8);
  return b.div(b.sub(maps, low), span);
}
