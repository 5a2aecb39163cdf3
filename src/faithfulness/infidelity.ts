/**
 * Infidelity (Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019): a map says how much each
 * pixel contributes to the classifier's output. Infidelity compares that with the actual drop when a part of the image
 * is removed.
 *
 *     INFD(Φ, f, x) = E_I[ (I · Φ(f, x) − (f(x) − f(x − I)))² ]
 *
 * - f is the softmax probability of the explained class, not its score before softmax, because measures see only
 *   probabilities.
 * - x − I is the image without one square (the paper's square removal; its other choice is Gaussian noise, which suits
 *   gradients). A removed pixel is 0 in the classifier's own input, as in the paper's program.
 * - Φ is the map at the image's size, one value per pixel. A method that gives a mask in [0, 1] gives the share of each
 *   position, not how f changes with a colour: the paper calls it a global explanation. For those, I is binary, 1 on
 *   the removed pixels, so I · Φ is the map's sum over the square.
 * - Such a mask has no unit, because min–max removes it. So the map is multiplied by its best scale, β = E[(I · Φ)(f(x)
 *   − f(x − I))] / E[(I · Φ)²], as the paper's program and Captum's `normalize=True` do: the value does not depend on
 *   the map's unit. β is negative if the probability rises when pixels with high values are removed.
 *
 * The value is in squared probability: 0 means that the map predicts every drop. A larger square removes more, whatever
 * the map is, so a constant map is not the worst one; compare with the controls.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import { createStream } from "../random/generator.ts";
import { hashText } from "../random/hash.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import type { InfidelityProtocol } from "./presets.ts";
import { type Enlarged, meanValue, type PlainProbe } from "./probe.ts";
import { gridSquares, removalColour, type Square, squarePixels, sumAt, withoutPixels } from "./removal.ts";
import type { Normalization } from "./types.ts";

/**
 * The squares to remove from an image, one at a time. All positions of all sizes on the protocol's grid are equally
 * likely, and none is drawn twice. If the grid has no more than the requested number, all are taken.
 *
 * @param size Width and height of the image. A side that has fewer pixels than the grid has cells is its own grid.
 * @param seed Seed of the drawing.
 */
export function removalSquares(
  size: Size,
  protocol: InfidelityProtocol,
  seed: number,
): Square[] {
  const squares = protocol.lengths.flatMap((length) => gridSquares(size, protocol.cells, length));
  const count = Math.min(protocol.samples, squares.length);
  const generator = createStream(seed, hashText("infidelity"));
  for (let i = 0; i < count; i++) {
    const drawn = i + generator.below(squares.length - i);
    [squares[i], squares[drawn]] = [squares[drawn]!, squares[i]!];
  }
  return squares.slice(0, count);
}

/**
 * Mean of (β · promised − fallen)² with the β that makes it smallest. If nothing is promised, β is 0.
 *
 * @param promised I · Φ of each perturbation.
 * @param fallen f(x) − f(x − I) of each.
 */
export function scaledError(promised: readonly number[], fallen: readonly number[]): number {
  const squared = meanValue(promised.map((value) => value * value));
  const scale = squared === 0 ? 0 : meanValue(promised.map((value, i) => value * fallen[i]!)) / squared;
  return meanValue(promised.map((value, i) => (scale * value - fallen[i]!) ** 2));
}

/**
 * Infidelity of one map: key "infidelity", in squared probability.
 *
 * @param normalization The classifier's normalisation; removed pixels get its mean if the protocol's 0 is a normalised
 * value.
 * @param seed Seed of the squares; the same for all methods of an image, so that they are compared on the same squares.
 * @throws {TypeError} When the normalization is missing.
 */
export function infidelityProbe(
  sample: Enlarged,
  protocol: InfidelityProtocol,
  normalization: Normalization | undefined,
  seed: number,
): PlainProbe {
  const { pixels, width, contributions, probability } = sample;
  const colour = removalColour("infidelity", protocol.space, normalization);
  const squares = removalSquares(sample, protocol, seed);
  return {
    count: squares.length,
    *images() {
      for (const square of squares) yield withoutPixels(pixels, squarePixels(square, width), colour);
    },
    read(outcomes) {
      const promised = squares.map((square) => sumAt(contributions, squarePixels(square, width)));
      const fallen = outcomes.map((outcome) => probability - outcome.probability);
      return { values: { infidelity: scaledError(promised, fallen) } };
    },
  };
}

/** Infidelity: key "infidelity". */
export const INFIDELITY: MeasureDefinition<"infidelity"> = singleMeasure({
  name: "infidelity",
  source: "Yeh et al.: On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
  negative: "sign",
  part: "infidelity",
  standIn: "infidelity-neurips19",
  probe: (sample, preset, { normalization, seed }) =>
    infidelityProbe(sample, preset.infidelity!, normalization, seed),
  description: {
    title: "Infidelity",
    meaning:
      "Infidelity: how far the drops that the map predicts are from the real ones when squares of the image are removed, " +
      "as the mean squared difference of probabilities.",
    better: "lower",
    digits: 5,
  },
});
