/**
 * Chooses the codec of a format and decodes with it.
 *
 * | format | reads | writes |
 * |---|---|---|
 * | JPEG | libjpeg-turbo (jpeg.ts); 12 bits and lossless ones ImageMagick | ImageMagick |
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
  const { memory, onReady } = options;
  switch (header.format) {
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

/** ImageMagick reads what few JPEGs have: 12 bits, and the lossless kind. */
async function decodeAnyJpeg(
  bytes: Uint8Array,
  header: SizedHeader,
  profile: Uint8Array | undefined,
  options: StoredOptions,
): Promise<StoredImage> {
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
