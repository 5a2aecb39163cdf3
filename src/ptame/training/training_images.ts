/**
 * The images of a training run, in an order and with an augmentation that depend on nothing but the seed and the
 * place in the run: a run that goes on from a checkpoint sees what it would have seen.
 *
 * @module
 */
import { decodeImage } from "../../image/decode.ts";
import { ImageError, type ImageSource } from "../../image/types.ts";
import { createStream } from "../../random/generator.ts";
import type { InputSize } from "./picture_cutter.ts";
import { openPictureCuts, type PictureCuts } from "./picture_cuts.ts";

/** An image that could not be read. */
export interface SkippedImage {
  /** Its name where it has one, else its place in the list. */
  readonly image: string;
  /** Why. */
  readonly reason: string;
}

/** A batch as it was read. */
export interface ReadBatch {
  /** [batch, 3, crop, crop] in [0, 1] for each of the crops asked for. */
  readonly pixels: readonly Float32Array[];
  /** Which images these are: places in the list. */
  readonly images: readonly number[];
}

/** Reads batches one after the other. */
export interface BatchReader {
  /** Images taken so far, over all epochs, the unreadable ones included; not those that are only read ahead. */
  readonly position: number;
  /** Images that could not be read, each once. */
  readonly skipped: readonly SkippedImage[];
  /**
   * The next batch.
   *
   * @throws {ImageError} When not one image can be read.
   */
  next(signal?: AbortSignal): Promise<ReadBatch>;
}

/** How images become batches. */
export interface BatchReaderOptions {
  readonly images: readonly ImageSource[];
  /** Places of those that are taken; all by default. */
  readonly use?: readonly number[];
  readonly batch: number;
  readonly seed: number;
  /** Where to go on; 0 for a new run. */
  readonly position?: number;
  /** Sizes per network; one entry where both read the same. */
  readonly inputs: readonly InputSize[];
  /** Who cuts the images, of the same list and for the same inputs; the thread itself by default. */
  readonly cuts?: PictureCuts;
  /** Batches that will be asked for, so that none is read ahead in vain. */
  readonly batches?: number;
}

/** Batches that workers read ahead: one is ready while the next is made. */
const AHEAD = 2;

/** The streams of a seed: below this one each image's augmentation by its place in the run, from it on the epochs. */
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

/** Held-out images, those left out that cannot be read: better known now than after hours of training. */
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
  const { images, batch, seed, inputs, batches = Infinity } = options;
  const use = options.use ?? images.map((_, index) => index);
  const cuts = options.cuts ?? openPictureCuts({ images, inputs });
  let position = options.position ?? 0;
  let order = new Uint32Array();
  let epoch = -1;
  let begun = 0;
  const skipped = new Map<number, SkippedImage>();
  /** Cuts that have been asked for, by position. */
  const asked = new Map<number, Promise<Float32Array[]>>();

  /** The image of a position. */
  function imageAt(place: number): number {
    const at = Math.floor(place / use.length);
    if (at !== epoch) [epoch, order] = [at, orderOf(use.length, seed, at)];
    return use[order[place % use.length]!]!;
  }

  /** Asks for the cuts of positions ahead. The thread itself would gain nothing: it reads when it is waited for. */
  function readAhead(missing: number, signal: AbortSignal | undefined): void {
    const more = Math.min(AHEAD, batches - begun) * batch + missing;
    const end = cuts.workers > 0 ? position + more : position + 1;
    for (let place = position; place < end; place++) {
      const index = imageAt(place);
      if (asked.has(place) || skipped.has(index)) continue;
      const cut = cuts.cut(index, { kind: "augmented", seed, stream: place }, signal);
      // It may fail long before its turn.
      cut.catch(() => undefined);
      asked.set(place, cut);
    }
  }

  /** The next readable image, cut for each input, and which it is. */
  async function one(missing: number, signal: AbortSignal | undefined): Promise<[number, Float32Array[]]> {
    // Not a count of tries: the end of one epoch and the start of the next may hold the same unreadable images.
    while (skipped.size < use.length) {
      signal?.throwIfAborted();
      readAhead(missing, signal);
      const place = position++;
      const index = imageAt(place);
      const cut = asked.get(place);
      asked.delete(place);
      if (cut === undefined || skipped.has(index)) continue;
      try {
        return [index, await cut];
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        skipped.set(index, { image: nameOf(images[index]!, index), reason: error.message });
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
      const pixels = inputs.map(({ crop }) => new Float32Array(batch * 3 * crop * crop));
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
