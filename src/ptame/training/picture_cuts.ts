/**
 * Cuts of a list of images, made by workers beside the thread that trains, or in that thread where there are none.
 * Who makes a cut does not change it.
 *
 * @module
 */
import { ImageError, type ImageSource } from "../../image/types.ts";
import { createPictureCutter, type Cut, type InputSize, type PictureCutter } from "./picture_cutter.ts";
import type { FromPictureWorker, ToPictureWorker } from "./picture_worker.ts";

/** Cuts of the images of a list. */
export interface PictureCuts {
  /** Workers at work; 0 where the thread itself reads. */
  readonly workers: number;
  /**
   * A cut of an image; see `PictureCutter.cut`. Several may be asked for at once.
   *
   * @param index Its place in the list.
   * @throws {ImageError} When the image cannot be read.
   */
  cut(index: number, cut: Cut, signal?: AbortSignal): Promise<Float32Array[]>;
  /** Ends the workers at once; what was asked for is rejected. */
  close(): void;
}

/** What is cut, and by whom. */
export interface PictureCutsOptions {
  readonly images: readonly ImageSource[];
  /** Sizes per network; one entry where both read the same. */
  readonly inputs: readonly InputSize[];
  /** Workers; see {@linkcode usualWorkers}. 0, the default, reads in the thread itself. */
  readonly workers?: number;
  /** Bytes of resized images that are kept, over all workers; none by default. */
  readonly cacheBytes?: number;
  /** Closes it. */
  readonly signal?: AbortSignal | undefined;
}

/** Workers that read images unless told otherwise: half of the cores, four at most. */
export function usualWorkers(cores: number = globalThis.navigator?.hardwareConcurrency ?? 2): number {
  return Math.min(Math.max(Math.floor(cores / 2), 1), 4);
}

interface Waiting {
  readonly index: number;
  readonly cut: Cut;
  resolve(cuts: Float32Array[]): void;
  reject(reason: unknown): void;
}

/** A worker at work, and what it was asked. */
interface Running {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Opens the images of a list. A worker that cannot be started, or ends, is done without. */
export function openPictureCuts(options: PictureCutsOptions): PictureCuts {
  const { images, inputs, cacheBytes = 0, signal } = options;
  const count = Math.min(options.workers ?? 0, images.length);
  const running: (Running | undefined)[] = [];
  let local: PictureCutter | undefined;
  let closed: { readonly reason: unknown } | undefined;
  let asked = 0;

  const cutHere = (index: number, cut: Cut, stop = signal) => {
    local ??= createPictureCutter(inputs, cacheBytes);
    return local.cut(index, images[index]!, cut, stop);
  };

  function start(at: number): Running | undefined {
    const worker = startWorker();
    if (worker === undefined) return undefined;
    const waiting = new Map<number, Waiting>();
    worker.onmessage = ({ data }: MessageEvent<FromPictureWorker>) => {
      const request = waiting.get(data.id);
      waiting.delete(data.id);
      if ("cuts" in data) request?.resolve([...data.cuts]);
      else request?.reject(errorOf(data.error));
    };
    // A bundle may hold no worker, a page may forbid one: this thread reads in its place.
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      running[at] = undefined;
      for (const { index, cut, resolve, reject } of waiting.values()) {
        cutHere(index, cut).then(resolve, reject);
      }
    };
    const open: ToPictureWorker = { kind: "open", inputs, cacheBytes: Math.floor(cacheBytes / count) };
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
    cut: async (index, cut, stop) => {
      if (closed !== undefined) throw closed.reason;
      // An image always comes to the same worker, which may have kept it.
      const to = running[index % count];
      const source = postable(images[index]!);
      if (to === undefined || source === undefined) return await cutHere(index, cut, stop);
      const id = asked++;
      const message: ToPictureWorker = { kind: "cut", id, key: index, source, cut };
      try {
        to.worker.postMessage(message);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        return await cutHere(index, cut, stop);
      }
      return await new Promise<Float32Array[]>((resolve, reject) => {
        to.waiting.set(id, { index, cut, resolve, reject });
      });
    },
    close: () => close(new DOMException("The images were closed", "AbortError")),
  };
}

function startWorker(): Worker | undefined {
  if (typeof Worker === "undefined") return undefined;
  try {
    return new Worker(new URL("./picture_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return undefined;
  }
}

/** What a worker can be sent and reads alike; nothing where there is no such thing. */
function postable(source: ImageSource): ImageSource | undefined {
  // Deno sends an empty object in its place, without an error.
  if (typeof ImageData !== "undefined" && source instanceof ImageData) return undefined;
  if (source instanceof URL) return source.href;
  // A page's paths begin at the page, a worker's at its script.
  const host = globalThis as { process?: { cwd?(): string } };
  const isPath = typeof source === "string" && !/^[a-z][a-z0-9+.-]+:/i.test(source);
  return isPath && host.process?.cwd === undefined ? undefined : source;
}

/** An error of a worker as this thread would have thrown it. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  if (name === "ImageError") return new ImageError(message);
  if (name === "TypeError") return new TypeError(message);
  if (name === "RangeError") return new RangeError(message);
  return new Error(message);
}
