/**
 * Rank correlation of two maps, for methods that stop when their ranking has settled and for measures.
 *
 * @module
 */

/** Ranks counted from 1; equal values share the mean of their ranks. */
export function tieRanks(values: ArrayLike<number>): Float64Array {
  const count = values.length;
  const order = Uint32Array.from({ length: count }, (_, index) => index)
    .sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(count);
  for (let start = 0; start < count;) {
    let end = start + 1;
    while (end < count && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function checkLengths(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length || a.length === 0) {
    throw new TypeError(`Cannot compare maps of ${a.length} and ${b.length} values`);
  }
}

/**
 * Spearman's rank correlation, −1 to 1; NaN if a map is constant, because it has no order to compare.
 *
 * @param a Values of one map.
 * @param b Values of the other, of the same size.
 * @param absolute Whether to rank magnitudes, for maps whose sign gives only the direction.
 * @throws {TypeError} When the sizes differ.
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>, absolute = false): number {
  checkLengths(a, b);
  const rankValues = (values: ArrayLike<number>) =>
    tieRanks(absolute ? Array.from(values, Math.abs) : values);
  const [x, y] = [rankValues(a), rankValues(b)];
  return pearson(x, y);
}

/**
 * Pearson's correlation, −1 to 1; NaN if one of them is constant.
 *
 * @throws {TypeError} When the lengths differ.
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkLengths(a, b);
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xy / Math.sqrt(xx * yy);
}
