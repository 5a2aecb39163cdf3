/**
 * Pictures as an evaluation wants them, for an explainer: cut as its backbone reads them, with the auxiliary's cut and
 * the objects' boxes beside them.
 *
 * @module
 */
import type { BackboneFacts } from "../classifier/facts.ts";
import { boxesInCut } from "../faithfulness/boxes.ts";
import type { EvaluationImage } from "../faithfulness/evaluate_options.ts";
import type { Box, MapMethod, ScoreBatch } from "../faithfulness/types.ts";
import { decodeImage } from "../image/decode.ts";
import { preprocess } from "../image/preprocess.ts";
import type { ImageSource } from "../image/types.ts";
import type { Explainer } from "./explainer.ts";
import { networkNamed } from "../classifier/network_names.ts";

/** Pictures as the auxiliary reads them, by the same pictures as the backbone does. */
export type AuxiliaryPixels = WeakMap<Float32Array, Float32Array>;

/** What comes with the pictures. */
export interface EvaluationImagesOptions {
  /** Takes the auxiliary's cuts, for backbones that read another. */
  readonly auxiliaryPixels?: AuxiliaryPixels;
  /** Boxes around the objects of a picture, in its pixels; undefined where they are not known. */
  readonly boxesOf?: (name: string) => readonly Box[] | undefined;
}

/** Who reads the pictures; an explainer is one. */
export interface PictureReader {
  /** The classifier. */
  readonly backbone: BackboneFacts;
  /** Name of the auxiliary, where there is one. */
  readonly auxiliary?: string;
}

/** Pictures as a classifier reads them. */
export function* evaluationImages(
  images: readonly ImageSource[],
  { backbone, auxiliary }: PictureReader,
  options: EvaluationImagesOptions = {},
): Generator<EvaluationImage> {
  const named = new Set<string>();
  for (const [index, image] of images.entries()) {
    // A picture may be listed twice; names are not.
    const name = typeof image === "string" && !named.has(image) ? image : `image ${index}`;
    named.add(name);
    yield {
      name,
      pixels: async () => {
        const picture = await decodeImage(image);
        const { pixels, window } = preprocess(picture, backbone.preprocessing);
        if (auxiliary !== undefined) {
          options.auxiliaryPixels?.set(
            pixels,
            preprocess(picture, networkNamed(auxiliary).preprocessing).pixels,
          );
        }
        const boxes = options.boxesOf?.(name);
        if (boxes === undefined) return pixels;
        return { pixels, region: { boxes: boxesInCut(boxes, window, backbone.preprocessing.crop) } };
      },
    };
  }
}

/** The explainer's own maps as a method to measure. */
export function explainerMethod(explainer: Explainer, auxiliaryPixels?: AuxiliaryPixels): MapMethod {
  return (pixels, target, signal) => explainer.maskOf(pixels, target, signal, auxiliaryPixels?.get(pixels));
}

/** The explainer's backbone as measures ask it, a picture at a time. */
export function explainerScores(explainer: Explainer): ScoreBatch {
  return async (pictures, signal) => {
    const all: Float32Array[] = [];
    for (const pixels of pictures) all.push(await explainer.classify(pixels, signal));
    return all;
  };
}
