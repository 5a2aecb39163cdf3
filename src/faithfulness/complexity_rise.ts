/**
 * Efficient MPRT (Hedström et al., Sanity Checks Revisited, XAI in Action workshop at NeurIPS 2023): how much more complex
 * a map gets when the weights that it explains are randomised, as a share of what it was. A map that follows the
 * classifier turns to noise. Nothing compares two maps place by place.
 *
 * Complexity is the entropy of a histogram of the map's values in 100 bins between their least and greatest, in nats, as
 * in Quantus' `EfficientMPRT` with its defaults.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";

const BINS = 100;

/** Entropy of a histogram of the values, in nats; 0 of equal values. */
export function histogramEntropy(values: Float32Array, bins = BINS): number {
  const { low, high } = valueRange(values);
  if (!(high > low)) return 0;
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - low) / (high - low) * bins))]!++;
  return counts.reduce((entropy, count) => {
    const share = count / values.length;
    return count === 0 ? entropy : entropy - share * Math.log(share);
  }, 0);
}

/** Relative rise of complexity from one map to another; NaN if the first has none. */
export function complexityRise(before: Float32Array, after: Float32Array): number {
  const first = histogramEntropy(before);
  return first === 0 ? NaN : (histogramEntropy(after) - first) / first;
}
