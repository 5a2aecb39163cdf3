/**
 * A worker that reads images for training, one at a time, in the order of the requests. image_crops.ts is its other
 * end.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import { createImageCropper, type CropPlace, type ImageCropper } from "./image_cropper.ts";
import type { Crop } from "../../image/preprocess.ts";

/** Messages to the worker: first how to crop, then the requests. */
export type ToImageWorker =
  | { readonly kind: "open"; readonly inputs: readonly Crop[]; readonly cacheBytes: number }
  | {
    readonly kind: "crop";
    readonly id: number;
    readonly key: number;
    readonly source: ImageSource;
    readonly place: CropPlace;
  };

/** Its answer to each request. */
export type FromImageWorker =
  | { readonly id: number; readonly crops: readonly Float32Array[] }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

const scope = self as unknown as Worker;
let cropper: ImageCropper | undefined;
let last: Promise<void> = Promise.resolve();

async function answer(message: ToImageWorker & { readonly kind: "crop" }): Promise<void> {
  const { id, key, source, place } = message;
  let reply: FromImageWorker;
  try {
    reply = { id, crops: await cropper!.crop(key, source, place) };
  } catch (error) {
    const { name, message } = error as Error;
    reply = { id, error: { name, message } };
  }
  scope.postMessage(reply, "crops" in reply ? reply.crops.map(({ buffer }) => buffer as ArrayBuffer) : []);
}

scope.onmessage = ({ data }: MessageEvent<ToImageWorker>) => {
  if (data.kind === "open") cropper = createImageCropper(data.inputs, data.cacheBytes);
  // One after the other, so that only one decoded image is in memory.
  else last = last.then(() => answer(data));
};
