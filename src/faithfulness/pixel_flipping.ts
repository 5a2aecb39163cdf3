/**
 * Removes or restores pixels in the map's order, some at a time: pixel flipping, monotonicity and faithfulness estimate.
 *
 * - Pixel flipping (Bach et al., PLOS ONE 2015): removes the most relevant first, for good. The value is the mean
 *   probability over the steps by trapezoids, as Quantus' area over its number of steps.
 * - Monotonicity (Luss et al., Leveraging Latent Features for Local Explanations, KDD 2021; AIX360's
 *   `monotonicity_metric`): restores them in an empty image, the least relevant first. 1 if the probability never falls,
 *   else 0; the share of steps at which it does not fall tells more if the steps are many. (Quantus 0.6 restores nothing:
 *   it writes the empty colour into the empty image.)
 * - Faithfulness estimate (Alvarez-Melis and Jaakkola, NeurIPS 2018): removes each part alone; Pearson's correlation of
 *   the drop with the sum of the map over the part.
 *
 * @module
 */
import { pearson } from "./correlation.ts";
import { areaUnder } from "./insertion_deletion.ts";
import { type CurveAxis, type MeasureDefinition, singleMeasure, type ValueDescription } from "./measure.ts";
import type { FlippingProtocol } from "./presets.ts";
import { definedValues, type Enlarged, type PlainProbe, shortCurve } from "./probe.ts";
import {
  type Colour,
  removalColour,
  restorePixels,
  sumAt,
  withoutMoreAndMore,
  withoutPixels,
} from "./removal.ts";
import type { Outcome } from "./types.ts";

/** The pixels of each of about so many steps, most relevant first; the last step may have fewer. */
export function orderedParts(order: Uint32Array, steps: number): Uint32Array[] {
  const size = Math.ceil(order.length / steps);
  return Array.from(
    { length: Math.ceil(order.length / size) },
    (_, i) => order.subarray(i * size, (i + 1) * size),
  );
}

/** What a probe of this family is made of. */
interface FlippingSample {
  readonly sample: Enlarged;
  readonly protocol: FlippingProtocol;
  readonly colour: readonly [number, number, number];
}

const probabilitiesIn = (outcomes: readonly Outcome[]) => outcomes.map(({ probability }) => probability);

/** Pixel flipping: key "pixel-flipping" and its curve. */
export function flippingProbe({ sample, protocol, colour }: FlippingSample): PlainProbe {
  const { pixels, order } = sample;
  const parts = orderedParts(order, protocol.steps);
  return {
    count: parts.length,
    images: () => withoutMoreAndMore(pixels, parts, colour),
    read(outcomes) {
      const curve = probabilitiesIn(outcomes);
      return {
        values: { "pixel-flipping": areaUnder(curve) },
        curves: { "pixel-flipping": shortCurve(curve) },
      };
    },
  };
}

/** Monotonicity: keys "monotonicity" and "monotonicity-steps". */
export function monotonicityProbe({ sample, protocol, colour }: FlippingSample): PlainProbe {
  const { pixels, order } = sample;
  const parts = orderedParts(order.toReversed(), protocol.steps);
  return {
    count: parts.length,
    *images() {
      const current = withoutPixels(pixels, order, colour);
      for (const part of parts) {
        restorePixels(current, part, pixels);
        yield current.slice();
      }
    },
    read(outcomes) {
      const curve = probabilitiesIn(outcomes);
      const steps = curve.length - 1;
      const rising = curve.filter((value, i) => i > 0 && value >= curve[i - 1]!).length;
      return {
        values: definedValues({
          "monotonicity": rising === steps ? 1 : 0,
          "monotonicity-steps": rising / steps,
        }),
      };
    },
  };
}

/** Faithfulness estimate: key "faithfulness-estimate"; no value if the drops or the sums are equal. */
export function estimateProbe({ sample, protocol, colour }: FlippingSample): PlainProbe {
  const parts = orderedParts(sample.order, protocol.steps);
  return alonePartsProbe(sample, parts, colour, "faithfulness-estimate", pearson);
}

