/**
 * Grad-CAM++ (Chattopadhay et al. 2018, "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
 * equations 5, 10 and 19). The score that is explained is exp(y), so that its second and third derivatives are powers
 * of G = ∂y/∂A (operators that are linear piece by piece have no others) and exp(y) is only a factor of the map:
 *
 *     α_k,ij = G² / (2 G² + Σ_ab A_k,ab · G³)        w_k = Σ_ij α_k,ij ReLU(G)        L = ReLU(Σ_k w_k A_k)
 *
 * pytorch-grad-cam adds 1e-6 to the denominator, which dominates the weights if gradients are small; here a position
 * with a denominator of 0 has weight 0.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedGradient } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { weightedMap } from "./grad_cam.ts";

/** Grad-CAM++'s map of one pass. */
export function gradCamPlusPlusMap(pass: TappedGradient): RawMap {
  const { channels, activations, gradients } = pass;
  const area = pass.width * pass.height;
  const weights = new Float64Array(channels);
  for (let k = 0; k < channels; k++) {
    const [start, end] = [k * area, (k + 1) * area];
    let sum = 0;
    for (let i = start; i < end; i++) sum += activations[i]!;
    for (let i = start; i < end; i++) {
      const gradient = gradients[i]!;
      // Numerator and denominator are divided by G², because the square of a small gradient would underflow.
      const denominator = 2 + sum * gradient;
      if (gradient > 0 && denominator !== 0) weights[k]! += gradient / denominator;
    }
  }
  return weightedMap(pass, weights);
}

/** Grad-CAM++ at the classifier's tap. */
export function gradCamPlusPlus(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    gradCamPlusPlusMap(await classifier.tapped(pixels, target, signal));
}
