/**
 * Decodes any image to upright 8-bit RGB. The header is checked first; then the codec is chosen by format.
 *
 * | format | codec | why |
 * |---|---|---|
 * | JPEG, PNG, GIF, TIFF | our own readers | the same bytes as PIL's on every platform, damage refused, no permission |
 * | WebP | createImageBitmap | the platform's; Deno from 2.9, browsers |
 *
 * The comments of the readers list the measurements behind this choice.
 *
 * @module
 */
import { decodeGif } from "./_gif_decode.ts";
import { decodeJpeg } from "./_jpeg_decode.ts";
import { decodeOnPlatform, hasPlatformDecoder, rgbaOverWhite } from "./_platform_decode.ts";
import { decodePng } from "./_png_decode.ts";
import { decodeTiff } from "./_tiff_decode.ts";
import { type ImageHeader, readHeader } from "./header.ts";
import { applyOrientation } from "./orient.ts";
import { isPixels, readSource } from "./source.ts";
import { ImageError, type ImageSource, type RgbImage } from "./types.ts";

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /** Maximum number of pixels by the header; 64 megapixels (2^26) by default. */
  readonly maxPixels?: number;
  /** Stops a download. */
  readonly signal?: AbortSignal;
}

/** 64 megapixels: more than phone cameras have, and 192 MiB decoded. */
const DEFAULT_MAX_PIXELS = 64 * 2 ** 20;

/** Checks pixels that need no decoding, and removes alpha. */
function fromPixels(source: ImageData | RgbImage): RgbImage {
  const { width, height, data } = source;
  const pixels = width * height;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`Cannot take pixels: ${width} x ${height} is not a valid image size`);
  }
  if (data instanceof Uint8ClampedArray && data.length === 4 * pixels) {
    return rgbaOverWhite(data, width, height);
  }
  if (data instanceof Uint8Array && data.length === 3 * pixels) return { width, height, data };
  throw new TypeError(
    `Cannot take pixels: ${width} x ${height} needs a Uint8Array of ${3 * pixels} (RGB) ` +
      `or a Uint8ClampedArray of ${4 * pixels} (RGBA), not ${data.length} of ${data.constructor.name}`,
  );
}

/** A copy with the orientation tag set to upright, for codecs that would apply it. */
function withoutOrientation(bytes: Uint8Array, { orientation }: ImageHeader): Uint8Array {
  if (orientation === undefined || orientation.value === 1) return bytes;
  const copy = bytes.slice();
  copy[orientation.at] = orientation.littleEndian ? 1 : 0;
  copy[orientation.at + 1] = orientation.littleEndian ? 0 : 1;
  return copy;
}

/** Decodes the stored image, not yet upright. */
async function decodeStored(bytes: Uint8Array, header: ImageHeader): Promise<RgbImage> {
  switch (header.format) {
    case "png":
      return await decodePng(bytes);
    case "gif":
      return decodeGif(bytes);
    case "tiff":
      return await decodeTiff(bytes);
    case "jpeg":
      return decodeJpeg(bytes);
    case "webp":
      if (!hasPlatformDecoder()) {
        throw new ImageError(
          "this runtime has no WebP decoder (Deno 2.9 and browsers have one); save it as PNG or JPEG",
        );
      }
      return await decodeOnPlatform(withoutOrientation(bytes, header), "image/webp");
  }
}

/**
 * Decodes an image to upright 8-bit RGB: JPEG (grey, CMYK and YCCK too), PNG (all depths), WebP, GIF (the first
 * frame) and TIFF (baseline). Exif orientation is applied, alpha is composited over white, 16-bit samples keep their
 * high byte, colour profiles are not applied; all as PIL does.
 *
 * An {@linkcode RgbImage} is returned unchanged, without a copy.
 *
 * @param source Bytes, Blob, URL, path, URL as text, ImageData or RGB pixels.
 * @throws {ImageError} When the image cannot be read or decoded, or has more than `maxPixels`: one line that names the
 * source if it has a name.
 * @throws {TypeError} When the source is not an image source.
 *
 * @example Decode a two-pixel PNG
 * ```ts
 * import { decodeImage } from "./decode.ts";
 * import { encodePng } from "./png.ts";
 *
 * const png = await encodePng({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) });
 * const image = await decodeImage(png);
 * if (image.width !== 2 || image.data[5] !== 255) throw new Error("not what was encoded");
 * ```
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<RgbImage> {
  const { maxPixels = DEFAULT_MAX_PIXELS, signal } = options;
  if (isPixels(source)) return fromPixels(source);
  const { bytes, name } = await readSource(source, signal);
  const called = name === undefined ? "" : ` ${name}`;
  try {
    const header = readHeader(bytes);
    const { width, height } = header;
    if (width * height > maxPixels) {
      throw new ImageError(`${width} x ${height} pixels exceeds maxPixels ${maxPixels}`);
    }
    const stored = await decodeStored(bytes, header);
    // A later frame header may give another size than the first; no codec may return another size.
    if (stored.width !== width || stored.height !== height) {
      throw new ImageError(
        `its header says ${width} x ${height}, its pixels ${stored.width} x ${stored.height}`,
      );
    }
    return applyOrientation(stored, header.orientation?.value ?? 1);
  } catch (error) {
    if (error instanceof ImageError) {
      throw new ImageError(`Cannot decode image${called}: ${error.message}`, { cause: error.cause ?? error });
    }
    // A damaged file has fewer bytes than it claims.
    const text = error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
    throw new ImageError(`Cannot decode image${called}: damaged (${text})`, { cause: error });
  }
}
