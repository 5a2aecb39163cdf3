/**
 * Average ranks of methods over images with the critical difference of Nemenyi's test (Demšar, Statistical Comparisons
 * of Classifiers over Multiple Data Sets, JMLR 2006), and Kendall's rank correlation.
 *
 * @module
 */
import { tieRanks } from "../correlation.ts";

/**
 * Critical values at a level of 0.05 for 2, 3, … 50 methods: the studentised range of infinitely many degrees of freedom
 * over √2, by scipy's `studentized_range.ppf(0.95, k, inf) / sqrt(2)`.
 */
// deno-fmt-ignore
const NEMENYI: readonly number[] = [
  1.9600, 2.3437, 2.5690, 2.7278, 2.8497, 2.9483, 3.0309, 3.1017, 3.1637, 3.2187, 3.2680, 3.3127, 3.3536, 3.3912, 3.4260,
  3.4584, 3.4887, 3.5171, 3.5438, 3.5690, 3.5929, 3.6156, 3.6373, 3.6579, 3.6776, 3.6964, 3.7145, 3.7319, 3.7486, 3.7647,
  3.7802, 3.7952, 3.8097, 3.8237, 3.8373, 3.8504, 3.8632, 3.8756, 3.8876, 3.8993, 3.9107, 3.9219, 3.9327, 3.9432, 3.9535,
  3.9636, 3.9734, 3.9830, 3.9923,
];

/**
 * How far average ranks must lie apart for two methods to differ at a level of 0.05: q √(k (k + 1) / (6 N)).
 *
 * @returns Undefined for fewer than 2 or more than 50 methods, or without images.
 */
export function criticalDifference(methods: number, images: number): number | undefined {
  const critical = NEMENYI[methods - 2];
  if (critical === undefined || images === 0) return undefined;
  return critical * Math.sqrt(methods * (methods + 1) / (6 * images));
}

/**
 * Mean rank of each method over images, 1 for the best; methods that are alike on an image share the mean of their ranks.
 *
 * @param rows Of each image one value a method, greater is better.
 */
export function averageRanks(rows: readonly (readonly number[])[]): number[] {
  const methods = rows[0]?.length ?? 0;
  const sums = new Array<number>(methods).fill(0);
  for (const row of rows) tieRanks(row.map((value) => -value)).forEach((rank, i) => sums[i]! += rank);
  return sums.map((sum) => sum / rows.length);
}

/** Kendall's rank correlation τ-b of two lists, −1 to 1; NaN if one of them is constant. */
export function kendall(a: readonly number[], b: readonly number[]): number {
  let [agreeing, tiedA, tiedB, pairs] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [first, second] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      agreeing += first * second;
      pairs++;
      if (first === 0) tiedA++;
      if (second === 0) tiedB++;
    }
  }
  return agreeing / Math.sqrt((pairs - tiedA) * (pairs - tiedB));
}
