/**
 * Reads images before they are requested, a few at a time.
 *
 * @module
 */
import type { SourceImage } from "./types.ts";

/** An image that was read, or why not. */
export interface ReadImage {
  readonly image: SourceImage;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly failure?: string;
}

/** Bounds of what is read ahead. */
export interface AheadOptions {
  /** Images at most. */
  readonly images: number;
  /** Bytes of images at most, where their lengths are known; one image may be larger. */
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/** The images in their order, with their bytes. Ends when the signal stops. */
export async function* readAhead(
  images: AsyncIterable<SourceImage>,
  { images: most, bytes: mostBytes, signal }: AheadOptions,
): AsyncGenerator<ReadImage> {
  const source = images[Symbol.asyncIterator]();
  const waiting: { readonly size: number; readonly reading: Promise<ReadImage> }[] = [];
  let ended = false;
  const failures: unknown[] = [];
  let pulling: Promise<void> | undefined;
  const hasRoom = () => {
    const bytes = waiting.reduce((total, { size }) => total + size, 0);
    return waiting.length === 0 || (waiting.length < most && bytes < mostBytes);
  };
  // The source is asked while those that were read are used.
  const pull = () => {
    if (ended || pulling !== undefined || !hasRoom()) return;
    pulling = source.next().then(({ done, value }) => {
      pulling = undefined;
      if (done) ended = true;
      else waiting.push({ size: value.size ?? 0, reading: readOne(value, signal) });
      pull();
    }, (error) => {
      pulling = undefined;
      ended = true;
      failures.push(error);
    });
  };
  try {
    while (!signal.aborted) {
      pull();
      const first = waiting[0];
      if (first === undefined) {
        if (pulling === undefined) break;
        await pulling;
        continue;
      }
      const read = await first.reading;
      waiting.shift();
      pull();
      if (!signal.aborted) yield read;
    }
    if (failures.length > 0 && !signal.aborted) throw failures[0];
  } finally {
    ended = true;
    await source.return?.(undefined);
  }
}

async function readOne(image: SourceImage, signal: AbortSignal): Promise<ReadImage> {
  if (image.failure !== undefined) return { image, failure: image.failure };
  if (image.read === undefined) return { image };
  try {
    return { image, bytes: await image.read(signal) };
  } catch (error) {
    return { image, failure: error instanceof Error ? error.message : String(error) };
  }
}
