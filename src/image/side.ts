/**
 * The sides of an image that is only an array of numbers.
 *
 * @module
 */
import type { Size } from "./preprocess.ts";

/**
 * Side of a square image of three colours.
 *
 * @param pixels `[3, S, S]`, in any range.
 * @throws {TypeError} When no square image has so many values.
 */
function squareSide(pixels: Float32Array): number {
  const side = Math.sqrt(pixels.length / 3);
  if (!Number.isInteger(side) || side === 0) {
    throw new TypeError(
      `Cannot read pixels: ${pixels.length} values are not a square image of three colours`,
    );
  }
  return side;
}

/**
 * Width and height of an image of three colours.
 *
 * @param pixels `[3, height, width]`, in any range.
 * @param width Pixels of a row; images are square without it.
 * @throws {TypeError} When the pixels are not whole rows.
 */
export function imageSides(pixels: Float32Array, width?: number): Size {
  if (width === undefined) {
    const side = squareSide(pixels);
    return { width: side, height: side };
  }
  const height = pixels.length / (3 * width);
  if (Number.isInteger(height) && height > 0) return { width, height };
  throw new TypeError(
    `Cannot read pixels: ${pixels.length} values are not three colours of rows of ${width}`,
  );
}
