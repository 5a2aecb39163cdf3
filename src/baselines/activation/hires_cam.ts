/**
 * HiResCAM (Draelos and Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
 * networks", arXiv:2011.08891), with A_k the activations of channel k at the tap and y the class's score before
 * softmax:
 *
 *     L = ReLU(Σ_k ∂y/∂A_k · A_k)
 *
 * The product is taken at each position; Grad-CAM averages the gradient over positions first. If one linear layer turns
 * the activations into scores, the sums before the ReLU add up to the score without its bias, and a position without
 * influence gets 0. If global average pooling precedes that layer, the gradient is the same at all positions of a
 * channel, and the map is that of Grad-CAM; at a shallower tap the two differ.
 *
 * The authors' program returns the sums and leaves the ReLU to the display.
 *
 * Before a layer normalisation of each position, as at the usual tap of ViT, all sums are 0 except for rounding: the
 * score ignores the scale of a position's activations, so their product with its gradient vanishes. The method refuses
 * such a tap; the output of that normalisation is one that it takes.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedGradient } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { positiveMap } from "./grad_cam.ts";

/** Sums below this share of the sum of magnitudes are rounding: float32 gradients leave about 1e-7. */
const ROUNDING = 1e-5;

/**
 * HiResCAM's map of one pass. The gradient keeps its sign, unlike in Layer-CAM: channels with evidence against the
 * class reduce the sum of their position. Only that sum is clamped below zero, for display: the map shows evidence for
 * the class, and without the clamp a position without influence would be brighter than one with evidence against it.
 *
 * @throws {TypeError} When the products cancel at every position, so that the map would be rounding errors.
 */
export function hiResCamMap(pass: TappedGradient): RawMap {
  const { width, height, activations, gradients } = pass;
  const area = width * height;
  const [sums, magnitudes] = [new Float64Array(area), new Float64Array(area)];
  for (let i = 0; i < activations.length; i++) {
    const product = gradients[i]! * activations[i]!;
    sums[i % area]! += product;
    magnitudes[i % area]! += Math.abs(product);
  }
  // A gradient of 0 everywhere has no magnitudes either: its map is flat, and no error.
  if (
    magnitudes.some((all) => all > 0) && sums.every((sum, i) => Math.abs(sum) <= ROUNDING * magnitudes[i]!)
  ) {
    throw new TypeError(
      "Cannot explain with HiResCAM at this layer: gradient times activation cancels at every position, as before a " +
        "layer normalisation; name another layer, such as the output of that normalisation",
    );
  }
  return positiveMap(pass, sums);
}

/**
 * HiResCAM at the classifier's tap.
 *
 * @throws {TypeError} When a map is requested at a tap where the products cancel, see {@linkcode hiResCamMap}.
 */
export function hiResCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    hiResCamMap(await classifier.tapped(pixels, target, signal));
}
