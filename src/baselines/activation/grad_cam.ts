/**
 * Grad-CAM (Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
 * equations 1 and 2), with A_k the activations of channel k at the tap and y the class's score before softmax:
 *
 *     α_k = mean_ij ∂y/∂A_k,ij        L = ReLU(Σ_k α_k A_k)
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedGradient, TappedPass } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";

/** Grad-CAM's map of one pass. */
export function gradCamMap(pass: TappedGradient): RawMap {
  const { channels, gradients } = pass;
  const area = pass.width * pass.height;
  const weights = new Float64Array(channels);
  for (let k = 0; k < channels; k++) {
    let sum = 0;
    for (let i = k * area; i < (k + 1) * area; i++) sum += gradients[i]!;
    weights[k] = sum / area;
  }
  return weightedMap(pass, weights);
}

/** Grad-CAM at the classifier's tap. */
export function gradCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) =>
    gradCamMap(await classifier.tapped(pixels, target, signal));
}

/** `ReLU(Σ_k w_k A_k)`: the final map of the methods in this folder that weight whole channels. */
export function weightedMap(
  pass: Pick<TappedPass, "width" | "height" | "activations"> & Partial<Pick<TappedGradient, "gradients">>,
  weights: ArrayLike<number>,
): RawMap {
  const { width, height, activations } = pass;
  const area = width * height;
  const sums = new Float64Array(area);
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]!;
    if (weight === 0) continue;
    for (let i = 0; i < area; i++) sums[i]! += weight * activations[k * area + i]!;
  }
  return positiveMap(pass, sums);
}

/** `ReLU(L)` of the sums L of a pass; they stay beside it. */
export function positiveMap(
  { width, height, gradients }:
    & Pick<TappedPass, "width" | "height">
    & Partial<Pick<TappedGradient, "gradients">>,
  sums: Float64Array,
): RawMap {
  const signed = Float32Array.from(sums);
  // NaN stays, to be said.
  const values = signed.map((sum) => (sum < 0 ? 0 : sum));
  const withoutGradient = gradients?.every((value) => value === 0) ?? false;
  return { width, height, values, signed, withoutGradient };
}
