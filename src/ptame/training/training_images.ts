/**
 * The pictures of a training run, in an order and with an augmentation that depend on nothing but the seed and the
 * place in the run: a run that goes on from a checkpoint sees what it would have seen.
 *
 * @module
 */
import { augment } from "../../image/augment.ts";
import { decodeImage } from "../../image/decode.ts";
import { ImageError, type ImageSource } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";

/** A picture that could not be read. */
export interface SkippedImage {
  /** Its name where it has one, else its place in the list. */
  readonly image: string;
  /** Why. */
  readonly reason: string;
}

/** Reads batches one after the other. */
export interface BatchReader {
  /** Pictures taken so far, over all epochs, the unreadable ones included. */
  readonly position: number;
  /** Pictures that could not be read, each once. */
  readonly skipped: readonly SkippedImage[];
  /**
   * The next batch, [batch, 3, crop, crop] in [0, 1] for each of the crops asked for.
   *
   * @throws {ImageError} When not one picture can be read.
   */
  next(signal?: AbortSignal): Promise<Float32Array[]>;
}

/** How pictures become batches. */
export interface BatchReaderOptions {
  readonly images: readonly ImageSource[];
  readonly batch: number;
  readonly seed: number;
  /** Where to go on; 0 for a new run. */
  readonly position?: number;
  /** Sizes per network; one entry where both read the same. */
  readonly inputs: readonly { readonly resize: number; readonly crop: number }[];
}

/** The streams of a seed: below this one each picture's augmentation by its place in the run, from it on the epochs. */
const FIRST_EPOCH = 0x8000_0000;

/** The order of an epoch: Fisher and Yates' shuffle. */
function orderOf(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const generator = createStream(seed, FIRST_EPOCH + epoch);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = generator.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Name of a source for people. */
export function nameOf(source: ImageSource, index: number, kind = "image"): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  return source instanceof File ? source.name : `${kind} ${index}`;
}

/** Held-out pictures, those left out that cannot be read: better known now than after hours of training. */
export async function readableImages(
  images: readonly ImageSource[],
  signal?: AbortSignal,
): Promise<{ readonly readable: readonly ImageSource[]; readonly skipped: readonly SkippedImage[] }> {
  const readable: ImageSource[] = [];
  const skipped: SkippedImage[] = [];
  for (const [index, image] of images.entries()) {
    signal?.throwIfAborted();
    try {
      await decodeImage(image, signal === undefined ? {} : { signal });
      readable.push(image);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      skipped.push({ image: nameOf(image, index, "held-out image"), reason: error.message });
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
  const { images, batch, seed, inputs } = options;
  let position = options.position ?? 0;
  let order = new Uint32Array();
  let epoch = -1;
  const skipped = new Map<number, SkippedImage>();

  /** The next readable picture, cut for each input. */
  async function one(signal: AbortSignal | undefined): Promise<Float32Array[]> {
    // Not a count of tries: the end of one epoch and the start of the next may hold the same unreadable pictures.
    while (skipped.size < images.length) {
      signal?.throwIfAborted();
      const at = Math.floor(position / images.length);
      if (at !== epoch) [epoch, order] = [at, orderOf(images.length, seed, at)];
      const index = order[position % images.length]!;
      const stream = position++;
      if (skipped.has(index)) continue;
      try {
        const image = await decodeImage(images[index]!, signal === undefined ? {} : { signal });
        // The same draw for each input: both networks see the same part of the picture.
        return inputs.map((input) => augment(image, input, createStream(seed, stream)));
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        skipped.set(index, { image: nameOf(images[index]!, index), reason: error.message });
      }
    }
    throw new ImageError(`Cannot train: none of the ${images.length} images can be read`, {
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
      const batches = inputs.map(({ crop }) => new Float32Array(batch * 3 * crop * crop));
      for (let i = 0; i < batch; i++) {
        (await one(signal)).forEach((pixels, which) => batches[which]!.set(pixels, i * pixels.length));
      }
      return batches;
    },
  };
}
