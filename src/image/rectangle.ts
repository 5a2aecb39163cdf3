/**
 * Filled rectangles.
 *
 * @module
 */
import type { Colour } from "./text/lettering.ts";
import type { RgbImage } from "./types.ts";

/** Fills a rectangle; what lies outside the image is left out. */
export function fillRectangle(
  image: RgbImage,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const [left, right] = [Math.max(0, x), Math.min(image.width, x + width)];
  const [top, bottom] = [Math.max(0, y), Math.min(image.height, y + height)];
  if (left >= right || top >= bottom) return;
  const { data } = image;
  const [start, length] = [3 * (top * image.width + left), 3 * (right - left)];
  data.set(colour, start);
  // What is filled is copied, so that each step doubles it; then the first row is copied to the others.
  for (let filled = 3; filled < length; filled *= 2) {
    data.copyWithin(start + filled, start, start + Math.min(filled, length - filled));
  }
  for (let row = top + 1; row < bottom; row++) {
    data.copyWithin(3 * (row * image.width + left), start, start + length);
  }
}

/** An image of one colour. */
export function filledImage(width: number, height: number, colour: Colour): RgbImage {
  const image = { width, height, data: new Uint8Array(3 * width * height) };
  fillRectangle(image, 0, 0, width, height, colour);
  return image;
}

/** Copies an image into another, which has room for it. */
export function pasteImage(onto: RgbImage, { width, height, data }: RgbImage, x: number, y: number): void {
  for (let row = 0; row < height; row++) {
    const line = data.subarray(3 * row * width, 3 * (row + 1) * width);
    onto.data.set(line, 3 * ((y + row) * onto.width + x));
  }
}
