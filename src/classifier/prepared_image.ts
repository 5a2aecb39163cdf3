/**
 * An image prepared for classifiers: cut, not normalised. Backbone and auxiliary may read different cuts of an image;
 * both are kept together.
 *
 * @module
 */
import type { Preprocessing } from "../../models/network.ts";
import { decodeImage, type DecodeSettings } from "../image/decode.ts";
import { cutSize, preprocess, resizeCut } from "../image/preprocess.ts";
import type { CropWindow, ImageSource, RgbImage } from "../image/types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** A prepared image. */
export interface PreparedImage {
  /** The backbone's cut, [3, H, W] in [0, 1], not normalised; measures mask and score it. */
  readonly pixels: Float32Array;
  /** Pixels of a row of it; images are square without it. */
  readonly width?: number;
  /** The auxiliary's cut, if it differs. */
  readonly auxiliaryPixels?: Float32Array;
}

/** A prepared image with the windows of its cuts, in pixels of the image. */
export interface CroppedImage extends PreparedImage {
  /** Window of the backbone's cut. */
  readonly window: CropWindow;
  /** Window of the auxiliary's cut, which its map covers. */
  readonly auxiliaryWindow: CropWindow;
  /** Width and height of the image, upright. */
  readonly imageSize: { readonly width: number; readonly height: number };
}

/** How an image is cut for one classifier. */
export type CropSize =
  & Pick<Preprocessing, "crop" | "resize">
  & Pick<Preprocessing, "width" | "fit" | "resample" | "fill">;

/** Whether two classifiers read the same cut of an image. */
export function sameCrop(a: CropSize, b: CropSize): boolean {
  const decisive = (
    { crop, resize, width = crop, fit = "crop", resample = "bilinear", fill = 0 }: CropSize,
  ) =>
    // Only a letterbox is filled.
    [crop, resize, width, fit, resample, fit === "letterbox" ? fill : 0].join();
  return decisive(a) === decisive(b);
}

/** The cuts of a backbone and an auxiliary; a single one if they are the same. */
export function distinctCrops<T extends CropSize>(backbone: T, auxiliary: T): T[] {
  return sameCrop(backbone, auxiliary) ? [backbone] : [backbone, auxiliary];
}

/** Whether a classifier reads rectangles that are not squares. */
export function isRectangle({ crop, width = crop }: CropSize): boolean {
  return width !== crop;
}

/**
 * What the auxiliary reads of a backbone that reads rectangles: the backbone's own cut, squashed. So the square masks of a
 * head cover exactly what the backbone sees.
 */
export function squashedCut(pixels: Float32Array, backbone: CropSize, auxiliary: CropSize): Float32Array {
  return resizeCut(pixels, cutSize(backbone), cutSize(auxiliary), auxiliary.resample);
}

/** Cuts an image for a backbone and its auxiliary. */
export function cropImage(image: RgbImage, backbone: CropSize, auxiliary: CropSize = backbone): CroppedImage {
  const { width = backbone.crop } = backbone;
  const imageSize = { width: image.width, height: image.height };
  const cut = { ...preprocess(image, backbone), ...(width === backbone.crop ? {} : { width }), imageSize };
  if (sameCrop(backbone, auxiliary)) return { ...cut, auxiliaryWindow: cut.window };
  if (isRectangle(backbone)) {
    const auxiliaryPixels = squashedCut(cut.pixels, backbone, auxiliary);
    return { ...cut, auxiliaryPixels, auxiliaryWindow: cut.window };
  }
  const other = preprocess(image, auxiliary);
  return { ...cut, auxiliaryPixels: other.pixels, auxiliaryWindow: other.window };
}

/** Applies the same change to every cut of an image. */
export function changedImage(
  { pixels, width, auxiliaryPixels }: PreparedImage,
  change: (pixels: Float32Array) => Float32Array,
): PreparedImage {
  const changed = { pixels: change(pixels), ...withoutUndefined({ width }) };
  return auxiliaryPixels === undefined ? changed : { ...changed, auxiliaryPixels: change(auxiliaryPixels) };
}

/** Options for reading an image. */
export interface PrepareOptions {
  /** What reading it may cost, and how its colours are read. */
  readonly decode?: DecodeSettings;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/** Reads an image, upright. */
export async function readImage(
  source: ImageSource,
  options: PrepareOptions = {},
): Promise<RgbImage> {
  const { decode, signal } = options;
  return await decodeImage(source, { ...decode, ...withoutUndefined({ signal }) });
}

/**
 * Reads an image and cuts it for a backbone and its auxiliary.
 *
 * @throws {ImageError} When it cannot be read.
 */
export async function prepareImage(
  source: ImageSource,
  cuts: readonly [backbone: CropSize, auxiliary?: CropSize],
  options?: PrepareOptions,
): Promise<CroppedImage> {
  return cropImage(await readImage(source, options), ...cuts);
}
