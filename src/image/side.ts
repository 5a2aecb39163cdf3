/**
 * The side of a square image that is only an array of numbers.
 *
 * @module
 */

/**
 * Side of a square image of three colours.
 *
 * @param pixels `[3, S, S]`, in any range.
 * @throws {TypeError} When no square image has so many values.
 */
export function squareSide(pixels: Float32Array): number {
  const side = Math.sqrt(pixels.length / 3);
  if (!Number.isInteger(side) || side === 0) {
    throw new TypeError(
      `Cannot read pixels: ${pixels.length} values are not a square image of three colours`,
    );
  }
  return side;
}
