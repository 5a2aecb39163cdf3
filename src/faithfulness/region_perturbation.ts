/**
 * Removes squares of a grid in the order of the map's sum over them, the highest first: region perturbation (Samek et
 * al., Evaluating the Visualization of What a Deep Neural Network has Learned, TNNLS 2017) and selectivity (Montavon et
 * al., Methods for Interpreting and Understanding Deep Neural Networks, DSP 2018).
 *
 * - Region perturbation's value is the paper's AOPC: the mean over k = 0 … L of f(x) − f(x without k squares).
 * - Selectivity's is the area under f(x without k squares), k ≥ 1, by trapezoids over its number of steps.
 *
 * The steps agree with Quantus' for the same squares. A removed pixel is black; the first paper draws it at random.
 *
 * @module
 */
import { areaUnder } from "./insertion_deletion.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import { removedAxis } from "./pixel_flipping.ts";
import type { RegionsProtocol } from "./presets.ts";
import { type Enlarged, meanValue, type PlainProbe, type Reading, shortCurve } from "./probe.ts";
import {
  type Colour,
  gridSquares,
  removalColour,
  type Square,
  squarePixels,
  sumAt,
  withoutMoreAndMore,
} from "./removal.ts";
import { rankPixels } from "./threshold.ts";

/** The squares of a grid, highest sum of the map first; ties in a fixed scattered order. */
export function rankedSquares(sample: Enlarged, { cells, regions }: RegionsProtocol): Square[] {
  const squares = gridSquares(sample, cells);
  const sums = squares.map((square) => sumAt(sample.contributions, squarePixels(square, sample.width)));
  return Array.from(rankPixels(Float32Array.from(sums)).subarray(0, regions), (place) => squares[place]!);
}

/**
 * Removes squares one after the other.
 *
 * @param read Makes the reading from the probability after each step.
 */
export function regionsProbe(
  sample: Enlarged,
  protocol: RegionsProtocol,
  colour: Colour,
  read: (probabilities: number[]) => Reading,
): PlainProbe {
  const squares = rankedSquares(sample, protocol);
  return {
    count: squares.length,
    images: () =>
      withoutMoreAndMore(sample.pixels, squares.map((square) => squarePixels(square, sample.width)), colour),
    read: (outcomes) => read(outcomes.map(({ probability }) => probability)),
  };
}

/** Region perturbation: key "region-perturbation". */
export const REGION_PERTURBATION: MeasureDefinition<"region-perturbation"> = singleMeasure({
  name: "region-perturbation",
  source: "Samek et al.: Evaluating the Visualization of What a Deep Neural Network has Learned, TNNLS 2017",
  negative: "sign",
  part: "regions",
  standIn: "quantus",
  probe: (sample, preset, { normalization }) => {
    const protocol = preset.regions!;
    const colour = removalColour("region perturbation", protocol.space, normalization);
    return regionsProbe(sample, protocol, colour, (probabilities) => {
      const drops = [0, ...probabilities.map((each) => sample.probability - each)];
      return {
        values: { "region-perturbation": meanValue(drops) },
        curves: { "region-perturbation": shortCurve(drops) },
      };
    });
  },
  axis: (_key, preset, points) => {
    const { cells } = preset.regions!;
    return {
      percents: Array.from({ length: points }, (_, i) => Math.min(100, 100 * i / cells ** 2)),
      means: "removed",
      height: "change",
    };
  },
  description: {
    title: "Region perturbation",
    meaning:
      "Region perturbation: the mean drop of the probability of the class while squares turn black, those with most of the map first.",
    better: "higher",
    digits: 3,
  },
});

/** Selectivity: key "selectivity". */
export const SELECTIVITY: MeasureDefinition<"selectivity"> = singleMeasure({
  name: "selectivity",
  source: "Montavon et al.: Methods for Interpreting and Understanding Deep Neural Networks, DSP 2018",
  negative: "sign",
  part: "selectivity",
  standIn: "selectivity-dsp18",
  probe: (sample, preset, { normalization }) => {
    const protocol = preset.selectivity!;
    const colour = removalColour("selectivity", protocol.space, normalization);
    return regionsProbe(sample, protocol, colour, (probabilities) => ({
      values: { selectivity: areaUnder(probabilities) },
      curves: { selectivity: shortCurve(probabilities) },
    }));
  },
  axis: (_key, _preset, points) => removedAxis(points),
  description: {
    title: "Selectivity",
    meaning:
      "Selectivity: the mean probability of the class while all squares turn black, those with most of the map first.",
    better: "lower",
    digits: 3,
  },
});
