/**
 * Images as an evaluation wants them, for an explainer: cut as its backbone and its auxiliary read them, with the
 * objects' boxes beside them.
 *
 * @module
 */
import { boxesInCut } from "./boxes.ts";
import type { EvaluationImage, LoadedImage } from "./evaluate_options.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Box, ScoreBatch } from "./types.ts";
import type { ImageSource } from "../image/types.ts";
import type { MapExplainer } from "../explanation/map_explanation.ts";

/** Boxes around the objects of an image, in its pixels; undefined where they are not known. */
export type BoxesOf = (name: string) => readonly Box[] | undefined;

/** Who reads the images: an explainer by any method. */
export type ImageReader = Pick<MapExplainer, "backbone" | "prepare">;

/** An image that is read when its turn comes. */
export interface ImageToRead extends Omit<EvaluationImage, "pixels"> {
  pixels(): Promise<LoadedImage>;
}

/** Images as a classifier reads them. */
export function* evaluationImages(
  images: readonly ImageSource[],
  { backbone, prepare }: ImageReader,
  boxesOf?: BoxesOf,
): Generator<ImageToRead> {
  const named = new Set<string>();
  for (const [index, image] of images.entries()) {
    // An image may be listed twice; names are not.
    const name = typeof image === "string" && !named.has(image) ? image : `image ${index}`;
    named.add(name);
    yield {
      name,
      pixels: async () => {
        const { window, ...cuts } = await prepare(image);
        const boxes = boxesOf?.(name);
        if (boxes === undefined) return cuts;
        return { ...cuts, region: { boxes: boxesInCut(boxes, window, backbone.preprocessing.crop) } };
      },
    };
  }
}

/** The explainer's own maps as a method to measure. */
export function explainerMethod(explainer: MapExplainer): MapMethod {
  return (image, target, signal) => explainer.maskOf(image, target, signal);
}

/** The explainer's backbone as measures ask it, an image at a time. */
export function explainerScores(explainer: Pick<MapExplainer, "classify">): ScoreBatch {
  return async (images, signal) => {
    const all: Float32Array[] = [];
    for (const pixels of images) all.push(await explainer.classify(pixels, signal));
    return all;
  };
}
