/**
 * Coherency and ADCC (Poppi et al., Revisiting the Evaluation of Class Activation Mapping for Explainability, CVPR
 * Workshops 2021).
 *
 * - Coherency: the map of the image masked by the map should be the same map. `(1 + r) / 2` with Pearson's correlation r
 *   of the two.
 * - ADCC: the harmonic mean of coherency, `1 − complexity` (the mean of the map) and `1 − average drop`, of one image. A
 *   map of ones drops nothing and a map of one pixel is not complex, but neither is good in all three.
 *
 * As in the authors' program, the mask multiplies the classifier's own input (removed is the mean colour), coherency is
 * 0 if one of the maps is flat, and the class is the one that was explained.
 *
 * @module
 */
import { dropPercent, maskImage } from "./average_drop.ts";
import { pearson } from "./correlation.ts";
import { type MeasureDefinition, type ProbeContext, singleMeasure } from "./measure.ts";
import type { CoherencyProtocol } from "./presets.ts";
import { askedValues, enlarge, type Enlarged, type Probe } from "./probe.ts";
import { type Colour, removalColour } from "./removal.ts";

/** Coherency by the correlation of two maps, 0 to 1; 0 if one of them is flat. */
export function coherency(correlation: number): number {
  return Number.isNaN(correlation) ? 0 : (1 + correlation) / 2;
}

/** Pearson's correlation of a map with that of the image which it masks; NaN if one of them is flat. */
export async function correlationAgain(
  sample: Enlarged,
  fade: Colour,
  explainAgain: NonNullable<ProbeContext["explainAgain"]>,
): Promise<number> {
  // A method that reads another crop gets that one masked at its own size.
  const again = await explainAgain((crop) => maskImage(crop, maskFor(sample, crop), fade));
  return pearson(sample.values, enlarge({ ...sample, map: again }).values);
}

/** Harmonic mean of coherency, 1 − complexity and 1 − drop, all within 0 to 1; 0 if one of them is 0. */
export function adcc(coherent: number, complexity: number, drop: number): number {
  return 3 / (1 / coherent + 1 / (1 - complexity) + 1 / (1 - drop));
}

/** Runs the method on the masked image, and scores that; keys "coherency" and "adcc", those that are requested. */
export function coherencyProbe(
  sample: Enlarged,
  protocol: CoherencyProtocol,
  { explainAgain, normalization }: ProbeContext,
  asked: readonly string[],
): Probe {
  const { pixels, values, area, probability } = sample;
  const fade = removalColour("coherency", protocol.space, normalization);
  const scored = asked.includes("adcc");
  let coherent = 0;
  return {
    count: scored ? 1 : 0,
    *images() {
      if (scored) yield maskImage(pixels, values, fade);
    },
    async prepare() {
      coherent = coherency(await correlationAgain(sample, fade, explainAgain!));
    },
    read(outcomes) {
      const drop = scored ? dropPercent(probability, outcomes[0]!.probability, RELATIVE) / 100 : 0;
      const found = { coherency: coherent, adcc: scored ? adcc(coherent, area, drop) : undefined };
      return { values: askedValues(found, asked) };
    },
  };
}

const RELATIVE = { drop: "relative", epsilon: 0 } as const;

/** The map at the size of a crop: of the classifier's own, or of the auxiliary's, which is square then. */
function maskFor({ map, values, pixels, target, probability }: Enlarged, crop: Float32Array): Float32Array {
  return crop.length === pixels.length ? values : enlarge({ pixels: crop, map, target, probability }).values;
}

const SHARED = {
  source: "Poppi et al.: Revisiting the Evaluation of Class Activation Mapping, CVPR Workshops 2021",
  negative: "zero",
  part: "coherency",
  standIn: "adcc-cvprw21",
  needs: ["explainAgain"],
  probe: (sample, preset, context, asked) => coherencyProbe(sample, preset.coherency!, context, asked),
} as const satisfies Partial<MeasureDefinition>;

/** Coherency: key "coherency". */
export const COHERENCY: MeasureDefinition<"coherency"> = singleMeasure({
  ...SHARED,
  name: "coherency",
  description: {
    title: "Coherency",
    meaning: "Coherency: how much the map of the image masked by its map is the same map, 0 to 1.",
    better: "higher",
    digits: 3,
  },
});

/** ADCC: key "adcc". */
export const ADCC: MeasureDefinition<"adcc"> = singleMeasure({
  ...SHARED,
  name: "adcc",
  description: {
    title: "ADCC",
    meaning: "ADCC: the harmonic mean of coherency, 1 − the map's mean and 1 − the average drop, 0 to 1.",
    better: "higher",
    digits: 3,
  },
});