/**
 * Removes each part of an image alone: the correlation of the map's sums over the parts with the drops.
 *
 * @param parts Their pixels.
 * @param key Of the value; none if the correlation is not defined.
 */
export function alonePartsProbe(
  { pixels, contributions, probability }: Enlarged,
  parts: readonly Iterable<number>[],
  colour: Colour,
  key: string,
  correlation: (sums: readonly number[], drops: readonly number[]) => number,
): PlainProbe {
  return {
    count: parts.length,
    *images() {
      for (const part of parts) yield withoutPixels(pixels, part, colour);
    },
    read(outcomes) {
      const sums = parts.map((part) => sumAt(contributions, part));
      const drops = outcomes.map((outcome) => probability - outcome.probability);
      return { values: definedValues({ [key]: correlation(sums, drops) }) };
    },
  };
}

/** A measure of this family. */
function flippingMeasure(make: (of: FlippingSample) => PlainProbe, name: string) {
  return {
    part: "flipping",
    standIn: "quantus",
    probe: (sample, preset, { normalization }) => {
      const protocol = preset.flipping!;
      return make({ sample, protocol, colour: removalColour(name, protocol.space, normalization) });
    },
  } as const satisfies Partial<MeasureDefinition>;
}

/** Points of a curve of removed pixels that begins after the first step. */
export function removedAxis(points: number): CurveAxis {
  return {
    percents: Array.from({ length: points }, (_, i) => 100 * (i + 1) / points),
    means: "removed",
    height: "probability",
  };
}

/** Pixel flipping: key "pixel-flipping". */
export const PIXEL_FLIPPING: MeasureDefinition<"pixel-flipping"> = singleMeasure({
  ...flippingMeasure(flippingProbe, "pixel flipping"),
  name: "pixel-flipping",
  source: "Bach et al.: On Pixel-Wise Explanations by Layer-Wise Relevance Propagation, PLOS ONE 2015",
  negative: "order",
  axis: (_key, _preset, points) => removedAxis(points),
  description: {
    title: "Pixel flipping",
    meaning:
      "Pixel flipping: the mean probability of the class while pixels turn black, the map's highest first.",
    better: "lower",
    digits: 3,
  },
});

const MONOTONE: Readonly<Record<string, ValueDescription>> = {
  "monotonicity": {
    title: "Monotonicity",
    meaning:
      "Monotonicity: the share of images whose class never becomes less probable while pixels come back into an empty image, the map's lowest first.",
    better: "higher",
    digits: 3,
  },
  "monotonicity-steps": {
    title: "Monotone steps",
    meaning: "Monotone steps: the share of those steps at which the class does not become less probable.",
    better: "higher",
    digits: 3,
  },
};

/** Monotonicity: keys "monotonicity" and "monotonicity-steps". */
export const MONOTONICITY: MeasureDefinition<"monotonicity"> = {
  ...flippingMeasure(monotonicityProbe, "monotonicity"),
  name: "monotonicity",
  source: "Luss et al.: Leveraging Latent Features for Local Explanations, KDD 2021",
  negative: "order",
  describe: (key) => MONOTONE[key],
};

/** Faithfulness estimate: key "faithfulness-estimate". */
export const FAITHFULNESS_ESTIMATE: MeasureDefinition<"faithfulness-estimate"> = singleMeasure({
  ...flippingMeasure(estimateProbe, "faithfulness estimate"),
  name: "faithfulness-estimate",
  source:
    "Alvarez-Melis and Jaakkola: Towards Robust Interpretability with Self-Explaining Networks, NeurIPS 2018",
  negative: "sign",
  description: {
    title: "Faithfulness estimate",
    meaning:
      "Faithfulness estimate: the correlation of the map's sum over pixels of like rank with the drop when they alone turn black.",
    better: "higher",
    digits: 3,
  },
});
