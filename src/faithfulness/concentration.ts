/**
 * How few pixels a map needs: sparseness, complexity and effective complexity. They compare the values of a map among
 * each other, and need no classifier; a map of one pixel is best in all of them, whatever the classifier sees.
 *
 * - Sparseness (Chalasani et al., ICML 2020) is the Gini index of the magnitudes: 0 if all are equal, and 1 − 1/n if one
 *   of n pixels has everything.
 * - Complexity (Bhatt et al., IJCAI 2020) is the entropy of the magnitudes as shares of their sum, in nats: ln n if all
 *   are equal, 0 if one pixel has everything.
 * - Effective complexity (Nguyen and Martínez, 2020) is how many pixels count: here those above 10⁻⁵ of the greatest
 *   magnitude, as in Quantus, in percent of the image, so that sizes of images are comparable.
 *
 * All three are Quantus' with its defaults (magnitudes over the greatest).
 *
 * @module
 */
import { type MeasureDefinition, singleMeasure, type ValueDescription } from "./measure.ts";
import type { Enlarged } from "./probe.ts";
import { mapProbe } from "./probe.ts";

/** Quantus adds this to each magnitude, so that a map of zeros has a Gini index: 0. */
const GINI_SLACK = 1e-7;

/** Added to shares below the logarithm, as in Quantus. */
const ENTROPY_SLACK = 1e-12;

/** Gini index of magnitudes. */
export function giniIndex(values: Float32Array): number {
  const sorted = Float64Array.from(values, (value) => Math.abs(value) + GINI_SLACK).sort();
  const count = sorted.length;
  let [weighted, sum] = [0, 0];
  sorted.forEach((value, i) => {
    weighted += (2 * (i + 1) - count - 1) * value;
    sum += value;
  });
  return weighted / (count * sum);
}

/** Entropy of magnitudes as shares of their sum, in nats; undefined of a map of zeros. */
export function mapEntropy(values: Float32Array): number | undefined {
  const sum = values.reduce((total, value) => total + Math.abs(value), 0);
  if (sum === 0) return undefined;
  let entropy = 0;
  for (const value of values) {
    const share = Math.abs(value) / sum;
    entropy -= share * Math.log(share + ENTROPY_SLACK);
  }
  return entropy;
}

/** Percent of the magnitudes that are above a share of the greatest; 0 of a map of zeros. */
export function countingPercent(values: Float32Array, least: number): number {
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const counting = values.reduce(
    (count, value) => count + (greatest > 0 && Math.abs(value) / greatest > least ? 1 : 0),
    0,
  );
  return 100 * counting / values.length;
}

/** One of the three: its name is its only key. */
function concentrationMeasure<Name extends string>(
  name: Name,
  source: string,
  read: (values: Float32Array, least: number) => number | undefined,
  description: ValueDescription,
): MeasureDefinition<Name> {
  return singleMeasure({
    name,
    source,
    negative: "magnitude",
    part: "concentration",
    standIn: "quantus",
    probe: ({ contributions }: Enlarged, preset) =>
      mapProbe(() => ({ [name]: read(contributions, preset.concentration!.least) })),
    description,
  });
}

/** Sparseness: key "sparseness". */
export const SPARSENESS: MeasureDefinition<"sparseness"> = concentrationMeasure(
  "sparseness",
  "Chalasani et al.: Concise Explanations of Neural Networks using Adversarial Training, ICML 2020",
  giniIndex,
  {
    title: "Sparseness",
    meaning:
      "Sparseness: the Gini index of the map, near 1 if a few pixels have nearly all of it, 0 if all have the same.",
    better: "higher",
    digits: 3,
  },
);

/** Complexity: key "complexity". */
export const COMPLEXITY: MeasureDefinition<"complexity"> = concentrationMeasure(
  "complexity",
  "Bhatt et al.: Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020",
  mapEntropy,
  {
    title: "Complexity",
    meaning: "Complexity: the entropy of the map in nats, 0 if one pixel has everything.",
    better: "lower",
    digits: 2,
  },
);

/** Effective complexity: key "effective-complexity". */
export const EFFECTIVE_COMPLEXITY: MeasureDefinition<"effective-complexity"> = concentrationMeasure(
  "effective-complexity",
  "Nguyen and Martínez: On Quantitative Aspects of Model Interpretability, 2020",
  countingPercent,
  {
    title: "Effective complexity",
    meaning: "Effective complexity: the share of pixels, in percent, whose value is not close to zero.",
    better: "lower",
    digits: 1,
  },
);
