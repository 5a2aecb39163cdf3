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

/** Pictures as the explainer's backbone reads them. */
export function* evaluationImages(
  images: readonly ImageSource[],
  explainer: Explainer,
): Generator<EvaluationImage> {
  for (const [index, image] of images.entries()) {
    yield {
      name: typeof image === "string" ? image : `image ${index}`,
      pixels: async () => preprocess(await decodeImage(image), explainer.backbone.preprocessing).pixels,
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
  const { methods } = await evaluate({
    images: evaluationImages(images, explainer),
    methods: { head: (pixels, target, stop) => explainer.maskOf(pixels, target, stop) },
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
