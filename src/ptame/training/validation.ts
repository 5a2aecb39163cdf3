/**
 * Validates a head on held-out pictures by average drop and increase in confidence, as training goes on.
 *
 * @module
 */
import { evaluate } from "../../faithfulness/mod.ts";
import type { ImageSource } from "../../image/types.ts";
import type { Validation } from "./checkpoint.ts";
import {
  type AuxiliaryPixels,
  evaluationImages,
  explainerMethod,
  explainerScores,
} from "../evaluation_images.ts";
import { createExplainer, type ExplainerOptions } from "../explainer.ts";

/** Measures a head file after `step` steps. */
export async function validateHead(
  head: Uint8Array,
  step: number,
  images: readonly ImageSource[],
  options: ExplainerOptions,
  signal: AbortSignal | undefined,
): Promise<Validation> {
  const explainer = await createExplainer({ ...options, head });
  try {
    const auxiliaryPixels: AuxiliaryPixels = new WeakMap();
    const { methods } = await evaluate({
      images: evaluationImages(images, explainer, { auxiliaryPixels }),
      methods: { head: explainerMethod(explainer, auxiliaryPixels) },
      score: explainerScores(explainer),
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
  } finally {
    await explainer.dispose();
  }
}
