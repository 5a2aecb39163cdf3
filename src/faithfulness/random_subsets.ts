/**
 * Removes random sets of pixels: does the map's sum over them say how much the probability drops? Faithfulness
 * correlation (Bhatt et al., IJCAI 2020) and sensitivity-n (Ancona et al., ICLR 2018): Pearson's correlation of sums and
 * drops, over sets of one size, or as a mean over sizes.
 *
 * A linear classifier's own weights have a correlation of 1 for every size. The drop is one of the probability. Quantus'
 * `FaithfulnessCorrelation` gives the same for the same sets; its `SensitivityN` removes pixels in the map's order, the
 * paper draws them at random, as here.
 *
 * @module
 */
import { createStream } from "../random/generator.ts";
import { hashText } from "../random/hash.ts";
import { pearson } from "./correlation.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import { definedValues, type Enlarged, meanValue, type PlainProbe } from "./probe.ts";
import { type Colour, removalColour, sumAt, withoutPixels } from "./removal.ts";

/**
 * Random sets of pixels, each without repetition.
 *
 * @param area Number of pixels of the image.
 * @param size Pixels of a set; all, if the image has no more.
 */
export function randomSubsets(area: number, size: number, count: number, seed: number): Uint32Array[] {
  const generator = createStream(seed, hashText(`subsets/${size}`));
  const pixels = Uint32Array.from({ length: area }, (_, i) => i);
  const taken = Math.min(size, area);
  return Array.from({ length: count }, () => {
    for (let i = 0; i < taken; i++) {
      const drawn = i + generator.below(area - i);
      [pixels[i], pixels[drawn]] = [pixels[drawn]!, pixels[i]!];
    }
    return pixels.slice(0, taken);
  });
}

/**
 * Mean over groups of the correlation of the map's sums over sets with the drops when they are removed; groups whose
 * sums or drops are all the same are left out.
 *
 * @param key Of the value.
 * @param groups Sets of pixels, in groups of one size.
 */
export function subsetsProbe(
  { pixels, contributions, probability }: Enlarged,
  key: string,
  groups: readonly (readonly Uint32Array[])[],
  colour: Colour,
): PlainProbe {
  const all = groups.flat();
  return {
    count: all.length,
    *images() {
      for (const set of all) yield withoutPixels(pixels, set, colour);
    },
    read(outcomes) {
      let at = 0;
      const correlations = groups.map((sets) => {
        const sums = sets.map((set) => sumAt(contributions, set));
        const drops = sets.map(() => probability - outcomes[at++]!.probability);
        return pearson(sums, drops);
      }).filter((value) => !Number.isNaN(value));
      return { values: definedValues({ [key]: meanValue(correlations) }) };
    },
  };
}

/** Faithfulness correlation: key "faithfulness-correlation". */
export const FAITHFULNESS_CORRELATION: MeasureDefinition<"faithfulness-correlation"> = singleMeasure({
  name: "faithfulness-correlation",
  source: "Bhatt et al.: Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020",
  negative: "sign",
  part: "subset",
  standIn: "quantus",
  probe: (sample, preset, { normalization, seed }) => {
    const { share, samples, space } = preset.subset!;
    const area = sample.order.length;
    const sets = randomSubsets(area, Math.max(1, Math.round(share * area)), samples, seed);
    const colour = removalColour("faithfulness correlation", space, normalization);
    return subsetsProbe(sample, "faithfulness-correlation", [sets], colour);
  },
  description: {
    title: "Faithfulness correlation",
    meaning:
      "Faithfulness correlation: the correlation of the map's sum over a random set of pixels with the drop when they are removed.",
    better: "higher",
    digits: 3,
  },
});

/** Sensitivity-n: key "sensitivity-n". */
export const SENSITIVITY_N: MeasureDefinition<"sensitivity-n"> = singleMeasure({
  name: "sensitivity-n",
  source: "Ancona et al.: Towards better understanding of gradient-based attribution methods, ICLR 2018",
  negative: "sign",
  part: "sensitivityN",
  standIn: "sensitivity-n-iclr18",
  probe: (sample, preset, { normalization, seed }) => {
    const { shares, samples, space } = preset.sensitivityN!;
    const area = sample.order.length;
    const groups = shares.map((share) =>
      randomSubsets(area, Math.max(1, Math.round(share * area)), samples, seed)
    );
    return subsetsProbe(
      sample,
      "sensitivity-n",
      groups,
      removalColour("sensitivity-n", space, normalization),
    );
  },
  description: {
    title: "Sensitivity-n",
    meaning:
      "Sensitivity-n: the correlation of the map's sum over n random pixels with the drop when they are removed, as a mean over sizes n.",
    better: "higher",
    digits: 3,
  },
});
