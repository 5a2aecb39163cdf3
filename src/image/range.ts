/**
 * How far some values reach.
 *
 * @module
 */

/** The least and the largest of some values; NaN where one is. */
export function rangeOf(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    // Neither less nor greater than any other.
    if (Number.isNaN(value)) return { low: NaN, high: NaN };
  }
  return { low, high };
}
