/**
 * Expected Gradients (Erion et al. 2021, "Improving performance of deep learning models with axiomatic attribution priors
 * and expected gradients", equation 4), also known as GradientSHAP (Lundberg and Lee 2017): integrated gradients, whose
 * start is drawn from a background D instead of being one image. With y the class's score before softmax:
 *
 *     EG = E_{X₀ ~ D, α ~ U(0, 1)} (X − X₀) · ∂y/∂X (X₀ + α (X − X₀))
 *
 * The sum over all pixels tends to y(X) − E y(X₀). A background of images may be given; by default, each sample starts
 * from an image of a single colour, drawn evenly from all colours, since one image comes with no others. Captum's
 * GradientShap adds noise to the image, by default of deviation 0, as here. A pixel's value is the sum over its colours.
 *
 * @module
 */
import { imageSides } from "../../image/side.ts";
import { createStream, type Generator } from "../../random/generator.ts";
import type { OpenClassifier } from "../../classifier/open.ts";
import { SMOOTH_SAMPLES } from "../passes.ts";
import type { Attribute } from "../types.ts";

/** Settings of Expected Gradients. */
export interface ExpectedGradientsOptions {
  /** Seed of the samples; 0 by default. */
  readonly seed?: number | undefined;
  /** Number of samples; 50 by default. */
  readonly samples?: number | undefined;
  /** Images of the background, `[3, H, W]` in [0, 1] of the size of the image; images of one colour by default. */
  readonly background?: readonly Float32Array[] | undefined;
}

/** Where sample number `index` starts, and how far it goes towards the image, in [0, 1). */
export function drawStart(
  length: number,
  index: number,
  { seed = 0, background }: ExpectedGradientsOptions = {},
): { readonly start: Float32Array; readonly share: number } {
  const generator = createStream(seed, index);
  const share = generator.uniform();
  const start = background === undefined
    ? singleColour(length, generator)
    : background[generator.below(background.length)]!;
  return { start, share };
}

function singleColour(length: number, generator: Generator): Float32Array {
  const image = new Float32Array(length);
  const area = length / 3;
  for (let colour = 0; colour < 3; colour++) {
    image.fill(generator.uniform(), colour * area, (colour + 1) * area);
  }
  return image;
}

/**
 * Expected Gradients of a classifier that can be differentiated.
 *
 * @throws {RangeError} When `samples` is not a positive integer, or the background has no image.
 * @throws {TypeError} When an image of the background has another size than the image, on the first map.
 */
export function expectedGradients(
  classifier: OpenClassifier,
  options: ExpectedGradientsOptions = {},
): Attribute {
  const { samples = SMOOTH_SAMPLES, background } = options;
  if (!Number.isInteger(samples) || samples < 1) {
    throw new RangeError(`Cannot average over ${samples} samples`);
  }
  if (background?.length === 0) throw new RangeError("Cannot start from a background without an image");
  return async (pixels, target, { signal, onProgress } = {}) => {
    const { width, height } = imageSides(pixels, classifier.facts.preprocessing.width);
    const stray = background?.find((image) => image.length !== pixels.length);
    if (stray !== undefined) {
      throw new TypeError(
        `Cannot start from a background of ${stray.length} values: the image has ${pixels.length}`,
      );
    }
    const area = width * height;
    const sums = new Float64Array(area);
    let flat = true;
    for (let at = 0; at < samples; at += classifier.batch) {
      const count = Math.min(classifier.batch, samples - at);
      const drawn = Array.from({ length: count }, (_, i) => drawStart(pixels.length, at + i, options));
      const between = drawn.map(({ start, share }) =>
        pixels.map((value, p) => start[p]! + share * (value - start[p]!))
      );
      const gradients = await classifier.inputGradients(between, target, signal);
      gradients.forEach((gradient, i) => {
        const { start } = drawn[i]!;
        for (let p = 0; p < pixels.length; p++) {
          if (gradient[p] !== 0) flat = false;
          sums[p % area]! += gradient[p]! * (pixels[p]! - start[p]!) / samples;
        }
      });
      onProgress?.({ done: at + count, total: samples });
    }
    return { width, height, values: Float32Array.from(sums), withoutGradient: flat };
  };
}
