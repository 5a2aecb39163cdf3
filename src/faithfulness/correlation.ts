/**
 * The similarity of two maps, for sanity checks (Adebayo et al. 2018): Spearman's rank correlation and SSIM.
 *
 * @module
 */
import type { ValueMap } from "../image/types.ts";

export { pearson, spearman, tieRanks } from "../explanation/rank_correlation.ts";

/** Options of SSIM. */
export interface SsimOptions {
  /** Gaussian weights of sigma 1.5 (11 pixels), as Wang et al. 2004, or a flat window; "gaussian" by default. */
  readonly window?: "gaussian" | "flat";
  /** Side of the flat window, odd; 7 by default. */
  readonly side?: number;
  /** Difference of the largest and the smallest possible value; 1 by default. */
  readonly range?: number;
}

/**
 * Structural similarity of two maps (Wang et al. 2004), −1 to 1: the mean over all windows that lie inside. Agrees
 * with scikit-image's `structural_similarity`: "gaussian" with its `gaussian_weights=True,
 * use_sample_covariance=False`, "flat" with its defaults.
 *
 * @throws {TypeError} When the sizes differ.
 * @throws {RangeError} When the maps are smaller than the window.
 */
export function ssim(a: ValueMap, b: ValueMap, options: SsimOptions = {}): number {
  const { window = "gaussian", side = 7, range = 1 } = options;
  if (a.width !== b.width || a.height !== b.height) {
    throw new TypeError(
      `Cannot compare maps of ${a.width} x ${a.height} and ${b.width} x ${b.height} values`,
    );
  }
  const gaussian = window === "gaussian";
  const weights = gaussian ? gaussianWeights() : new Float64Array(side).fill(1 / side);
  const size = weights.length;
  const { width, height } = a;
  if (size % 2 === 0 || width < size || height < size) {
    throw new RangeError(`Cannot compare maps of ${width} x ${height} values in windows of ${size}`);
  }
  const filtered = (of: (i: number) => number) => filterInside(width, height, weights, of);
  const [x, y] = [a.values, b.values];
  const meanX = filtered((i) => x[i]!);
  const meanY = filtered((i) => y[i]!);
  const meanXX = filtered((i) => x[i]! * x[i]!);
  const meanYY = filtered((i) => y[i]! * y[i]!);
  const meanXY = filtered((i) => x[i]! * y[i]!);
  // A flat window's variances are a sample's; Gaussian ones are the weighted means themselves.
  const sample = gaussian ? 1 : size * size / (size * size - 1);
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  let sum = 0;
  for (let i = 0; i < meanX.length; i++) {
    const [mx, my] = [meanX[i]!, meanY[i]!];
    const varianceX = sample * (meanXX[i]! - mx * mx);
    const varianceY = sample * (meanYY[i]! - my * my);
    const covariance = sample * (meanXY[i]! - mx * my);
    sum += (2 * mx * my + c1) * (2 * covariance + c2) /
      ((mx * mx + my * my + c1) * (varianceX + varianceY + c2));
  }
  return sum / meanX.length;
}

/** Sigma 1.5, cut at 3.5 sigma: 11 places. */
function gaussianWeights(): Float64Array {
  const weights = Float64Array.from({ length: 11 }, (_, i) => Math.exp(-0.5 * ((i - 5) / 1.5) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Weighted means of all windows that lie inside, rows from the top. */
function filterInside(
  width: number,
  height: number,
  weights: Float64Array,
  of: (i: number) => number,
): Float64Array {
  const columns = width - weights.length + 1;
  const rows = height - weights.length + 1;
  const across = new Float64Array(columns * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * of(y * width + x + k);
      across[y * columns + x] = sum;
    }
  }
  const out = new Float64Array(columns * rows);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += weights[k]! * across[i + k * columns]!;
    out[i] = sum;
  }
  return out;
}
