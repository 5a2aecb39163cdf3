/**
 * A worker that reads images for training, one at a time, in the order of the requests. image_crops.ts is its other
 * end.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import { createImageCropper, type CropPlace, type ImageCropper, type InputSize } from "./image_cropper.ts";

/** Messages to the worker: first how to cut, then the requests. */
export type ToImageWorker =
  | { readonly kind: "open"; readonly inputs: readonly InputSize[]; readonly cacheBytes: number }
  | {
    readonly kind: "cut";
    readonly id: number;
    readonly key: number;
    readonly source: ImageSource;
    readonly cut: CropPlace;
  };

/** Its answer to each request. */
export type FromImageWorker =
  | { readonly id: number; readonly cuts: readonly Float32Array[] }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

const scope = self as unknown as Worker;
let cutter: ImageCropper | undefined;
let last: Promise<void> = Promise.resolve();

async function answer(message: ToImageWorker & { readonly kind: "cut" }): Promise<void> {
  const { id, key, source, cut } = message;
  let reply: FromImageWorker;
  try {
    reply = { id, cuts: await cutter!.cut(key, source, cut) };
  } catch (error) {
    const { name, message } = error as Error;
    reply = { id, error: { name, message } };
  }
  scope.postMessage(reply, "cuts" in reply ? reply.cuts.map(({ buffer }) => buffer as ArrayBuffer) : []);
}

scope.onmessage = ({ data }: MessageEvent<ToImageWorker>) => {
  if (data.kind === "open") cutter = createImageCropper(data.inputs, data.cacheBytes);
  // One after the other, so that only one decoded image is in memory.
  else last = last.then(() => answer(data));
};
