/**
 * Chooses the codec of a format and decodes with it.
 *
 * | format | reads | writes |
 * |---|---|---|
 * | JPEG | libjpeg-turbo (jpeg.ts); CMYK, arithmetic coding, 12 bits and odd files ImageMagick | ImageMagick |
 * | PNG | png crate (png.ts), after the check of check_png.ts | png crate; smaller: ImageMagick |
 * | WebP, AVIF | libwebp, libavif (squoosh.ts) | ImageMagick |
 * | GIF, TIFF, BMP, ICO, PSD, JPEG 2000, JPEG XL, HEIC, PNM | ImageMagick (magick.ts) | – |
 *
 * Orientation is applied after decoding (orient.ts) as header.ts found it, or as ImageMagick did; before it, colours are
 * converted to sRGB (color.ts).
 *
 * @module
 */
import type { ImageFormat, ImageHeader, SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { findProfile } from "../profile.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng } from "./png.ts";
import { decodeWithMagick, type MagickImage, type MagickOptions } from "./magick.ts";
import { decodeWithSquoosh } from "./squoosh.ts";

/** A decoded image, with what is still to be applied to it. */
export type StoredImage = RgbImage & Partial<Pick<MagickImage, "orientation" | "profile">>;

/** Decodes the stored image: not yet upright, its colours not yet converted. */
export async function decodeStored(
  bytes: Uint8Array,
  header: ImageHeader,
  options: MagickOptions,
): Promise<StoredImage> {
  const profile = options.keepProfile ? undefined : await findProfile(bytes, header.format);
  const image = await decodeWithCodec(bytes, header, options);
  return profile === undefined ? image : { profile, ...image };
}

async function decodeWithCodec(
  bytes: Uint8Array,
  header: ImageHeader,
  options: MagickOptions,
): Promise<StoredImage> {
  const { memory, onReady } = options;
  switch (header.format) {
    case "jpeg":
      try {
        return await decodeJpeg(bytes, header as SizedHeader, memory, onReady);
      } catch (error) {
        // It lacks what few files have, and takes for an error what is none.
        if (!(error instanceof ImageError) || error.cause === undefined) throw error;
        return await decodeOddJpeg(bytes, options, error);
      }
    case "png":
      return await decodePng(bytes, header as SizedHeader, memory, onReady);
    case "webp":
    case "avif":
      return await decodeWithSquoosh(
        bytes,
        header as SizedHeader & { format: "webp" | "avif" },
        memory,
        onReady,
      );
    default:
      return await decodeWithMagick(bytes, header.format satisfies Exclude<ImageFormat, "png">, options);
  }
}

/** A JPEG that libjpeg-turbo refused. */
async function decodeOddJpeg(
  bytes: Uint8Array,
  options: MagickOptions,
  refusal: ImageError,
): Promise<MagickImage> {
  try {
    return await decodeWithMagick(bytes, "jpeg", options);
  } catch (error) {
    // A file without an end may have all its pixels: with an end, the codec then misses nothing.
    if (!(error instanceof ImageError)) throw error;
    if (/cannot be loaded/.test(error.message)) throw refusal;
    if (!/Premature end/.test(error.message) || !hasOneScan(bytes)) throw error;
    const ended = new Uint8Array(bytes.length + 2);
    ended.set(bytes);
    ended.set([0xff, 0xd9], bytes.length);
    return await decodeWithMagick(ended, "jpeg", options);
  }
}

/** True for a sequential JPEG whose first scan holds every component. */
function hasOneScan(bytes: Uint8Array): boolean {
  let components = 0;
  for (let at = 2; at + 10 <= bytes.length;) {
    if (bytes[at] !== 0xff || bytes[at + 1]! >= 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xc0 || marker === 0xc1) components = bytes[at + 9]!;
    if (marker === 0xda) return bytes[at + 4] === components;
    at += 2 + Math.max(2, bytes[at + 2]! << 8 | bytes[at + 3]!);
  }
  return false;
}
