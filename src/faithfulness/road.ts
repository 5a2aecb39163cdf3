/**
 * ROAD, remove and debias (Rong et al., ICML 2022): removes a share of the pixels in the map's order or in the reverse
 * order, fills the holes so that their shape reveals nothing, and measures how much of the classifier's result remains.
 * Removing the most relevant pixels first (MoRF) should hurt, the least relevant first (LeRF) should not.
 *
 * @module
 */
import { createGenerator } from "../random/generator.ts";
import { addNoise, imputeLinear } from "./imputation.ts";
import type { MeasureDefinition, ValueDescription } from "./measure.ts";
import type { RoadProtocol } from "./presets.ts";
import { type Enlarged, meanValue, type PlainProbe } from "./probe.ts";
import { imputeTelea } from "./telea.ts";
import { markRemoved, topCount } from "./threshold.ts";
import type { Normalization, Outcome, RemovalOrder } from "./types.ts";

const ORDERS: readonly RemovalOrder[] = ["morf", "lerf"];

/** Radius of Telea's neighbourhood, in pixels. */
const TELEA_RADIUS = 3;

/** Number of pixels that a percentage of `count` removes. */
export function removedCount(count: number, percent: number, means: "removed" | "kept"): number {
  return means === "kept" ? count - topCount(count, percent) : Math.floor(count * percent / 100);
}

/**
 * One number from a curve: its mean, or the trapezoids through (0 %, 1), the given points and (100 %, 0).
 * For 10, 30, 50 and 70 % the latter is `0.05 + 0.15·s10 + 0.2·s30 + 0.2·s50 + 0.25·s70`.
 */
export function summarizeCurve(
  percents: readonly number[],
  scores: readonly number[],
  summary: "mean" | "trapezoid",
): number {
  if (summary === "mean") return meanValue(scores);
  const x = [0, ...percents, 100];
  const y = [1, ...scores, 0];
  let area = 0;
  for (let i = 1; i < x.length; i++) area += (x[i]! - x[i - 1]!) / 100 * (y[i]! + y[i - 1]!) / 2;
  return area;
}

/**
 * ROAD of one map: keys "ROAD-MoRF", "ROAD-LeRF", and "ROAD", which is half of LeRF − MoRF as in pytorch-grad-cam.
 *
 * @param normalization The classifier's normalisation; required if the noise is in normalised units.
 * @param seed Seed of the noise; the same for all methods of an image, so that they are compared under the same noise.
 * @throws {TypeError} When the normalization is missing.
 */
export function roadProbe(
  sample: Enlarged,
  protocol: RoadProtocol,
  normalization: Normalization | undefined,
  seed: number,
): PlainProbe {
  const { percents, noise, noiseSpace, imputation } = protocol;
  if (noise > 0 && noiseSpace === "normalized" && normalization === undefined) {
    throw new TypeError("Cannot add noise in normalised units: no normalization is given");
  }
  const unit = noiseSpace === "normalized" ? normalization?.std ?? [1, 1, 1] : [1, 1, 1];
  const deviation = [noise * unit[0]!, noise * unit[1]!, noise * unit[2]!] as const;

  const imputedImage = (order: RemovalOrder, index: number): Float32Array => {
    const { width, height, pixels } = sample;
    const count = removedCount(width * height, percents[index]!, protocol[order]);
    const removed = markRemoved(sample.order, count, order);
    if (imputation === "telea") return imputeTelea(pixels, removed, width, height, TELEA_RADIUS);
    const filled = imputeLinear(pixels, removed, width, height);
    if (noise > 0) {
      const stream = seed + 2 * index + (order === "morf" ? 0 : 1);
      addNoise(filled, removed, deviation, createGenerator(stream));
    }
    return filled;
  };
  const outcomeScore = ({ probability, correct }: Outcome): number => {
    if (protocol.score === "accuracy") return Number(correct);
    return protocol.score === "probability" ? probability : probability - sample.probability;
  };

  return {
    count: ORDERS.length * percents.length,
    *images() {
      for (const order of ORDERS) {
        for (let index = 0; index < percents.length; index++) yield imputedImage(order, index);
      }
    },
    read(outcomes) {
      const morf = outcomes.slice(0, percents.length).map(outcomeScore);
      const lerf = outcomes.slice(percents.length).map(outcomeScore);
      const summarise = (scores: number[], means: "removed" | "kept") => {
        // The first trapezoid starts at 0 % removed.
        const removed = percents.map((percent) => means === "removed" ? percent : 100 - percent);
        const ascending = removed.map((_, index) => index).sort((a, b) => removed[a]! - removed[b]!);
        return summarizeCurve(
          ascending.map((index) => removed[index]!),
          ascending.map((index) => scores[index]!),
          protocol.summary,
        );
      };
      const [most, least] = [summarise(morf, protocol.morf), summarise(lerf, protocol.lerf)];
      return {
        values: { "ROAD-MoRF": most, "ROAD-LeRF": least, ROAD: (least - most) / 2 },
        curves: { "ROAD-MoRF": morf, "ROAD-LeRF": lerf },
      };
    },
  };
}

/** Its values, by key. */
const DESCRIBED: Readonly<Record<string, Pick<ValueDescription, "title" | "meaning">>> = {
  "ROAD": {
    title: "ROAD",
    meaning:
      "Remove and debias: half of what remains when the least relevant pixels are removed first, less what remains when the " +
      "most relevant are.",
  },
  "ROAD-MoRF": {
    title: "ROAD MoRF",
    meaning:
      "Remove and debias, most relevant first: what remains of the classifier's result when the map's highest pixels are " +
      "removed and the holes filled from their neighbours.",
  },
  "ROAD-LeRF": {
    title: "ROAD LeRF",
    meaning: "Remove and debias, least relevant first: the same when the map's lowest pixels are removed.",
  },
};

/** ROAD: keys "ROAD", "ROAD-MoRF" and "ROAD-LeRF". */
export const ROAD: MeasureDefinition<"road"> = {
  name: "road",
  source: "Rong et al.: A Consistent and Efficient Evaluation Strategy for Attribution Methods, ICML 2022",
  negative: "order",
  part: "road",
  standIn: "road-icml22",
  // Only the top class can stay the top class.
  onlyOfTopClass: (preset) => preset.road?.score === "accuracy",
  probe: (sample, preset, { normalization, seed }) => roadProbe(sample, preset.road!, normalization, seed),
  describe: (key) => {
    const described = Object.hasOwn(DESCRIBED, key) ? DESCRIBED[key] : undefined;
    return described && { ...described, better: key === "ROAD-MoRF" ? "lower" : "higher", digits: 3 };
  },
  axis: (key, { road }) => ({
    percents: [...road!.percents],
    means: key === "ROAD-MoRF" ? road!.morf : road!.lerf,
    height: road!.score === "difference" ? "change" : road!.score,
  }),
};
