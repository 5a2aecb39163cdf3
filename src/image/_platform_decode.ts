/**
 * Decodes with the platform's own codec, createImageBitmap. WebP is the one format that needs it.
 *
 * @module
 */
import { decodePng } from "./_png_decode.ts";
import { ImageError, type RgbImage } from "./types.ts";

/** True if createImageBitmap exists and its pixels can be read (browsers, Deno from 2.9). */
export function hasPlatformDecoder(): boolean {
  return typeof createImageBitmap === "function" && typeof OffscreenCanvas === "function";
}

/** Composites RGBA (not premultiplied) over white. */
export function rgbaOverWhite(rgba: ArrayLike<number>, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    const white = 255 * (255 - alpha);
    data[to] = (rgba[from]! * alpha + white) / 255 + 0.5;
    data[to + 1] = (rgba[from + 1]! * alpha + white) / 255 + 0.5;
    data[to + 2] = (rgba[from + 2]! * alpha + white) / 255 + 0.5;
  }
  return { width, height, data };
}

/**
 * Decodes to RGB over white. The orientation in the bytes must be 1, because this codec would apply any other.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @param mime The file's MIME type.
 * @throws {ImageError} When the codec refuses the file.
 */
export async function decodeOnPlatform(bytes: Uint8Array, mime: string): Promise<RgbImage> {
  let bitmap: ImageBitmap;
  try {
    // Colours as stored: a profile would be applied in browsers and not on Deno. (No `premultiplyAlpha: "none"`: Deno
    // 2.9 then still divides by alpha when it exports.)
    bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime }), {
      colorSpaceConversion: "none",
    });
  } catch (cause) {
    throw new ImageError(`truncated or damaged ${mime.replace("image/", "").toUpperCase()}`, { cause });
  }
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context !== null) {
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return rgbaOverWhite(context.getImageData(0, 0, width, height).data, width, height);
  }
  // Deno has no 2d context: transfer the bitmap to a canvas and encode it as PNG.
  const renderer = canvas.getContext("bitmaprenderer");
  if (renderer === null) throw new ImageError("this runtime's canvas gives no pixels");
  renderer.transferFromImageBitmap(bitmap);
  const png = await canvas.convertToBlob({ type: "image/png" });
  return await decodePng(new Uint8Array(await png.arrayBuffer()));
}
