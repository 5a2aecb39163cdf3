/**
 * Writes an image in the format that a file's name ends in. Nothing but pixels is written: no metadata of the image's own file.
 *
 * @module
 */
import { DEFAULT_MEMORY } from "./codecs/compile.ts";
import { encodeWithMagick, type MagickWrites } from "./codecs/magick.ts";
import { imageFiles } from "./files.ts";
import { encodePng } from "./png.ts";
import type { RgbImage } from "./types.ts";

/** The formats that images are written in. */
export type WrittenFormat = "png" | "webp" | "jpeg" | "avif";

/** Options of {@linkcode encodeImage}. */
export interface EncodeOptions {
  /** Smaller and slower, for archives; false by default. */
  readonly small?: boolean;
}

/** Quality as ImageMagick counts it: for PNG, tens are the level of compression and units the filter. */
const QUALITY: Readonly<Record<WrittenFormat, readonly [usual: number, small: number]>> = {
  png: [15, 95],
  webp: [90, 75],
  jpeg: [92, 80],
  avif: [80, 60],
};

/** The format that a path's ending names; undefined if it is none of them. */
export function formatOfPath(path: string): WrittenFormat | undefined {
  const ending = /\.(png|webp|jpe?g|avif)$/i.exec(path)?.[1]?.toLowerCase();
  return ending === "jpg" ? "jpeg" : ending as WrittenFormat | undefined;
}

/**
 * Writes an image. PNG that need not be small comes from a small codec; all else from ImageMagick, which is loaded for it.
 *
 * @throws {ImageError} When ImageMagick cannot be loaded.
 */
export async function encodeImage(
  image: RgbImage,
  format: WrittenFormat,
  { small = false }: EncodeOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (format === "png" && !small) return await encodePng(image);
  const quality = QUALITY[format][small ? 1 : 0];
  const options = { quality, memory: DEFAULT_MEMORY, ...imageFiles() };
  return await encodeWithMagick(image, format.toUpperCase() as MagickWrites, options);
}
