/**
 * Converts images between the library's RGB bytes and a page's bitmaps.
 *
 * @module
 */
import { resizeImage } from "../image/resize.ts";
import type { RgbImage } from "../image/types.ts";

/** Whether a value is a bitmap; false if the runtime has none. */
export function isBitmap(image: unknown): image is ImageBitmap {
  return typeof ImageBitmap !== "undefined" && image instanceof ImageBitmap;
}

/** The pixels of a transferred bitmap, which is then closed. */
export function readBitmap(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  const context = typeof OffscreenCanvas === "undefined"
    ? null
    : new OffscreenCanvas(width, height).getContext("2d");
  if (context === null) throw new TypeError("Cannot read an ImageBitmap: this runtime has no 2d canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** An image as a bitmap, reduced to at most `longSide` pixels. */
export async function createBitmap(image: RgbImage, longSide: number): Promise<ImageBitmap> {
  const scale = Math.min(1, longSide / Math.max(image.width, image.height));
  const { width, height, data } = scale === 1 ? image : resizeImage(
    image,
    Math.max(1, Math.round(scale * image.width)),
    Math.max(1, Math.round(scale * image.height)),
  );
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  return await createImageBitmap(pixels);
}
