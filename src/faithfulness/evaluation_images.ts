/**
 * Images for the evaluation of an explainer: cropped for its backbone and its auxiliary, with the boxes of their objects.
 *
 * @module
 */
import type { EvaluationImage, LoadedImage } from "./evaluate_options.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Region, ScoreBatch } from "./types.ts";
import { cropSize, type Size } from "../image/preprocess.ts";
import type { CropWindow, ImageSource } from "../image/types.ts";
import type { MapExplainer } from "../explanation/map_explanation.ts";

/** The objects of an image in a crop of it; undefined if unknown. */
export type RegionReader = (name: string, crop: {
  /** The crop, in pixels of the image. */
  readonly window: CropWindow;
  /** Width and height of the crop. */
  readonly size: Size;
  /** Width and height of the image. */
  readonly imageSize: Size;
}) => Region | undefined | Promise<Region | undefined>;

/** The explainer, with any method, that reads the images. */
export type ImageReader = Pick<MapExplainer, "backbone" | "prepare">;

/** An image that is read on demand. */
export interface ImageToRead extends Omit<EvaluationImage, "pixels"> {
  pixels(): Promise<LoadedImage>;
}

/** Images as a classifier reads them. */
export function* evaluationImages(
  images: readonly ImageSource[],
  { backbone, prepare }: ImageReader,
  readRegion?: RegionReader,
): Generator<ImageToRead> {
  const named = new Set<string>();
  for (const [index, image] of images.entries()) {
    // An image may be listed twice, but names must be unique.
    const name = typeof image === "string" && !named.has(image) ? image : `image ${index}`;
    named.add(name);
    yield {
      name,
      pixels: async () => {
        const { window, imageSize, ...crops } = await prepare(image);
        const region = await readRegion?.(name, {
          window,
          imageSize,
          size: cropSize(backbone.preprocessing),
        });
        return region === undefined ? crops : { ...crops, region };
      },
    };
  }
}

/** The explainer's maps as a method to measure. */
export function explainerMethod(explainer: MapExplainer): MapMethod {
  return (image, target, signal) => explainer.mask(image, target, signal);
}

/** The explainer's backbone as the scoring function of measures, one image at a time. */
export function explainerScores(explainer: Pick<MapExplainer, "probabilities">): ScoreBatch {
  return async (images, signal) => {
    const all: Float32Array[] = [];
    for (const pixels of images) all.push(await explainer.probabilities(pixels, signal));
    return all;
  };
}
