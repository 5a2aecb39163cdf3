/**
 * Decodes, resizes and cuts an image to a network's input. Resized images can be cached, so that a second request needs
 * only the cut. It runs in a worker (image_worker.ts) or in the trainer's own thread.
 *
 * @module
 */
import { augment } from "../../image/augment.ts";
import { decodeImage } from "../../image/decode.ts";
import { preprocess, resizeShortSide, scaledSize } from "../../image/preprocess.ts";
import type { ImageSource, RgbImage } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** The image size of one network. */
export interface InputSize {
  /** Pixels of the short side after resizing. */
  readonly resize: number;
  /** Pixels of the square. */
  readonly crop: number;
}

/**
 * Which part of an image: the centre, as in evaluations, for one input, the first by default, or for all; or a random
 * part, the same for all inputs.
 */
export type CropPlace =
  | { readonly kind: "centre"; readonly input?: number | "all" }
  | { readonly kind: "augmented"; readonly seed: number; readonly stream: number };

/** Makes cuts of images. */
export interface ImageCropper {
  /** Bytes of the cached images. */
  readonly cachedBytes: number;
  /**
   * Cuts an image.
   *
   * @param key Cache key; it must always refer to the same image.
   * @returns [3, crop, crop] in [0, 1] for each input; for the centre cut of one input, of it alone.
   * @throws {ImageError} When the image cannot be read.
   */
  cut(key: number, source: ImageSource, cut: CropPlace, signal?: AbortSignal): Promise<Float32Array[]>;
}

/** More elongated images are not cached, because the whole image would be resized for a small cut. */
const LONGEST = 8;

/**
 * A cutter for some inputs.
 *
 * @param cacheBytes Maximum size of the cache; 0 disables it.
 */
export function createImageCropper(inputs: readonly InputSize[], cacheBytes: number): ImageCropper {
  const sizes = [...new Set(inputs.map(({ resize }) => resize))];
  // Cached images are never evicted: every epoch requests each image once, so an eviction loses as much as it gains.
  const kept = new Map<number, ReadonlyMap<number, RgbImage>>();
  let cachedBytes = 0;

  /** The image in each of the sizes; the unresized image if it is not cached. */
  async function read(
    key: number,
    source: ImageSource,
    signal: AbortSignal | undefined,
  ): Promise<(resize: number) => RgbImage> {
    let scaled = kept.get(key);
    if (scaled === undefined) {
      const image = await decodeImage(source, withoutUndefined({ signal }));
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
        const wanted = cut.input === "all" ? inputs : [inputs[cut.input ?? 0]!];
        return wanted.map((input) => preprocess(image(input.resize), input).pixels);
      }
      // The same random numbers for each input, so that both networks see the same part of the image.
      return inputs.map((input) => augment(image(input.resize), input, createStream(cut.seed, cut.stream)));
    },
  };
}

/** Cached images must not change with the caller's pixels. */
function ownCopy(scaled: RgbImage, image: RgbImage): RgbImage {
  return scaled === image ? { ...image, data: image.data.slice() } : scaled;
}
