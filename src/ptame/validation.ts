/**
 * Validates a head on held-out pictures by average drop and increase in confidence, as training goes on.
 *
 * @module
 */
import { evaluate, type EvaluationImage } from "../faithfulness/mod.ts";
import { decodeImage } from "../image/decode.ts";
import { preprocess } from "../image/preprocess.ts";
import type { ImageSource } from "../image/types.ts";
import type { Validation } from "./checkpoint.ts";
import { createExplainer, type Explainer, type ExplainerOptions } from "./explainer.ts";
import { networkNamed } from "./network_names.ts";

/** Pictures as the auxiliary reads them, by the same pictures as the backbone does. */
export type AuxiliaryPixels = WeakMap<Float32Array, Float32Array>;

/**
 * Pictures as the explainer's backbone reads them.
 *
 * @param auxiliaryPixels Takes the auxiliary's cuts, for backbones that read another.
 */
export function* evaluationImages(
  images: readonly ImageSource[],
  explainer: Explainer,
  auxiliaryPixels?: AuxiliaryPixels,
): Generator<EvaluationImage> {
  const { preprocessing } = networkNamed(explainer.auxiliary);
  const named = new Set<string>();
  for (const [index, image] of images.entries()) {
    // A picture may be listed twice; names are not.
    const name = typeof image === "string" && !named.has(image) ? image : `image ${index}`;
    named.add(name);
    yield {
      name,
      pixels: async () => {
        const picture = await decodeImage(image);
        const { pixels } = preprocess(picture, explainer.backbone.preprocessing);
        auxiliaryPixels?.set(pixels, preprocess(picture, preprocessing).pixels);
        return pixels;
      },
    };
  }
}

/** Measures a head file after `step` steps. */
export async function validateHead(
  head: Uint8Array,
  step: number,
  images: readonly ImageSource[],
  options: ExplainerOptions,
  signal: AbortSignal | undefined,
): Promise<Validation> {
  await using explainer = await createExplainer({ ...options, head });
  const read: AuxiliaryPixels = new WeakMap();
  const { methods } = await evaluate({
    images: evaluationImages(images, explainer, read),
    methods: { head: (pixels, target, stop) => explainer.maskOf(pixels, target, stop, read.get(pixels)) },
    score: async (pictures, stop) => {
      const all: Float32Array[] = [];
      for (const pixels of pictures) all.push(await explainer.classify(pixels, stop));
      return all;
    },
    measures: ["ad", "ic"],
    resamples: 1,
    ...(signal === undefined ? {} : { signal }),
  });
  const { measures, maskArea } = methods["head"]!;
  const value = (key: string) => measures[key]!.value;
  return {
    step,
    averageDrop: [value("AD100"), value("AD50"), value("AD15")],
    increase: [value("IC100"), value("IC50"), value("IC15")],
    maskArea: maskArea.value,
  };
}
