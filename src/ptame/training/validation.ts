/**
 * Validates a head on held-out images by average drop and increase in confidence, during training.
 *
 * @module
 */
import { evaluate } from "../../faithfulness/mod.ts";
import type { ImageSource } from "../../image/types.ts";
import type { Validation } from "./checkpoint.ts";
import { type ClassifierPair, headFor } from "../classifier_pair.ts";
import { evaluationImages, explainerMethod, explainerScores } from "../../faithfulness/evaluation_images.ts";
import { explainerOver, type ExplainerRuntime } from "../explainer.ts";
import { readHead } from "../head_file.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Measures a head file after `step` steps. */
export async function validateHead(
  head: Uint8Array,
  step: number,
  images: readonly ImageSource[],
  pair: ClassifierPair,
  runtime: ExplainerRuntime,
): Promise<Validation> {
  const { signal } = runtime;
  const explainer = await explainerOver(pair, await headFor(pair, await readHead(head, "")), runtime);
  try {
    const { methods } = await evaluate({
      images: evaluationImages(images, explainer),
      methods: { head: explainerMethod(explainer) },
      score: explainerScores(explainer),
      measures: ["ad", "ic"],
      resamples: 1,
      ...withoutUndefined({ signal }),
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
