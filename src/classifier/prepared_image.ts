/**
 * An image prepared for classifiers: cropped, not normalised. Backbone and auxiliary may read different crops of an image;
 * both are kept together.
 *
 * @module
 */
import { decodeImage, type DecodeSettings } from "../image/decode.ts";
import { type Crop, cropSize, preprocess, resizePixels } from "../image/preprocess.ts";
import type { CropWindow, ImageSource, RgbImage } from "../image/types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** A prepared image. */
export interface PreparedImage {
  /** The backbone's crop, [3, H, W] in [0, 1], not normalised; measures mask and score it. */
  readonly pixels: Float32Array;
  /** Pixels of a row of it; images are square without it. */
  readonly width?: number;
  /** The auxiliary's crop, if it differs. */
  readonly auxiliaryPixels?: Float32Array;
}

/** A prepared image with the windows of its crops, in pixels of the image. */
export interface CroppedImage extends PreparedImage {
  /** Window of the backbone's crop. */
  readonly window: CropWindow;
  /** Window of the auxiliary's crop, which its map covers. */
  readonly auxiliaryWindow: CropWindow;
  /** Width and height of the image, upright. */
  readonly imageSize: { readonly width: number; readonly height: number };
}

/** Whether two classifiers read the same crop of an image. */
export function sameCrop(a: Crop, b: Crop): boolean {
  const decisive = (
    { crop, resize, width = crop, fit = "crop", resample = "bilinear", fill = 0 }: Crop,
  ) =>
    // Only a letterbox is filled.
    [crop, resize, width, fit, resample, fit === "letterbox" ? fill : 0].join();
  return decisive(a) === decisive(b);
}

/** The crops of a backbone and an auxiliary; a single one if they are the same. */
export function distinctCrops<T extends Crop>(backbone: T, auxiliary: T): T[] {
  return sameCrop(backbone, auxiliary) ? [backbone] : [backbone, auxiliary];
}

/** Whether a classifier reads rectangles that are not squares. */
export function isRectangle({ crop, width = crop }: Crop): boolean {
  return width !== crop;
}

/**
 * What the auxiliary reads of a backbone that reads rectangles: the backbone's own crop, squashed. So the square masks of a
 * head cover exactly what the backbone sees.
 */
export function squashedCrop(pixels: Float32Array, backbone: Crop, auxiliary: Crop): Float32Array {
  return resizePixels(pixels, cropSize(backbone), cropSize(auxiliary), auxiliary.resample);
}

/** Crops an image for a backbone and its auxiliary. */
export function cropImage(image: RgbImage, backbone: Crop, auxiliary: Crop = backbone): CroppedImage {
  const { width = backbone.crop } = backbone;
  const imageSize = { width: image.width, height: image.height };
  const crop = { ...preprocess(image, backbone), ...(width === backbone.crop ? {} : { width }), imageSize };
  if (sameCrop(backbone, auxiliary)) return { ...crop, auxiliaryWindow: crop.window };
  if (isRectangle(backbone)) {
    const auxiliaryPixels = squashedCrop(crop.pixels, backbone, auxiliary);
    return { ...crop, auxiliaryPixels, auxiliaryWindow: crop.window };
  }
  const other = preprocess(image, auxiliary);
  return { ...crop, auxiliaryPixels: other.pixels, auxiliaryWindow: other.window };
}

/** Applies the same change to every crop of an image. */
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
 * Reads an image and crops it for a backbone and its auxiliary.
 *
 * @throws {ImageError} When it cannot be read.
 */
export async function prepareImage(
  source: ImageSource,
  crops: readonly [backbone: Crop, auxiliary?: Crop],
  options?: PrepareOptions,
): Promise<CroppedImage> {
  return cropImage(await readImage(source, options), ...crops);
}
