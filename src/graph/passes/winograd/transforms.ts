/**
 * The transforms of Winograd's minimal filtering, F(2×2, 3×3) and F(4×4, 3×3) (A. Lavin, S. Gray, "Fast Algorithms for
 * Convolutional Neural Networks", CVPR 2016). A tile of m×m outputs is
 *
 *     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A        g: a 3×3 filter, d: the t×t inputs under the tile, t = m + 2
 *
 * @module
 */

/** A matrix, row by row. */
type Matrix = readonly (readonly number[])[];

/** The transforms of one tile size. */
export interface Transforms {
  /** Rows and columns of outputs in a tile. */
  readonly m: 2 | 4;
  /** Rows and columns of inputs under a tile, m + 2. */
  readonly t: number;
  /** Bᵀ [t, t]. */
  readonly input: Matrix;
  /** G [t, 3]. */
  readonly filter: Matrix;
  /** Aᵀ [m, t]. */
  readonly output: Matrix;
}

/** F(2×2, 3×3). */
export const F2: Transforms = {
  m: 2,
  t: 4,
  input: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
  filter: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
  output: [[1, 1, 1, 0], [0, 1, -1, -1]],
};

/** F(4×4, 3×3). */
export const F4: Transforms = {
  m: 4,
  t: 6,
  input: [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  filter: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  output: [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
};

/** Filters that are transformed at a time. */
const STRETCH = 128;

/** What `M x Mᵀ` does to a flat x: the Kronecker product of a matrix [a, b] with itself, [a², b²]. */
export function bothSides(matrix: Matrix): Float32Array {
  const result: number[] = [];
  for (const row of matrix) {
    for (const other of matrix) for (const left of row) for (const right of other) result.push(left * right);
  }
  return Float32Array.from(result);
}

/**
 * `G g Gᵀ` of every filter.
 *
 * @param weight Filters [Co, Ci, 3, 3].
 * @param factors One per output channel, for a normalisation that follows.
 * @returns [t², Co, Ci]: for each element of a tile the matrix that its channels are multiplied with.
 */
export function transformedFilters(
  { t, filter }: Transforms,
  weight: Float32Array,
  factors: Float32Array,
): Float32Array {
  const filters = weight.length / 9;
  const perChannel = filters / factors.length;
  const flat = Float64Array.from(filter.flat());
  const result = new Float32Array(t * t * filters);
  // Some filters at a time: the t² places of one filter lie so far apart that they push each other out of the cache.
  const stretch = new Float32Array(t * t * STRETCH);
  for (let from = 0; from < filters; from += STRETCH) {
    const count = Math.min(STRETCH, filters - from);
    for (let s = 0; s < count; s++) {
      const at = 9 * (from + s);
      const factor = factors[Math.floor((from + s) / perChannel)]!;
      for (let i = 0, place = s; i < t; i++) {
        const a = flat[3 * i]! * factor;
        const b = flat[3 * i + 1]! * factor;
        const c = flat[3 * i + 2]! * factor;
        const left = a * weight[at]! + b * weight[at + 3]! + c * weight[at + 6]!;
        const middle = a * weight[at + 1]! + b * weight[at + 4]! + c * weight[at + 7]!;
        const right = a * weight[at + 2]! + b * weight[at + 5]! + c * weight[at + 8]!;
        for (let j = 0; j < t; j++, place += STRETCH) {
          stretch[place] = left * flat[3 * j]! + middle * flat[3 * j + 1]! + right * flat[3 * j + 2]!;
        }
      }
    }
    for (let e = 0; e < t * t; e++) {
      result.set(stretch.subarray(e * STRETCH, e * STRETCH + count), e * filters + from);
    }
  }
  return result;
}
