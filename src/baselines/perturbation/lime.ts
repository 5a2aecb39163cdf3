/**
 * LIME (Ribeiro et al. 2016, "“Why Should I Trust You?” Explaining the Predictions of Any Classifier") over superpixels:
 * each sample z hides every superpixel with probability one half; a linear function of z is fitted to the class's
 * probabilities f, and its slope at a superpixel is the value of all its pixels.
 *
 *     min_{b, b₀} Σ_z π(z) (f(z) − b₀ − b·z)² + |b|²        π(z) = √exp(−D(z)² / 0.25²),  D = 1 − √(share of z shown)
 *
 * D is the cosine distance to the whole image. As in the authors' `lime_image`, the first sample is the whole image, the
 * ridge has strength 1 without the intercept, all superpixels stay in the fit, and a hidden superpixel has its own mean
 * colour. Superpixels are made by SLIC (src/image/superpixels.ts); `lime_image` takes quickshift by default.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import { makeSuperpixels, type Superpixels } from "../../image/superpixels.ts";
import { createStream } from "../../random/generator.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { COALITIONS, SUPERPIXELS } from "../passes.ts";
import type { Attribute } from "../types.ts";
import { askCoalitions, type Coalition, leastSquares, superpixelMap } from "./coalitions.ts";

/** Width of the kernel π, the authors' value. */
const KERNEL_WIDTH = 0.25;

/** Options of LIME. */
export interface LimeOptions {
  /** Seed of the samples; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of samples; 1000 by default. */
  readonly masks?: number | undefined;
  /** About how many superpixels; 50 by default. */
  readonly superpixels?: number | undefined;
}

/** The samples: the whole image first, then by lot. */
export function limeSamples(count: number, superpixels: number, seed: number): Coalition[] {
  return Array.from({ length: count }, (_, n) => {
    const generator = createStream(seed, n);
    return Uint8Array.from({ length: superpixels }, () => n === 0 || generator.uniform() < 0.5 ? 1 : 0);
  });
}

/** The slopes of LIME's fit, one for each superpixel. */
export function limeSlopes(samples: readonly Coalition[], answers: ArrayLike<number>): number[] {
  const count = samples[0]!.length;
  const weights = samples.map((sample) => {
    const shown = sample.reduce((sum, one) => sum + one, 0);
    const distance = 1 - Math.sqrt(shown / count);
    return Math.sqrt(Math.exp(-(distance ** 2) / KERNEL_WIDTH ** 2));
  });
  const rows = samples.map((sample) => [...sample, 1]);
  const ridge = [...new Array<number>(count).fill(1), 0];
  return leastSquares(rows, answers, weights, ridge).slice(0, count);
}

/**
 * LIME; it uses only the classifier's inputs and outputs.
 *
 * @throws {RangeError} When an option is out of range.
 */
export function lime(classifier: OpenClassifier, options: LimeOptions = {}): Attribute {
  const { seed = 0, masks = COALITIONS, superpixels: count = SUPERPIXELS } = options;
  if (!Number.isInteger(masks) || masks < 1) throw new RangeError(`Cannot draw ${masks} samples`);
  return async (pixels, target, asked = {}) => {
    const size = imageSides(pixels, classifier.facts.preprocessing.width);
    const superpixels = makeSuperpixels(pixels, size, { count: Math.min(count, size.width * size.height) });
    const coalitions = limeSamples(masks, superpixels.count, seed);
    const hidden = meanColours(pixels, superpixels);
    const query = { pixels, hidden, target, superpixels, coalitions };
    const answers = await askCoalitions(classifier, query, asked);
    return superpixelMap(superpixels, limeSlopes(coalitions, answers));
  };
}

/** The image with the mean colour of its superpixel at each pixel. */
export function meanColours(pixels: Float32Array, { labels, count }: Superpixels): Float32Array {
  const area = labels.length;
  const sizes = new Int32Array(count);
  labels.forEach((label) => sizes[label]!++);
  const sums = new Float64Array(3 * count);
  pixels.forEach((value, i) => sums[Math.floor(i / area) * count + labels[i % area]!]! += value);
  return pixels.map((_, i) => {
    const label = labels[i % area]!;
    return sums[Math.floor(i / area) * count + label]! / sizes[label]!;
  });
}
