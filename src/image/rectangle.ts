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
  for (let row = Math.max(0, y); row < Math.min(image.height, y + height); row++) {
    for (let column = Math.max(0, x); column < Math.min(image.width, x + width); column++) {
      image.data.set(colour, 3 * (row * image.width + column));
    }
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
