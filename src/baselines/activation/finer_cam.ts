/**
 * Finer-CAM (Zhang et al., CVPR 2025, "Finer-CAM: Spotting the Difference Reveals Finer Details for Visual
 * Explanation"): Grad-CAM of what sets a class apart from those most like it. With y the scores before softmax, p their
 * softmax, c the class and D the three classes whose scores are nearest to y_c:
 *
 *     T = Σ_{d∈D} p_d (y_c − α y_d) / Σ_{d∈D} p_d        L = Grad-CAM's map of T
 *
 * α = 1 as in the authors' program and in pytorch-grad-cam, whose gradient goes through the weights p_d, too.
 *
 * @module
 */
import type { OpenClassifier } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { gradCamMap } from "./grad_cam.ts";

/** Number of classes to compare with. */
const COMPARED = 3;

/** Classes whose scores are nearest to the target's, the nearest first, without itself. */
export function similarClasses(logits: Float32Array, target: number, count = COMPARED): number[] {
  return Array.from(logits, (_, k) => k)
    .filter((k) => k !== target)
    .sort((a, b) => Math.abs(logits[a]! - logits[target]!) - Math.abs(logits[b]! - logits[target]!) || a - b)
    .slice(0, count);
}

/**
 * `∂T/∂y`: for the class 1, for each compared class `(−α p_d + p_d (y_c − α y_d − T)) / Σ p`. What goes through the other
 * classes' share of the softmax cancels.
 */
export function finerFactors(logits: Float32Array, target: number, alpha = 1): Float32Array {
  const compared = similarClasses(logits, target);
  const factors = new Float32Array(logits.length);
  factors[target] = 1;
  const highest = Math.max(...compared.map((d) => logits[d]!));
  const weights = compared.map((d) => Math.exp(logits[d]! - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const apart = compared.map((d) => logits[target]! - alpha * logits[d]!);
  const mean = apart.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  compared.forEach((d, i) => factors[d] = weights[i]! / total * (apart[i]! - mean - alpha));
  return factors;
}

/** Finer-CAM at the classifier's tap; with a single class it is Grad-CAM. */
export function finerCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const [logits] = await classifier.logits([pixels], signal);
    // With one score, as of a function of the outputs, there is nothing to compare.
    const asked = logits!.length > 1 ? finerFactors(logits!, target) : target;
    return gradCamMap(await classifier.tapped(pixels, asked, signal));
  };
}
