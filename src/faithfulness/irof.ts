/**
 * IROF (Rieger and Hansen, IROF: a low resource evaluation metric for explanation methods, 2020): superpixels become the
 * image's mean colour, those with the highest mean of the map first. The value is the area over the curve of the
 * probability as a share of that of the clean image, per superpixel: 1 if the first one takes everything.
 *
 * The superpixels are those of `image/superpixels.ts`; Quantus' sum is this times the number of steps less one, plus one.
 *
 * @module
 */
import { makeSuperpixels } from "../image/superpixels.ts";
import { areaUnder } from "./insertion_deletion.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import { removedAxis } from "./pixel_flipping.ts";
import { definedValues, type Enlarged, type PlainProbe, shortCurve } from "./probe.ts";
import { type Colour, sumAt, withoutMoreAndMore } from "./removal.ts";
import { rankPixels } from "./threshold.ts";

/** The pixels of each superpixel, highest mean of the map first. */
export function rankedSuperpixels(
  { pixels, width, height, contributions }: Enlarged,
  count: number,
): number[][] {
  const parts = makeSuperpixels(pixels, { width, height }, { count: Math.min(count, width * height) });
  const members = Array.from({ length: parts.count }, (): number[] => []);
  parts.labels.forEach((label, pixel) => members[label]!.push(pixel));
  const means = Float32Array.from(members, (own) => sumAt(contributions, own) / own.length);
  return Array.from(rankPixels(means), (label) => members[label]!);
}

/** The mean colour of an image. */
function meanColour(pixels: Float32Array): Colour {
  const area = pixels.length / 3;
  const sums = [0, 0, 0];
  pixels.forEach((value, i) => sums[Math.floor(i / area)]! += value / area);
  return [sums[0]!, sums[1]!, sums[2]!];
}

/** IROF of one map: key "irof"; no value of an image that is one superpixel. */
export function irofProbe(sample: Enlarged, superpixels: number): PlainProbe {
  const parts = rankedSuperpixels(sample, superpixels);
  return {
    count: parts.length,
    images: () => withoutMoreAndMore(sample.pixels, parts, meanColour(sample.pixels)),
    read(outcomes) {
      const curve = outcomes.map(({ probability }) => probability / sample.probability);
      return { values: definedValues({ irof: 1 - areaUnder(curve) }), curves: { irof: shortCurve(curve) } };
    },
  };
}

/** IROF: key "irof". */
export const IROF: MeasureDefinition<"irof"> = singleMeasure({
  name: "irof",
  source: "Rieger and Hansen: IROF, a low resource evaluation metric for explanation methods, 2020",
  negative: "sign",
  part: "irof",
  standIn: "irof-2020",
  probe: (sample, preset) => irofProbe(sample, preset.irof!.superpixels),
  axis: (_key, _preset, points) => removedAxis(points),
  description: {
    title: "IROF",
    meaning:
      "IROF: the mean loss of the class's probability, as a share, while superpixels become the mean colour, those with most of the map first.",
    better: "higher",
    digits: 3,
  },
});
