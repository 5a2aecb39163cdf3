/**
 * Randomisation of a classifier's weights as a sanity check of a method (Adebayo et al. 2018, section 3): layer by
 * layer from the scores down ("cascading": layers above stay randomised), from the image up ("bottom-up", which Hedström et
 * al. 2023 advise), or one layer at a time ("independent"). With `otherClass`, the map of another class is compared, too
 * (Random Logit, Sixt et al., When Explanations Lie, ICML 2020); with `smooth`, maps are means over noisy images (Smooth
 * MPRT).
 *
 * @module
 */
import {
  compareVariant,
  otherClassTest,
  type SanityImage,
  type SanityMethod,
  type SanityOptions,
  type SanityResult,
} from "./sanity.ts";
import type { ValueMap } from "../image/types.ts";
import { classifierOver, type OpenClassifier, type OpenOptions } from "../classifier/open.ts";
import { listLayers, overPart, randomizedClassifier } from "../classifier/graphs/randomized.ts";
import type { Classifier } from "../classifier/types.ts";
import { smoothMap } from "./smooth_maps.ts";
import type { BaselineDefinition, MethodOptions } from "../baselines/types.ts";

/** The randomised layers of one stage. */
export interface RandomizationStage {
  /** Its name: the last randomised layer, or the only one. */
  readonly name: string;
  /** The layers, by the names of their weights. */
  readonly layers: readonly string[];
}

/** Options of the randomisation. */
export interface RandomizationOptions extends SanityOptions, OpenOptions, MethodOptions {
  /** "cascading" by default. */
  readonly order?: "cascading" | "bottom-up" | "independent";
  /** Number of stages, evenly spaced from the scores down to the first layer; all layers by default. */
  readonly stages?: number;
  /** Whether to begin with the map of another class of the intact classifier, drawn for each image. */
  readonly otherClass?: boolean;
  /** Number of maps in a mean over noisy images; 1, the image alone, by default. */
  readonly smooth?: number;
}

/**
 * The stages of a randomisation.
 *
 * @param layers Names of the layers, from the image to the scores.
 * @throws {RangeError} When the number of stages is invalid.
 */
export function listStages(
  layers: readonly string[],
  { order = "cascading", stages = layers.length }: Pick<RandomizationOptions, "order" | "stages"> = {},
): RandomizationStage[] {
  if (!Number.isInteger(stages) || stages < 1) throw new RangeError(`Cannot randomise in ${stages} stages`);
  const count = Math.min(stages, layers.length);
  const down = order === "bottom-up" ? layers : layers.toReversed();
  return Array.from({ length: count }, (_, i) => {
    const reached = Math.round((i + 1) * down.length / count);
    const name = down[reached - 1]!;
    return { name, layers: order === "independent" ? [name] : down.slice(0, reached) };
  });
}

/**
 * The similarity between the maps of the intact and the randomised classifiers. A method that explains the classifier
 * ends far from 1.
 *
 * @param classifier The intact classifier; it is not disposed of.
 * @returns One result per stage, from the scores down.
 * @throws {TypeError} When the classifier does not support the method.
 */
export async function randomizationTest(
  classifier: Classifier,
  method: BaselineDefinition,
  images: readonly SanityImage[],
  options: RandomizationOptions = {},
): Promise<SanityResult[]> {
  // Computed from its graph, like the randomised ones, because a file's own scores may be rounded differently.
  const whole = overPart(classifier, classifier.part());
  const stages = listStages(listLayers(whole.part()), options);
  const { otherClass = false, smooth = 1, seed = 0 } = options;
  if (!Number.isInteger(smooth) || smooth < 1) throw new RangeError(`Cannot take the mean of ${smooth} maps`);
  const total = images.length * (1 + (otherClass ? 1 : 0) + stages.length);
  const report = (done: number) => options.onProgress?.({ done, total });

  const smoothing = { samples: smooth, normalization: whole.facts.preprocessing, seed };
  /** The method on a classifier, over noisy images if requested. */
  const maps = async (open: OpenClassifier): Promise<SanityMethod> => {
    const attribute = await method.create(open, options);
    return ({ pixels }, target, signal) =>
      smoothMap(pixels, smoothing, (some) => attribute(some, target, { signal }));
  };
  const originals: ValueMap[] = [];
  const results: SanityResult[] = [];
  const intact = await classifierOver(whole, options);
  try {
    const own = await maps(intact);
    for (const image of images) {
      options.signal?.throwIfAborted();
      originals.push(await own(image, image.target, options.signal));
      report(originals.length);
    }
    if (otherClass) {
      results.push(
        await otherClassTest(own, images, originals, whole.facts.classes, {
          ...options,
          onProgress: ({ done }) => report(images.length + done),
        }),
      );
    }
  } finally {
    await intact.dispose();
  }
  const done = images.length * (1 + results.length);
  for (const [i, { name, layers }] of stages.entries()) {
    const forgetful = await classifierOver(randomizedClassifier(whole, layers, options.seed), options);
    try {
      results.push(
        await compareVariant(name, await maps(forgetful), images, originals, {
          ...options,
          onProgress: (progress) => report(done + images.length * i + progress.done),
        }),
      );
    } finally {
      await forgetful.dispose();
    }
  }
  return results;
}
