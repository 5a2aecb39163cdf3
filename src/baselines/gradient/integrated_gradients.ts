/**
 * Integrated Gradients (Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", equation 1): the gradient
 * of the class's score y, integrated along the straight path from a black image X₀ to the image, times the difference
 * of the images.
 *
 *     IG = (X − X₀) · ∫₀¹ ∂y/∂X (X₀ + t (X − X₀)) dt
 *
 * Completeness: the sum of all IG is y(X) − y(X₀); the map says both, and their distance is the error of the integral. The integral uses the Gauss–Legendre rule with 50 points, Captum's
 * default. As in Captum y is the score before softmax, while the paper uses the probability, which is flat if the
 * classifier is confident; black is the paper's start (Captum's zeros are the mean colour of a normalised image). A
 * pixel's value is the sum over its colours, and its mask the magnitude of that.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { INTEGRATION_STEPS } from "../passes.ts";
import type { Attribute } from "../types.ts";

/** Settings of Integrated Gradients. */
export interface IntegratedGradientsOptions {
  /** Points of the integral; 50 by default. */
  readonly steps?: number | undefined;
}

/** Places in (0, 1) and weights (summing to 1) of Gauss and Legendre's rule with `count` points. */
export function gaussLegendre(
  count: number,
): { readonly places: Float64Array; readonly weights: Float64Array } {
  const places = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    // Newton's method on the Legendre polynomial P_count, from Chebyshev's guess of its root.
    let x = Math.cos(Math.PI * (i + 0.75) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [before, value] = [1, x];
      for (let n = 2; n <= count; n++) {
        [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      }
      slope = count * (x * value - before) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    places[i] = (1 - x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { places, weights };
}

/**
 * Integrated Gradients of a classifier that can be differentiated.
 *
 * @throws {RangeError} When `steps` is not a positive integer.
 */
export function integratedGradients(
  classifier: OpenClassifier,
  options: IntegratedGradientsOptions = {},
): Attribute {
  const { steps = INTEGRATION_STEPS } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`Cannot integrate over ${steps} points`);
  const { places, weights } = gaussLegendre(steps);
  return async (pixels, target, { signal, onProgress } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const area = width * height;
    const ends = [pixels, new Float32Array(pixels.length)];
    const scores: number[] = [];
    for (let at = 0; at < 2; at += classifier.batch) {
      const rows = await classifier.logits(ends.slice(at, at + classifier.batch), signal);
      scores.push(...rows.map((row) => row[target]!));
    }
    const sums = new Float64Array(area);
    for (let at = 0; at < steps; at += classifier.batch) {
      const part = Array.from(places.subarray(at, at + classifier.batch));
      const onTheWay = part.map((place) => pixels.map((value) => place * value));
      const gradients = await classifier.inputGradients(onTheWay, target, signal);
      gradients.forEach((gradient, i) => {
        const weight = weights[at + i]!;
        for (let p = 0; p < pixels.length; p++) sums[p % area]! += weight * gradient[p]! * pixels[p]!;
      });
      onProgress?.({ done: at + part.length, total: steps });
    }
    const withoutGradient = sums.every((sum) => sum === 0);
    const sum = sums.reduce((total, value) => total + value, 0);
    const completeness = { sum, difference: scores[0]! - scores[1]! };
    return { width, height, values: Float32Array.from(sums), withoutGradient, completeness };
  };
}
