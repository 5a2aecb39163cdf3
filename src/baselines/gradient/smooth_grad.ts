/**
 * SmoothGrad (Smilkov et al. 2017, "SmoothGrad: removing noise by adding noise"): the mean gradient of the class's
 * score y over noisy copies of the image.
 *
 *     M = mean_n ∂y/∂X (X + ε_n),  ε_n ~ N(0, σ²)
 *
 * σ is 15 % of the range of the image's values and the mean goes over 50 copies, within the paper's recommendation (10
 * to 20 %, little gain above 50). A pixel's value is Σ over its colours of |M|. The noise depends only on the seed and
 * the copy; noisy values are not clamped to [0, 1].
 *
 * @module
 */
import { valueRange } from "../../image/range.ts";
import { imageSides } from "../../image/side.ts";
import { createStream } from "../../random/generator.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { SMOOTH_SAMPLES } from "../passes.ts";
import type { Attribute } from "../types.ts";

/** Settings of SmoothGrad. */
export interface SmoothGradOptions {
  /** Seed of the noise; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of noisy copies; 50 by default. */
  readonly samples?: number | undefined;
  /** Standard deviation of the noise as a fraction of the image's range; 0.15 by default. */
  readonly noise?: number | undefined;
}

/** Copy number `index` of an image with its noise. */
export function noisyCopy(
  pixels: Float32Array,
  index: number,
  options: SmoothGradOptions = {},
): Float32Array {
  const { seed = 0, noise = 0.15 } = options;
  const { low, high } = valueRange(pixels);
  const generator = createStream(seed, index);
  const deviation = noise * (high - low);
  return pixels.map((value) => value + deviation * generator.normal());
}

/**
 * SmoothGrad of a classifier that can be differentiated.
 *
 * @throws {RangeError} When `samples` is not a positive integer, or the noise is negative.
 */
export function smoothGrad(classifier: OpenClassifier, options: SmoothGradOptions = {}): Attribute {
  const { samples = SMOOTH_SAMPLES, noise = 0.15 } = options;
  if (!Number.isInteger(samples) || samples < 1) {
    throw new RangeError(`Cannot average over ${samples} copies`);
  }
  if (!(noise >= 0)) throw new RangeError(`Cannot add noise of ${noise} of the image's range`);
  return async (pixels, target, { signal, onProgress } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const area = width * height;
    const sums = new Float64Array(pixels.length);
    for (let at = 0; at < samples; at += classifier.batch) {
      const count = Math.min(classifier.batch, samples - at);
      const copies = Array.from({ length: count }, (_, i) => noisyCopy(pixels, at + i, options));
      for (const gradient of await classifier.inputGradients(copies, target, signal)) {
        for (let p = 0; p < sums.length; p++) sums[p]! += gradient[p]!;
      }
      onProgress?.({ done: at + count, total: samples });
    }
    const values = new Float32Array(area);
    for (let p = 0; p < sums.length; p++) values[p % area]! += Math.abs(sums[p]!) / samples;
    return { width, height, values, withoutGradient: values.every((value) => value === 0) };
  };
}
