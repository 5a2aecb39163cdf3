/**
 * The images of a training run. Their order and augmentation depend only on the seed and the position in the run, so a
 * resumed run sees the same images.
 *
 * @module
 */
import { decodeImage } from "../../image/decode.ts";
import { ImageError, type ImageSource } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";
import { shuffled } from "../../random/shuffle.ts";
import type { Crop } from "../../image/preprocess.ts";
import { type ImageCrops, openImageCrops } from "./image_crops.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** An image that could not be read. */
export interface SkippedImage {
  /** Its name, or its index in the list if it has none. */
  readonly image: string;
  /** The reason. */
  readonly reason: string;
}

/** A batch. */
export interface ReadBatch {
  /** [batch, 3, crop, crop] in [0, 1] for each of the requested crops. */
  readonly pixels: readonly Float32Array[];
  /** Indices of the images in the list. */
  readonly images: readonly number[];
}

/** Reads batches one after the other. */
export interface BatchReader {
  /**
   * Number of images taken so far, over all epochs, including unreadable ones; without images that are only read ahead.
   */
  readonly position: number;
  /** Images that could not be read, each once. */
  readonly skipped: readonly SkippedImage[];
  /**
   * The next batch.
   *
   * @throws {ImageError} When no image can be read.
   */
  next(signal?: AbortSignal): Promise<ReadBatch>;
}

/** Options for reading batches. */
export interface BatchReaderOptions {
  readonly images: readonly ImageSource[];
  /** Indices of the images to use; all by default. */
  readonly use?: readonly number[];
  readonly batch: number;
  readonly seed: number;
  /** Start position; 0 for a new run. */
  readonly position?: number;
  /** Sizes per network; one entry if both read the same. */
  readonly inputs: readonly Crop[];
  /** Cropper for the same list and the same inputs; by default the calling thread. */
  readonly crops?: ImageCrops;
  /** Number of batches that will be requested, so that none is read ahead in vain. */
  readonly batches?: number;
}

/** Number of batches that workers read ahead: one is ready while the next is read. */
const AHEAD = 2;

/**
 * Random streams of a seed: numbers below this are for the augmentation of each image by its position in the run, the
 * others for the epochs.
 */
const FIRST_EPOCH = 0x8000_0000;

/** The order of an epoch. */
function epochOrder(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  return shuffled(count, createStream(seed, FIRST_EPOCH + epoch));
}

/** Name of a source for people. */
export function sourceName(source: ImageSource, index: number, kind = "image"): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  return source instanceof File ? source.name : `${kind} ${index}`;
}

/** Held-out images without unreadable ones; checked now instead of after hours of training. */
export async function readableImages(
  images: readonly ImageSource[],
  signal?: AbortSignal,
): Promise<{ readonly readable: readonly ImageSource[]; readonly skipped: readonly SkippedImage[] }> {
  const readable: ImageSource[] = [];
  const skipped: SkippedImage[] = [];
  for (const [index, image] of images.entries()) {
    signal?.throwIfAborted();
    try {
      await decodeImage(image, withoutUndefined({ signal }));
      readable.push(image);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      skipped.push({ image: sourceName(image, index, "held-out image"), reason: error.message });
    }
  }
  if (images.length > 0 && readable.length === 0) {
    throw new ImageError(`Cannot validate: none of the ${images.length} held-out images can be read`, {
      cause: skipped[0]?.reason,
    });
  }
  return { readable, skipped };
}

/** Starts reading batches; epochs follow each other without a gap. */
export function createBatchReader(options: BatchReaderOptions): BatchReader {
  const { images, batch, seed, inputs, batches = Infinity } = options;
  const use = options.use ?? images.map((_, index) => index);
  const crops = options.crops ?? openImageCrops({ images, inputs });
  let position = options.position ?? 0;
  let order = new Uint32Array();
  let epoch = -1;
  let begun = 0;
  const skipped = new Map<number, SkippedImage>();
  /** Requested crops, by position. */
  const asked = new Map<number, Promise<Float32Array[]>>();

  /** The image at a position. */
  function imageAt(place: number): number {
    const at = Math.floor(place / use.length);
    if (at !== epoch) [epoch, order] = [at, epochOrder(use.length, seed, at)];
    return use[order[place % use.length]!]!;
  }

  /** Requests the crops of the next positions. The calling thread would gain nothing from it. */
  function readAhead(missing: number, signal: AbortSignal | undefined): void {
    const more = Math.min(AHEAD, batches - begun) * batch + missing;
    const end = crops.workers > 0 ? position + more : position + 1;
    for (let place = position; place < end; place++) {
      const index = imageAt(place);
      if (asked.has(place) || skipped.has(index)) continue;
      const crop = crops.crop(index, { kind: "augmented", seed, stream: place }, signal);
      // It may fail long before it is needed.
      crop.catch(() => undefined);
      asked.set(place, crop);
    }
  }

  /** The next readable image, cropped for each input, and its index. */
  async function one(missing: number, signal: AbortSignal | undefined): Promise<[number, Float32Array[]]> {
    // Counts distinct images, because the end of one epoch and the start of the next may have the same unreadable
    // images.
    while (skipped.size < use.length) {
      signal?.throwIfAborted();
      readAhead(missing, signal);
      const place = position++;
      const index = imageAt(place);
      const crop = asked.get(place);
      asked.delete(place);
      if (crop === undefined || skipped.has(index)) continue;
      try {
        return [index, await crop];
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        skipped.set(index, { image: sourceName(images[index]!, index), reason: error.message });
      }
    }
    throw new ImageError(`Cannot train: none of the ${use.length} images can be read`, {
      cause: [...skipped.values()][0]?.reason,
    });
  }

  return {
    get position() {
      return position;
    },
    get skipped() {
      return [...skipped.values()];
    },
    next: async (signal) => {
      begun++;
      const pixels = inputs.map(({ crop, width = crop }) => new Float32Array(batch * 3 * crop * width));
      const read: number[] = [];
      while (read.length < batch) {
        const [index, parts] = await one(batch - read.length, signal);
        parts.forEach((part, which) => pixels[which]!.set(part, read.length * part.length));
        read.push(index);
      }
      return { pixels, images: read };
    },
  };
}
