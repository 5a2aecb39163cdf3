/**
 * Decodes, resizes and crops an image to a network's input. Resized images can be cached, so that a second request needs
 * only the crop. It runs in a worker (image_worker.ts) or in the trainer's own thread.
 *
 * @module
 */
import { augment } from "../../image/augment.ts";
import { decodeImage } from "../../image/decode.ts";
import { isRectangle, squashedCrop } from "../../classifier/prepared_image.ts";
import { type Crop, preprocess, resizeForCrop, scaledSize } from "../../image/preprocess.ts";
import type { ImageSource, RgbImage } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/**
 * Which part of an image: the centre, as in evaluations, for one input, the first by default, or for all; or a random
 * part, the same for all inputs.
 */
export type CropPlace =
  | { readonly kind: "centre"; readonly input?: number | "all" }
  | { readonly kind: "augmented"; readonly seed: number; readonly stream: number };

/** Makes crops of images. */
export interface ImageCropper {
  /** Bytes of the cached images. */
  readonly cachedBytes: number;
  /**
   * Crops an image.
   *
   * @param key Cache key; it must always refer to the same image.
   * @returns [3, crop, crop] in [0, 1] for each input; for the centre crop of one input, of it alone.
   * @throws {ImageError} When the image cannot be read.
   */
  crop(key: number, source: ImageSource, place: CropPlace, signal?: AbortSignal): Promise<Float32Array[]>;
}

/** More elongated images are not cached, because the whole image would be resized for a small crop. */
const LONGEST = 8;

/**
 * A cropper for some inputs.
 *
 * @param cacheBytes Maximum size of the cache; 0 disables it.
 */
export function createImageCropper(inputs: readonly Crop[], cacheBytes: number): ImageCropper {
  // One entry for inputs that are cropped from the same resized image.
  const read = isRectangle(inputs[0]!) ? inputs.slice(0, 1) : inputs;
  const resized = new Map(read.map((input) => [resizing(input), input]));
  // Cached images are never evicted: every epoch requests each image once, so an eviction loses as much as it gains.
  const kept = new Map<number, ReadonlyMap<string, RgbImage>>();
  let cachedBytes = 0;

  /** The image as it is resized for an input; the unresized image if it is not cached. */
  async function resizedImage(
    key: number,
    source: ImageSource,
    signal: AbortSignal | undefined,
  ): Promise<(input: Crop) => RgbImage> {
    let scaled = kept.get(key);
    if (scaled === undefined) {
      const image = await decodeImage(source, withoutUndefined({ signal }));
      let bytes = 0;
      for (const input of resized.values()) {
        const [width, height] = scaledSize(image, input);
        bytes += 3 * width * height;
      }
      const long = Math.max(image.width, image.height) > LONGEST * Math.min(image.width, image.height);
      if (long || cachedBytes + bytes > cacheBytes) return () => image;
      scaled = new Map(
        [...resized].map(([key, input]) => [key, ownCopy(resizeForCrop(image, input), image)]),
      );
      kept.set(key, scaled);
      cachedBytes += bytes;
    }
    const found = scaled;
    return (input) => found.get(resizing(input))!;
  }

  return {
    get cachedBytes() {
      return cachedBytes;
    },
    crop: async (key, source, place, signal) => {
      const image = await resizedImage(key, source, signal);
      const part = place.kind === "centre"
        ? (input: Crop) => preprocess(image(input), input).pixels
        // The same random numbers for each input, so that both networks see the same part of the image.
        : (input: Crop) => augment(image(input), input, createStream(place.seed, place.stream));
      const which = place.kind === "augmented" ? "all" : place.input ?? 0;
      const [backbone, auxiliary] = inputs;
      if (auxiliary !== undefined && isRectangle(backbone!)) {
        const own = part(backbone!);
        if (which === 0) return [own];
        const squashed = squashedCrop(own, backbone!, auxiliary);
        return which === "all" ? [own, squashed] : [squashed];
      }
      return (which === "all" ? inputs : [inputs[which]!]).map(part);
    },
  };
}

/** What decides how an image is resized for an input. */
function resizing({ resize, crop, width = crop, fit = "crop", resample = "bilinear" }: Crop): string {
  // The size of a cropped square does not matter to it.
  return [resize, resample, ...(fit === "crop" && crop === width ? [] : [fit, crop, width])].join();
}

/** Cached images must not change with the caller's pixels. */
function ownCopy(scaled: RgbImage, image: RgbImage): RgbImage {
  return scaled === image ? { ...image, data: image.data.slice() } : scaled;
}
