/**
 * Decodes the bytes of a file in this thread. Memory is bounded here; time only where decode_bounded.ts calls it in a worker.
 *
 * @module
 */
import { convertToSrgb } from "./codecs/color.ts";
import { decodeStored } from "./codecs/decode_stored.ts";
import { eighthsFor, sizeInEighths } from "./eighths.ts";
import { type ImageHeader, readHeader } from "./header.ts";
import { applyOrientation } from "./orient.ts";
import { ImageError, type RgbImage } from "./types.ts";

/** What one image may cost. */
export interface DecodeLimits {
  /** Most pixels. */
  readonly maxPixels: number;
  /** Bytes for the codec's memory and the pixels together. */
  readonly memory: number;
  /** Pixels that the shorter side of a JPEG needs at least; undefined for the whole image. */
  readonly atLeast?: number;
  /** The frame of a file of several, from 0; the first by default. */
  readonly frame?: number;
  /** Whether colours stay as stored, whatever the file's profile says. */
  readonly keepProfile?: boolean;
  /** URL of magick.wasm, where the runtime does not know its package's. */
  readonly magickWasm?: string;
}

/**
 * Reads the header and refuses what it shows to be too large.
 *
 * @throws {ImageError} When the bytes are not an image, or have too many pixels.
 */
export function checkedHeader(
  bytes: Uint8Array,
  { maxPixels, atLeast }: Pick<DecodeLimits, "maxPixels" | "atLeast">,
): ImageHeader {
  const header = readHeader(bytes);
  const { format, width, height } = header;
  if (width === undefined || height === undefined) return header;
  const eighths = format === "jpeg" ? eighthsFor({ width, height }, atLeast) : 8;
  const decoded = sizeInEighths({ width, height }, eighths);
  if (decoded.width * decoded.height > maxPixels) {
    throw new ImageError(`${width} x ${height} pixels exceeds maxPixels ${maxPixels}`);
  }
  return header;
}

/**
 * Decodes a file to upright RGB over white, in sRGB unless `keepProfile` says otherwise.
 *
 * @param onReady Called when the codec is loaded and the reading begins.
 * @throws {ImageError} When the file cannot be decoded within the limits.
 */
export async function decodeBytes(
  bytes: Uint8Array,
  { keepProfile = false, frame = 0, ...limits }: DecodeLimits,
  onReady: () => void = () => {},
): Promise<RgbImage> {
  const header = checkedHeader(bytes, limits);
  const { orientation, profile, ...stored } = await decodeStored(bytes, header, {
    ...limits,
    keepProfile,
    frame,
    onReady,
  });
  const image = profile === undefined ? stored : await convertToSrgb(stored, profile);
  return applyOrientation(image, header.orientation?.value ?? orientation ?? 1);
}
