/**
 * Rotates and mirrors an image according to its Exif orientation.
 *
 * @module
 */
import type { RgbImage } from "./types.ts";

/**
 * Gives the image upright.
 *
 * @param image The image as stored.
 * @param orientation 1 to 8 as in TIFF tag 274; 5 to 8 swap width and height.
 */
export function applyOrientation(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const { width, height, data } = image;
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  // Position of the upright image's first pixel in the stored image, and the offsets of one step right and one step
  // down.
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const stepX = mirrorX ? -3 : 3;
  const stepY = mirrorY ? -3 * width : 3 * width;
  const start = (mirrorX ? 3 * (width - 1) : 0) + (mirrorY ? 3 * width * (height - 1) : 0);
  const right = swapped ? stepY : stepX;
  const down = swapped ? stepX : stepY;

  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < outHeight; y++) {
    let from = start + y * down;
    for (let x = 0; x < outWidth; x++, from += right, to += 3) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}
