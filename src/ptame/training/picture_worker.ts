/**
 * A worker that reads images for training, one at a time, in the order of the requests. picture_cuts.ts is its other
 * end.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import { createPictureCutter, type Cut, type InputSize, type PictureCutter } from "./picture_cutter.ts";

/** Messages to the worker: first how to cut, then the requests. */
export type ToPictureWorker =
  | { readonly kind: "open"; readonly inputs: readonly InputSize[]; readonly cacheBytes: number }
  | {
    readonly kind: "cut";
    readonly id: number;
    readonly key: number;
    readonly source: ImageSource;
    readonly cut: Cut;
  };

/** Its answer to each request. */
export type FromPictureWorker =
  | { readonly id: number; readonly cuts: readonly Float32Array[] }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

const scope = self as unknown as Worker;
let cutter: PictureCutter | undefined;
let last: Promise<void> = Promise.resolve();

async function answer(message: ToPictureWorker & { readonly kind: "cut" }): Promise<void> {
  const { id, key, source, cut } = message;
  let reply: FromPictureWorker;
  try {
    reply = { id, cuts: await cutter!.cut(key, source, cut) };
  } catch (error) {
    const { name, message } = error as Error;
    reply = { id, error: { name, message } };
  }
  scope.postMessage(reply, "cuts" in reply ? reply.cuts.map(({ buffer }) => buffer as ArrayBuffer) : []);
}

scope.onmessage = ({ data }: MessageEvent<ToPictureWorker>) => {
  if (data.kind === "open") cutter = createPictureCutter(data.inputs, data.cacheBytes);
  // One after the other, so that only one decoded image is in memory.
  else last = last.then(() => answer(data));
};
