/**
 * Randomisation of a classifier's weights as a sanity check of a method (Adebayo et al. 2018, section 3): layer by
 * layer from the scores down ("cascading": layers above stay randomised), or one layer at a time ("independent").
 *
 * @module
 */
import { compareVariant, type SanityImage, type SanityOptions, type SanityResult } from "./sanity.ts";
import type { ValueMap } from "../image/types.ts";
import { classifierOver, type OpenOptions } from "../classifier/open.ts";
import { listLayers, overPart, randomizedClassifier } from "../classifier/graphs/randomized.ts";
import type { Classifier } from "../classifier/types.ts";
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
  readonly order?: "cascading" | "independent";
  /** Number of stages, evenly spaced from the scores down to the first layer; all layers by default. */
  readonly stages?: number;
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
  const down = layers.toReversed();
  return Array.from({ length: count }, (_, i) => {
    const reached = Math.round((i + 1) * down.length / count);
    const name = down[reached - 1]!;
    return { name, layers: order === "cascading" ? down.slice(0, reached) : [name] };
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
  const total = images.length * (1 + stages.length);
  const report = (done: number) => options.onProgress?.({ done, total });

  const originals: ValueMap[] = [];
  const intact = await classifierOver(whole, options);
  try {
    const attribute = await method.create(intact, options);
    for (const { pixels, target } of images) {
      originals.push(await attribute(pixels, target, { signal: options.signal }));
      report(originals.length);
    }
  } finally {
    await intact.dispose();
  }
  const results: SanityResult[] = [];
  for (const [i, { name, layers }] of stages.entries()) {
    const forgetful = await classifierOver(randomizedClassifier(whole, layers, options.seed), options);
    try {
      const attribute = await method.create(forgetful, options);
      results.push(
        await compareVariant(
          name,
          ({ pixels }, target, signal) => attribute(pixels, target, { signal }),
          images,
          originals,
          {
            ...options,
            onProgress: ({ done }) => report(images.length * (1 + i) + done),
          },
        ),
      );
    } finally {
      await forgetful.dispose();
    }
  }
  return results;
}
