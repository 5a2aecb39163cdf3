/**
 * Ablation-CAM (Desai and Ramaswamy 2020, "Ablation-CAM: Visual Explanations for Deep Convolutional Network via
 * Gradient-free Localization", equations 4 and 5): a channel's weight is what the class's score y before softmax loses
 * when the channel is 0.
 *
 *     w_k = y − y_k        L = ReLU(Σ_k w_k A_k)
 *
 * The paper divides w_k by y, which is only a factor of the whole map, and has the wrong sign if y is negative. Only
 * the part after the tap runs per channel. In a transformer, the image's tokens are set to 0, and the class token
 * stays.
 *
 * @module
 */
import type { OpenClassifier } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { weightedMap } from "./grad_cam.ts";

/** Ablation-CAM at the classifier's tap. */
export function ablationCam(classifier: OpenClassifier): Attribute {
  return async (pixels, target, { signal, onProgress } = {}) => {
    const pass = await classifier.activations(pixels, signal);
    const whole = pass.logits[target]!;
    const weights: number[] = [];
    for await (const logits of classifier.withoutChannels(pixels, signal)) {
      weights.push(whole - logits[target]!);
      onProgress?.({ done: weights.length, total: pass.channels });
    }
    return weightedMap(pass, weights);
  };
}
