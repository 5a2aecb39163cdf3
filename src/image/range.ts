/**
 * Minimum and maximum of values.
 *
 * @module
 */

/** Minimum and maximum of the values; NaN if any value is NaN. */
export function valueRange(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    // NaN is neither less nor greater than any other value.
    if (Number.isNaN(value)) return { low: NaN, high: NaN };
  }
  return { low, high };
}
