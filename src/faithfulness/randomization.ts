/**
 * Randomisation of a classifier's weights as a sanity check of a method (Adebayo et al. 2018, section 3): layer by layer
 * from the scores down ("cascading": what is above stays randomised), or each layer alone ("independent").
 *
 * @module
 */
import { compareVariant, type SanityImage, type SanityOptions, type SanityResult } from "./sanity.ts";
import type { ValueMap } from "../image/types.ts";
import { classifierOver, type OpenOptions } from "../classifier/open.ts";
import { layersOf, overPart, randomizedClassifier } from "../classifier/randomized.ts";
import type { Classifier } from "../classifier/types.ts";
import type { BaselineDefinition, MethodOptions } from "../baselines/types.ts";

/** What is randomised at one stage. */
export interface RandomizationStage {
  /** Its name: the deepest layer that is reached, or the only one. */
  readonly name: string;
  /** The layers, by the names of their weights. */
  readonly layers: readonly string[];
}

/** How weights are randomised. */
export interface RandomizationOptions extends SanityOptions, OpenOptions, MethodOptions {
  /** "cascading" by default. */
  readonly order?: "cascading" | "independent";
  /** How many stages, evenly spaced from the scores down to the first layer; all layers by default. */
  readonly stages?: number;
}

/**
 * The stages of a randomisation.
 *
 * @param layers From the image to the scores.
 * @throws {RangeError} When the number of stages is none.
 */
export function stagesOf(
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
 * How like the maps of the intact classifier those of the randomised ones are. A method that explains the classifier
 * ends far from 1.
 *
 * @param classifier The intact classifier; nothing of it is disposed of.
 * @returns One result per stage, from the scores down.
 * @throws {TypeError} When the method asks for what the classifier has not.
 */
export async function randomizationTest(
  classifier: Classifier,
  method: BaselineDefinition,
  images: readonly SanityImage[],
  options: RandomizationOptions = {},
): Promise<SanityResult[]> {
  // By its graph, as the randomised ones: a file's own scores may be rounded otherwise.
  const whole = overPart(classifier, classifier.part());
  const stages = stagesOf(layersOf(whole.part()), options);
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
