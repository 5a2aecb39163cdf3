/**
 * An image as classifiers read it: cut, not normalised. A backbone and an auxiliary may read other cuts of one image;
 * both travel together.
 *
 * @module
 */
import type { Preprocessing } from "../../models/network.ts";
import { decodeImage } from "../image/decode.ts";
import { preprocess } from "../image/preprocess.ts";
import type { CropWindow, ImageSource, RgbImage } from "../image/types.ts";

/** An image that is ready for classifiers. */
export interface PreparedImage {
  /** [3, S, S] in [0, 1], not normalised, as the backbone reads it: what measures mask and score. */
  readonly pixels: Float32Array;
  /** The same image as the auxiliary reads it, where that is another cut. */
  readonly auxiliaryPixels?: Float32Array;
}

/** The same, with the parts of the image that are seen, in its pixels. */
export interface CutImage extends PreparedImage {
  /** What the backbone sees. */
  readonly window: CropWindow;
  /** What the auxiliary sees: where its map lies. */
  readonly auxiliaryWindow: CropWindow;
}

/** How an image is cut for one classifier. */
export type Cut = Pick<Preprocessing, "crop" | "resize">;

/** Whether two classifiers read the same cut of an image. */
export function sameCut(a: Cut, b: Cut): boolean {
  return a.crop === b.crop && a.resize === b.resize;
}

/** The cuts that a backbone and an auxiliary read: one where it is the same. */
export function cutsOf<T extends Cut>(backbone: T, auxiliary: T): T[] {
  return sameCut(backbone, auxiliary) ? [backbone] : [backbone, auxiliary];
}

/** Cuts an image for a backbone and its auxiliary. */
export function cutImage(image: RgbImage, backbone: Cut, auxiliary: Cut = backbone): CutImage {
  const { pixels, window } = preprocess(image, backbone);
  if (sameCut(backbone, auxiliary)) return { pixels, window, auxiliaryWindow: window };
  const other = preprocess(image, auxiliary);
  return { pixels, window, auxiliaryPixels: other.pixels, auxiliaryWindow: other.window };
}

/** An image of which every cut is changed alike. */
export function changedImage(
  { pixels, auxiliaryPixels }: PreparedImage,
  change: (pixels: Float32Array) => Float32Array,
): PreparedImage {
  const changed = { pixels: change(pixels) };
  return auxiliaryPixels === undefined ? changed : { ...changed, auxiliaryPixels: change(auxiliaryPixels) };
}

/** How an image is read. */
export interface PrepareOptions {
  /** Most pixels that an image may have; 64 megapixels by default. */
  readonly maxPixels?: number;
  /** Stops reading. */
  readonly signal?: AbortSignal;
}

/** Reads an image, upright. */
export async function readImage(
  source: ImageSource,
  { maxPixels, signal }: PrepareOptions = {},
): Promise<RgbImage> {
  return await decodeImage(source, {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Reads an image and cuts it for a backbone and its auxiliary.
 *
 * @throws {ImageError} When it cannot be read.
 */
export async function prepareImage(
  source: ImageSource,
  cuts: readonly [backbone: Cut, auxiliary?: Cut],
  options?: PrepareOptions,
): Promise<CutImage> {
  return cutImage(await readImage(source, options), ...cuts);
}
