/**
 * Faithfulness of a contrast: the evidence for the explained class over a rival, the most probable other class. With
 *
 *     L(x) = log p(class | x) − log p(rival | x),
 *
 * which is the difference of the two scores before softmax, and a map that ranks positions from what supports the class
 * to what supports the rival:
 *
 * - fall: the mean of L(x) − L(x without the highest v %): how far the preference falls when its evidence is removed;
 * - rise: the mean of L(the highest v % of x alone) − L(an empty image): how far it rises when nothing else is kept.
 *
 * That the difference of two classes has an explanation of its own, and must be judged by both, is of Wang and Wang
 * ("Why Not Other Classes?": Towards Class-Contrastive Back-Propagation Explanations, NeurIPS 2022). The protocol is this
 * project's. Removed positions have the mean colour. Both values are differences of logarithms, without a unit and without
 * bounds, so a map is compared with others on the same images, and with the controls. Probabilities below 1e-37, where
 * 32 bits end, count as that.
 *
 * @module
 */
import type { MeasureDefinition, ProbeContext, ValueDescription } from "./measure.ts";
import type { ContrastProtocol } from "./presets.ts";
import { definedValues, type Enlarged, mapProbe, meanValue, type PlainProbe } from "./probe.ts";
import { removalColour, restorePixels, withoutPixels } from "./removal.ts";

/** The highest part of the pixels at each percentage. */
function highestParts(order: Uint32Array, percents: readonly number[]): Uint32Array[] {
  return percents.map((percent) => order.subarray(0, Math.round(order.length * percent / 100)));
}

/** The probe: keys "contrast-fall" and "contrast-rise"; no value if the rival is unknown. */
export function contrastProbe(
  { pixels, order }: Pick<Enlarged, "pixels" | "order">,
  { percents, space }: ContrastProtocol,
  { rival, normalization }: Pick<ProbeContext, "rival" | "normalization">,
): PlainProbe {
  if (rival === undefined) return mapProbe(() => ({}));
  const colour = removalColour("contrast", space, normalization);
  const parts = highestParts(order, percents);
  return {
    count: 1 + 2 * parts.length,
    *images() {
      const empty = withoutPixels(pixels, order, colour);
      yield empty;
      for (const part of parts) yield withoutPixels(pixels, part, colour);
      for (const part of parts) {
        const kept = empty.slice();
        restorePixels(kept, part, pixels);
        yield kept;
      }
    },
    read(outcomes) {
      const [empty, ...others] = outcomes.map(({ margin }) => margin!);
      const removed = others.slice(0, parts.length);
      const kept = others.slice(parts.length);
      return {
        values: definedValues({
          "contrast-fall": rival.margin - meanValue(removed),
          "contrast-rise": meanValue(kept) - empty!,
        }),
      };
    },
  };
}

const DESCRIPTIONS: Readonly<Record<string, ValueDescription>> = {
  "contrast-fall": {
    title: "Contrast fall",
    meaning:
      "Contrast fall: how far the logarithm of the ratio of the class's probability to the second class's falls when the map's highest pixels are removed.",
    better: "higher",
    digits: 2,
  },
  "contrast-rise": {
    title: "Contrast rise",
    meaning:
      "Contrast rise: how far the same logarithm rises when the map's highest pixels come into an empty image.",
    better: "higher",
    digits: 2,
  },
};

/** Faithfulness of a contrast: keys "contrast-fall" and "contrast-rise". */
export const CONTRAST: MeasureDefinition<"contrast"> = {
  name: "contrast",
  source: "This project, after Wang and Wang: Why Not Other Classes?, NeurIPS 2022",
  negative: "order",
  part: "contrast",
  standIn: "contrast-removal",
  needs: ["rival"],
  probe: (sample, preset, context) => contrastProbe(sample, preset.contrast!, context),
  describe: (key) => DESCRIPTIONS[key],
};
