/**
 * From an image to a network's input: decoded, resized, cut. Resized images may be kept, so that a second look at
 * one costs only the cut. The same in a worker (picture_worker.ts) and in the trainer's own thread.
 *
 * @module
 */
import { augment } from "../../image/augment.ts";
import { decodeImage } from "../../image/decode.ts";
import { preprocess, resizeShortSide, scaledSize } from "../../image/preprocess.ts";
import type { ImageSource, RgbImage } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";

/** How one network wants its images. */
export interface InputSize {
  /** Pixels of the short side after resizing. */
  readonly resize: number;
  /** Pixels of the square. */
  readonly crop: number;
}

/** Which part of a image: as evaluations cut it, for one input, the first by default; or at random, the same for all. */
export type Cut =
  | { readonly kind: "centre"; readonly input?: number }
  | { readonly kind: "augmented"; readonly seed: number; readonly stream: number };

/** Makes cuts of images. */
export interface PictureCutter {
  /** Bytes of the images that are kept. */
  readonly cachedBytes: number;
  /**
   * Cuts an image.
   *
   * @param key What the image is kept under; always the same image for the same key.
   * @returns [3, crop, crop] in [0, 1] for each input; a centre cut alone.
   * @throws {ImageError} When the image cannot be read.
   */
  cut(key: number, source: ImageSource, cut: Cut, signal?: AbortSignal): Promise<Float32Array[]>;
}

/** Longer images are not kept: all of them would be resized for a cut that shows little. */
const LONGEST = 8;

/**
 * A cutter for some inputs.
 *
 * @param cacheBytes The most that it keeps of images; none with 0.
 */
export function createPictureCutter(inputs: readonly InputSize[], cacheBytes: number): PictureCutter {
  const sizes = [...new Set(inputs.map(({ resize }) => resize))];
  // What is in stays in: every epoch asks for each image once, so room made for one is another's loss.
  const kept = new Map<number, ReadonlyMap<number, RgbImage>>();
  let cachedBytes = 0;

  /** The image in each of the sizes; as it was read where it is not kept. */
  async function read(
    key: number,
    source: ImageSource,
    signal: AbortSignal | undefined,
  ): Promise<(resize: number) => RgbImage> {
    let scaled = kept.get(key);
    if (scaled === undefined) {
      const image = await decodeImage(source, signal === undefined ? {} : { signal });
      const bytes = sizes.reduce((sum, resize) => {
        const [width, height] = scaledSize(image, resize);
        return sum + 3 * width * height;
      }, 0);
      const long = Math.max(image.width, image.height) > LONGEST * Math.min(image.width, image.height);
      if (long || cachedBytes + bytes > cacheBytes) return () => image;
      scaled = new Map(sizes.map((resize) => [resize, ownCopy(resizeShortSide(image, resize), image)]));
      kept.set(key, scaled);
      cachedBytes += bytes;
    }
    const found = scaled;
    return (resize) => found.get(resize)!;
  }

  return {
    get cachedBytes() {
      return cachedBytes;
    },
    cut: async (key, source, cut, signal) => {
      const image = await read(key, source, signal);
      if (cut.kind === "centre") {
        const input = inputs[cut.input ?? 0]!;
        return [preprocess(image(input.resize), input).pixels];
      }
      // The same draw for each input: both networks see the same part of the image.
      return inputs.map((input) => augment(image(input.resize), input, createStream(cut.seed, cut.stream)));
    },
  };
}

/** What is kept must not change with the caller's own pixels. */
function ownCopy(scaled: RgbImage, image: RgbImage): RgbImage {
  return scaled === image ? { ...image, data: image.data.slice() } : scaled;
}
