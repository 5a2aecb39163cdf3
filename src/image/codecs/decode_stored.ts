/**
 * Chooses the codec of a format and decodes with it.
 *
 * | format | reads | writes |
 * |---|---|---|
 * | JPEG | libjpeg-turbo (jpeg.ts); 12 bits and lossless ones ImageMagick | ImageMagick |
 * | PNG | png crate (png.ts), after the check of check_png.ts | png crate; smaller: ImageMagick |
 * | WebP, AVIF | libwebp, libavif (squoosh.ts); an animated WebP ImageMagick | ImageMagick |
 * | GIF, TIFF, BMP, ICO, PSD, JPEG 2000, JPEG XL, HEIC, PNM, TGA, PCX, SGI, DDS, DICOM | ImageMagick (magick.ts) | – |
 *
 * Orientation is applied after decoding (orient.ts) as header.ts found it, or as ImageMagick did; before it, colours are
 * converted to sRGB (color.ts).
 *
 * @module
 */
import type { ImageFormat, ImageHeader, SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { findProfile } from "../profile.ts";
import { eighthsFor } from "../eighths.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng } from "./png.ts";
import { decodeWithMagick, type MagickImage, type MagickOptions } from "./magick.ts";
import { decodeWithSquoosh } from "./squoosh.ts";

/** How an image is decoded. */
export interface StoredOptions extends MagickOptions {
  /** Pixels that the shorter side needs at least; undefined for the whole image. */
  readonly atLeast?: number;
}

/** A decoded image, with what is still to be applied to it. */
export type StoredImage = RgbImage & Partial<Pick<MagickImage, "orientation" | "profile">>;

/** Decodes the stored image: not yet upright, its colours not yet converted. */
export async function decodeStored(
  bytes: Uint8Array,
  header: ImageHeader,
  options: StoredOptions,
): Promise<StoredImage> {
  const profile = options.keepProfile ? undefined : await findProfile(bytes, header.format);
  if (header.format === "jpeg") return await decodeAnyJpeg(bytes, header as SizedHeader, profile, options);
  const image = await decodeWithCodec(bytes, header, options);
  return profile === undefined ? image : { profile, ...image };
}

async function decodeWithCodec(
  bytes: Uint8Array,
  header: ImageHeader,
  options: MagickOptions,
): Promise<StoredImage> {
  const { memory, frame, onReady } = options;
  const { format } = header;
  // The small codec of WebP reads no animation.
  if (format === "png" || format === "avif" || (format === "webp" && !isAnimatedWebp(bytes))) {
    if (frame > 0) throw oneFrame(format, frame);
    return format === "png"
      ? await decodePng(bytes, header as SizedHeader, memory, onReady)
      : await decodeWithSquoosh(bytes, { ...header as SizedHeader, format }, memory, onReady);
  }
  return await decodeWithMagick(bytes, format, options);
}

/** The line that refuses a frame of a format that is read as one image. */
function oneFrame(format: ImageFormat, frame: number): ImageError {
  const which = `${format.toUpperCase()} is read as one image`;
  return new ImageError(`it has no frame ${frame} (they count from 0; ${which})`);
}

/** Whether the extended header (VP8X) of a WebP says that it is animated. */
function isAnimatedWebp(bytes: Uint8Array): boolean {
  return bytes[15] === 0x58 && (bytes[20]! & 2) !== 0;
}

/** ImageMagick reads what few JPEGs have: 12 bits, and the lossless kind. */
async function decodeAnyJpeg(
  bytes: Uint8Array,
  header: SizedHeader,
  profile: Uint8Array | undefined,
  options: StoredOptions,
): Promise<StoredImage> {
  if (options.frame > 0) throw oneFrame("jpeg", options.frame);
  try {
    const eighths = eighthsFor(header, options.atLeast);
    const { converted, ...image } = await decodeJpeg(bytes, header, { ...options, eighths, profile });
    return profile === undefined || converted ? image : { ...image, profile };
  } catch (refusal) {
    if (!(refusal instanceof ImageError) || refusal.cause === undefined) throw refusal;
    try {
      return await decodeWithMagick(bytes, "jpeg", options);
    } catch (error) {
      throw error instanceof ImageError && /cannot be loaded/.test(error.message) ? refusal : error;
    }
  }
}
