/**
 * Score-CAM (Wang et al. 2020, "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
 * algorithm 1): each channel's activations, enlarged to the image and scaled to [0, 1], mask the image; the effect on
 * the class's score before softmax gives the channel's weight.
 *
 *     H_k = s(up(A_k))        α = softmax_k(y(X ∘ H_k) − y(X_0))        L = ReLU(Σ_k α_k A_k)
 *
 * The base score y(X_0) is the same for all channels. It cancels in the softmax and is not computed. As in the authors'
 * program, the image is masked after normalisation, so hidden parts have the mean colour. Constant channels get weight
 * 0.
 *
 * It needs one pass per channel. With `channels`, only the channels of greatest variance are scored (Li et al. 2021,
 * "FIMF Score-CAM"); the others get weight 0.
 *
 * @module
 */
import type { Size } from "../../image/preprocess.ts";
import { imageSides } from "../../image/side.ts";
import { upsampleMap } from "../../image/upsample.ts";
import type { OpenClassifier, TappedPass } from "../../classifier/open.ts";
import { maskedImage } from "../perturbation/masked_image.ts";
import { type Attribute, scaleToMask } from "../types.ts";
import { weightedMap } from "./grad_cam.ts";

/** Options of Score-CAM. */
export interface ScoreCamOptions {
  /** Number of channels to score, those of greatest variance; all by default. */
  readonly channels?: number | undefined;
}

/** Score-CAM at the classifier's tap. */
export function scoreCam(classifier: OpenClassifier, options: ScoreCamOptions = {}): Attribute {
  return async (pixels, target, { signal, onProgress } = {}) => {
    const pass = await classifier.activations(pixels, signal);
    const chosen = variedChannels(pass, options.channels ?? pass.channels);
    const size = imageSides(pixels, classifier.facts.preprocessing.width);
    const scores: number[] = [];
    for (let at = 0; at < chosen.length; at += classifier.batch) {
      const part = chosen.slice(at, at + classifier.batch);
      const masked = part.map((k) =>
        maskedImage(pixels, channelMask(pass, k, size), classifier.facts.preprocessing)
      );
      const rows = await classifier.logits(masked, signal);
      scores.push(...rows.map((row) => row[target]!));
      onProgress?.({ done: scores.length, total: chosen.length });
    }
    const weights = new Float64Array(pass.channels);
    const highest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - highest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    chosen.forEach((k, i) => weights[k] = powers[i]! / total);
    return weightedMap(pass, weights);
  };
}

/** A channel enlarged to the image, then from 0 to 1. */
function channelMask(
  { width, height, activations }: TappedPass,
  k: number,
  size: Size,
): Float32Array {
  const area = width * height;
  const values = upsampleMap(
    activations.subarray(k * area, (k + 1) * area),
    width,
    height,
    size.width,
    size.height,
  );
  return scaleToMask({ ...size, values }, "range").values;
}

/** The `count` channels of greatest variance, in order; constant channels are left out. */
function variedChannels({ width, height, channels, activations }: TappedPass, count: number): number[] {
  const area = width * height;
  const variances = Array.from({ length: channels }, (_, k) => {
    const plane = activations.subarray(k * area, (k + 1) * area);
    const mean = plane.reduce((sum, value) => sum + value, 0) / area;
    return plane.reduce((sum, value) => sum + (value - mean) ** 2, 0) / area;
  });
  return variances.map((_, k) => k)
    .filter((k) => variances[k]! > 0)
    .sort((a, b) => variances[b]! - variances[a]! || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
}
