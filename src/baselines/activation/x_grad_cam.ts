/**
 * XGrad-CAM (Fu et al., BMVC 2020, "Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs",
 * equation 8): Grad-CAM whose weights weigh each position's gradient by the activation there, so that for networks of
 * ReLUs the map's sum stays near the score (sensitivity and conservation).
 *
 *     w_k = Σ_ij (A_k,ij / Σ_ab A_k,ab) ∂y/∂A_k,ij        L = ReLU(Σ_k w_k A_k)
 *
 * pytorch-grad-cam adds 1e-7 to the sum; here a channel whose activations sum to 0 has weight 0.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedGradient } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { weightedMap } from "./grad_cam.ts";

/** XGrad-CAM's map of one pass. */
export function xGradCamMap(pass: TappedGradient): RawMap {
  const { channels, activations, gradients } = pass;
  const area = pass.width * pass.height;
  const weights = new Float64Array(channels);
  for (let k = 0; k < channels; k++) {
    let [sum, product] = [0, 0];
    for (let i = k * area; i < (k + 1) * area; i++) {
      sum += activations[i]!;
      product += activations[i]! * gradients[i]!;
    }
    weights[k] = sum === 0 ? 0 : product / sum;
  }
  return weightedMap(pass, weights);
}

/** XGrad-CAM at the classifier's tap. */
export function xGradCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    xGradCamMap(await classifier.tapped(pixels, target, signal));
}
