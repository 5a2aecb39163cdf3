/**
 * Layer-CAM (Jiang et al. 2021, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", equations 6
 * to 8): every position has a weight of its own.
 *
 *     L = ReLU(Σ_k ReLU(∂y/∂A_k) · A_k)
 *
 * The paper scales maps of shallow layers by a tanh when it joins them with deep ones; a single map needs none.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedGradient } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { positiveMap } from "./grad_cam.ts";

/** Layer-CAM's map of one pass. */
export function layerCamMap(pass: TappedGradient): RawMap {
  const { width, height, activations, gradients } = pass;
  const area = width * height;
  const sums = new Float64Array(area);
  for (let i = 0; i < activations.length; i++) {
    const gradient = gradients[i]!;
    if (gradient > 0) sums[i % area]! += gradient * activations[i]!;
  }
  return positiveMap(pass, sums);
}

/** Layer-CAM at the classifier's tap. */
export function layerCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    layerCamMap(await classifier.tapped(pixels, target, signal));
}
