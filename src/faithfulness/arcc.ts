/**
 * ARCC (arXiv 2605.14641, 2026): the harmonic mean of coherency, `1 − complexity` (the mean of the map) and ROAD, of one
 * image. It is ADCC with ROAD in the place of the average drop, whose masked images are of a kind that the classifier has
 * not seen.
 *
 * As in pytorch-grad-cam 1.5.7 (`metrics/arcc.py`), ROAD is LeRF − MoRF of the probability, within 0 to 1 (there: twice
 * its half); the mask multiplies the classifier's own input; the coherency of a flat map is 0.5; and 10⁻⁸ is added to each
 * part before it divides. A map whose ROAD is not above 0 therefore has an ARCC of about 0.
 *
 * @module
 */
import { correlationAgain } from "./coherency.ts";
import { type MeasureDefinition, type ProbeContext, singleMeasure } from "./measure.ts";
import type { ArccProtocol } from "./presets.ts";
import type { Enlarged, Probe } from "./probe.ts";
import { removalColour } from "./removal.ts";
import { roadProbe } from "./road.ts";
import { rankPixels } from "./threshold.ts";

const EPSILON = 1e-8;

/** Harmonic mean of coherency, 1 − complexity and ROAD (LeRF − MoRF, not its half), which is cut to 0 to 1. */
export function arcc(coherent: number, complexity: number, road: number): number {
  const within = Math.min(1, Math.max(0, road));
  return 3 / [coherent, 1 - complexity, within].reduce((sum, part) => sum + 1 / (part + EPSILON), 0);
}

/** Runs the method on the masked image, and ROAD; key "arcc". */
export function arccProbe(sample: Enlarged, protocol: ArccProtocol, context: ProbeContext): Probe {
  const { explainAgain, normalization, seed } = context;
  const fade = removalColour("ARCC", protocol.space, normalization);
  // All three parts see the same mask: evidence against the class counts as none.
  const shown = { ...sample, order: rankPixels(sample.values) };
  const road = roadProbe(shown, protocol.road, normalization, seed);
  let coherent = 0;
  return {
    count: road.count,
    images: () => road.images(),
    async prepare() {
      const correlation = await correlationAgain(sample, fade, explainAgain!);
      coherent = Number.isNaN(correlation) ? 0.5 : (1 + correlation) / 2;
    },
    read(outcomes) {
      const { ROAD } = road.read(outcomes).values;
      return { values: { arcc: arcc(coherent, sample.area, 2 * ROAD!) } };
    },
  };
}

/** ARCC: key "arcc". */
export const ARCC: MeasureDefinition<"arcc"> = singleMeasure({
  name: "arcc",
  source: "ARCC, 2026 (arXiv 2605.14641), of pytorch-grad-cam 1.5.7",
  negative: "zero",
  part: "arcc",
  standIn: "arcc-2026",
  needs: ["explainAgain"],
  probe: (sample, preset, context) => arccProbe(sample, preset.arcc!, context),
  description: {
    title: "ARCC",
    meaning: "ARCC: the harmonic mean of coherency, 1 − the map's mean and ROAD, 0 to 1.",
    better: "higher",
    digits: 3,
  },
});
