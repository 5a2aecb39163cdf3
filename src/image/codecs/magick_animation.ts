/**
 * Writes animated WebPs, with ImageMagick.
 *
 * @module
 */
import type { Frame } from "../types.ts";
import { loadMagick, type MagickEncodeOptions, readRgb } from "./magick.ts";

/** Quality from 1 to 100. What is drawn into frames, text and curves, shows artefacts below this. */
const QUALITY = 90;

/**
 * Writes frames as a WebP that repeats. Each is compressed on its own.
 *
 * @param frames All of one size.
 */
export async function encodeWebpAnimation(
  frames: AsyncIterable<Frame>,
  { memory, magickWasm }: Omit<MagickEncodeOptions, "quality">,
): Promise<Uint8Array<ArrayBuffer>> {
  const magick = await loadMagick(memory, magickWasm);
  const images = magick.MagickImageCollection.create();
  try {
    for await (const { image, milliseconds } of frames) {
      const own = magick.MagickImage.create();
      images.push(own);
      readRgb(magick, own, image);
      own.quality = QUALITY;
      own.animationTicksPerSecond = 1000;
      own.animationDelay = milliseconds;
      // Forever.
      own.animationIterations = 0;
    }
    return images.write("WEBP", (bytes) => bytes.slice() as Uint8Array<ArrayBuffer>);
  } finally {
    images.dispose();
  }
}
