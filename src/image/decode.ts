/**
 * Decodes any image to upright 8-bit RGB. The header is checked first; then a codec reads it, in a worker, within a budget of
 * memory and time. codecs/decode_stored.ts says which codec reads and writes what.
 *
 * @module
 */
import { rgbaOverWhite } from "./codecs/alpha.ts";
import { DEFAULT_MEMORY } from "./codecs/compile.ts";
import { decodeBounded } from "./decode_bounded.ts";
import { checkedHeader } from "./decode_bytes.ts";
import { imageFiles } from "./files.ts";
import { isPixels, readSource } from "./source.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { ImageError, type ImageSource, type RgbImage } from "./types.ts";

/** What reading an image may cost, and how its colours are read. */
export interface DecodeSettings {
  /** Maximum number of pixels; 64 megapixels (2^26) by default. */
  readonly maxPixels?: number;
  /** Megabytes (2^20 bytes) that the codec and the pixels may take together; 384 by default. */
  readonly memory?: number;
  /** Seconds that the reading may take where workers exist; 5 by default. */
  readonly seconds?: number;
  /**
   * The frame that is read of an animated GIF or WebP, a TIFF, HEIC or ICO of several images, counted from 0; the first by
   * default.
   */
  readonly frame?: number;
  /**
   * Pixels that the shorter side needs at least: a JPEG of twice as many, or more, is decoded at a half, a quarter or an eighth of
   * its size, which takes less time and memory; `maxPixels` then counts what is decoded. Undefined, as by default, for the
   * whole image.
   */
  readonly atLeast?: number;
  /**
   * Whether the numbers of the file are taken as they are, as PIL and torchvision do, and not converted to sRGB by its colour
   * profile; false by default.
   */
  readonly keepProfile?: boolean;
}

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions extends DecodeSettings {
  /** Stops a download, or the reading. */
  readonly signal?: AbortSignal;
}

/** 64 megapixels: more than phone cameras have, and 192 MiB decoded. */
const DEFAULT_MAX_PIXELS = 64 * 2 ** 20;
const DEFAULT_SECONDS = 5;
/** The longest time that a timer measures, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new RangeError(`Cannot decode with ${name} ${value}: it must be a positive number`);
}

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

/**
 * Decodes an image to upright 8-bit RGB: JPEG (grey, CMYK and YCCK too), PNG (all depths), WebP and AVIF by small codecs;
 * GIF, TIFF, BMP, ICO, PSD, HEIC, JPEG XL, JPEG 2000, PNM, TGA, PCX, SGI, DDS and DICOM by ImageMagick, which is loaded when
 * needed. Of several frames the first is taken, or `frame`. 16-bit samples keep their high byte, alpha is composited over white, then colours are
 * converted to sRGB by the file's profile (perceptual intent, as Pillow's ImageCms does), then the orientation is applied.
 *
 * An {@linkcode RgbImage} is returned unchanged, without a copy.
 *
 * @param source Bytes, Blob, URL, path, URL as text, ImageData or RGB pixels.
 * @throws {ImageError} When the image cannot be read or decoded, or has more than `maxPixels`: one line that names the
 * source if it has a name.
 * @throws {TypeError} When the source is not an image source.
 * @throws {RangeError} When a limit is not a positive number.
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
  const { atLeast, frame, keepProfile = false, signal } = options;
  if (frame !== undefined && !(Number.isInteger(frame) && frame >= 0)) {
    throw new RangeError(`Cannot decode frame ${frame}: frames are whole numbers from 0`);
  }
  const maxPixels = positive("maxPixels", options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const memory = 2 ** 20 * positive("memory", options.memory ?? DEFAULT_MEMORY / 2 ** 20);
  const deadline = Math.min(1000 * positive("seconds", options.seconds ?? DEFAULT_SECONDS), LONGEST);
  if (isPixels(source)) return fromPixels(source);
  const { bytes, name } = await readSource(source, signal);
  const called = name === undefined ? "" : ` ${name}`;
  try {
    const limits = { maxPixels, memory, ...withoutUndefined({ atLeast, frame }) };
    checkedHeader(bytes, limits);
    return await decodeBounded(bytes, {
      ...limits,
      deadline,
      keepProfile,
      signal,
      ...imageFiles(),
    });
  } catch (error) {
    if (error instanceof ImageError) {
      throw new ImageError(`Cannot decode image${called}: ${error.message}`, { cause: error.cause ?? error });
    }
    signal?.throwIfAborted();
    // A damaged file has fewer bytes than it claims.
    const text = error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
    throw new ImageError(`Cannot decode image${called}: damaged (${text})`, { cause: error });
  }
}
