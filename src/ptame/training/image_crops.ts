/**
 * Crops of a list of images, made by workers, or in the training thread if there are none. The result is the same in
 * both cases.
 *
 * @module
 */
import { imageOrError } from "../../image/image_or_error.ts";
import { ImageError, type ImageSource } from "../../image/types.ts";
import { createImageCropper, type CropPlace, type ImageCropper } from "./image_cropper.ts";
import type { Crop } from "../../image/preprocess.ts";
import type { FromImageWorker, ToImageWorker } from "./image_worker.ts";
import type {} from "./start_image_worker.js";

/** Crops of the images of a list. */
export interface ImageCrops {
  /** Number of workers; 0 if the calling thread reads. */
  readonly workers: number;
  /**
   * A crop of an image; see `ImageCropper.crop`. Several can be requested at once.
   *
   * @param index Its index in the list.
   * @throws {ImageError} When the image cannot be read.
   */
  crop(index: number, place: CropPlace, signal?: AbortSignal): Promise<Float32Array[]>;
  /** Ends the workers immediately; pending requests are rejected. */
  close(): void;
}

/** Options for cropping images. */
export interface ImageCropsOptions {
  readonly images: readonly ImageSource[];
  /** Sizes per network; one entry if both read the same. */
  readonly inputs: readonly Crop[];
  /** Number of workers; see {@linkcode usualWorkers}. 0, the default, reads in the calling thread. */
  readonly workers?: number;
  /** Bytes of resized images to cache, over all workers; 0 by default. */
  readonly cacheBytes?: number;
  /** Closes it. */
  readonly signal?: AbortSignal | undefined;
}

/** Default number of workers that read images: half of the cores, four at most. */
export function usualWorkers(cores: number = globalThis.navigator?.hardwareConcurrency ?? 2): number {
  return Math.min(Math.max(Math.floor(cores / 2), 1), 4);
}

interface Waiting {
  readonly index: number;
  readonly place: CropPlace;
  resolve(crops: Float32Array[]): void;
  reject(reason: unknown): void;
}

/** A worker and its pending requests. */
interface Running {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Opens the images of a list. If a worker cannot start, or ends, the calling thread reads instead. */
export function openImageCrops(options: ImageCropsOptions): ImageCrops {
  const { images, inputs, cacheBytes = 0, signal } = options;
  const count = Math.min(options.workers ?? 0, images.length);
  const running: (Running | undefined)[] = [];
  let local: ImageCropper | undefined;
  let closed: { readonly reason: unknown } | undefined;
  let asked = 0;

  const cropHere = (index: number, place: CropPlace, stop = signal) => {
    local ??= createImageCropper(inputs, cacheBytes);
    return local.crop(index, images[index]!, place, stop);
  };

  function start(at: number): Running | undefined {
    const worker = startWorker();
    if (worker === undefined) return undefined;
    const waiting = new Map<number, Waiting>();
    worker.onmessage = ({ data }: MessageEvent<FromImageWorker>) => {
      const request = waiting.get(data.id);
      waiting.delete(data.id);
      if ("crops" in data) request?.resolve([...data.crops]);
      else request?.reject(restoreError(data.error));
    };
    // A bundle may lack the worker, or a page may forbid it: this thread reads instead.
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      running[at] = undefined;
      for (const { index, place, resolve, reject } of waiting.values()) {
        cropHere(index, place).then(resolve, reject);
      }
    };
    const open: ToImageWorker = { kind: "open", inputs, cacheBytes: Math.floor(cacheBytes / count) };
    worker.postMessage(open);
    return { worker, waiting };
  }

  function close(reason: unknown): void {
    if (closed !== undefined) return;
    closed = { reason };
    signal?.removeEventListener("abort", onAbort);
    for (const each of running.splice(0)) {
      each?.worker.terminate();
      for (const { reject } of each?.waiting.values() ?? []) reject(reason);
    }
  }
  const onAbort = () => close(signal!.reason);

  if (signal?.aborted) closed = { reason: signal.reason };
  else {
    for (let at = 0; at < count; at++) running.push(start(at));
    signal?.addEventListener("abort", onAbort);
  }

  return {
    get workers() {
      return running.filter((each) => each !== undefined).length;
    },
    crop: async (index, place, stop) => {
      if (closed !== undefined) throw closed.reason;
      // An image always goes to the same worker, which may have cached it.
      const to = running[index % count];
      const source = postable(images[index]!);
      if (to === undefined || source === undefined) return await cropHere(index, place, stop);
      const id = asked++;
      const message: ToImageWorker = { kind: "crop", id, key: index, source, place };
      try {
        to.worker.postMessage(message);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        return await cropHere(index, place, stop);
      }
      return await new Promise<Float32Array[]>((resolve, reject) => {
        to.waiting.set(id, { index, place, resolve, reject });
      });
    },
    close: () => close(new DOMException("The images were closed", "AbortError")),
  };
}

function startWorker(): Worker | undefined {
  if (typeof Worker === "undefined") return undefined;
  try {
    return new Worker(new URL("./start_image_worker.js", import.meta.url), { type: "module" });
  } catch {
    return undefined;
  }
}

/** The form of a source that a worker can receive and read in the same way; undefined if there is none. */
function postable(source: ImageSource): ImageSource | undefined {
  // Deno sends an empty object instead, without an error.
  if (typeof ImageData !== "undefined" && source instanceof ImageData) return undefined;
  if (source instanceof URL) return source.href;
  // In a page, relative paths start at the page; in a worker, at its script.
  const host = globalThis as { process?: { cwd?(): string } };
  const isPath = typeof source === "string" && !/^[a-z][a-z0-9+.-]+:/i.test(source);
  return isPath && host.process?.cwd === undefined ? undefined : source;
}

/** Converts an error of a worker to the error that this thread would have thrown. */
function restoreError({ name, message }: { readonly name: string; readonly message: string }): Error {
  if (name === "ImageError") return new ImageError(message);
  if (name === "TypeError") return new TypeError(message);
  if (name === "RangeError") return new RangeError(message);
  return new Error(message);
}

/** The centre crop for one of the inputs, the first by default; the error if the image cannot be read. */
export async function centreCrop(
  crops: ImageCrops,
  index: number,
  signal?: AbortSignal,
  input = 0,
): Promise<Float32Array | ImageError> {
  return await imageOrError(async () => (await crops.crop(index, { kind: "centre", input }, signal))[0]!);
}
