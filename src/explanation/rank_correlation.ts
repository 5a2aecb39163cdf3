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
  const mean = (x.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}
