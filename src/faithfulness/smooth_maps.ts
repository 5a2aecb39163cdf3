/**
 * Smooth MPRT (Hedström et al., Sanity Checks Revisited, XAI in Action workshop at NeurIPS 2023): maps are means over
 * noisy copies of the image before they are compared, so that a map's own noise is not taken for a change.
 *
 * As in Quantus' `SmoothMPRT`, the last of the copies is the image itself, and the noise has a tenth of the range of the
 * classifier's input as its standard deviation.
 *
 * @module
 */
import { valueRange } from "../image/range.ts";
import type { ValueMap } from "../image/types.ts";
import { createStream } from "../random/generator.ts";
import type { Normalization } from "./types.ts";

const MAGNITUDE = 0.1;

/** How maps are smoothed. */
export interface Smoothing {
  /** Number of maps in a mean, of which the last is that of the image without noise. */
  readonly samples: number;
  /** What the classifier normalises with. */
  readonly normalization: Normalization;
  /** Seed of the noise, the same for all classifiers. */
  readonly seed: number;
}

/** An image `[3, H, W]` in [0, 1] with noise in units of the classifier's input. */
function noisyImage(pixels: Float32Array, { normalization, seed }: Smoothing, index: number): Float32Array {
  const { mean, std } = normalization;
  const area = pixels.length / 3;
  const { low, high } = valueRange(
    pixels.map((value, i) => {
      const colour = Math.floor(i / area);
      return (value - mean[colour]!) / std[colour]!;
    }),
  );
  const generator = createStream(seed, index);
  const deviation = MAGNITUDE * (high - low);
  return pixels.map((value, i) => value + deviation * std[Math.floor(i / area)]! * generator.normal());
}

/**
 * The mean of a method's maps of noisy copies of an image and of the image itself.
 *
 * @param explain Gives the map of an image, always of one size.
 */
export async function smoothMap(
  pixels: Float32Array,
  smoothing: Smoothing,
  explain: (pixels: Float32Array) => Promise<ValueMap>,
): Promise<ValueMap> {
  const { samples } = smoothing;
  const clean = await explain(pixels);
  const sum = Float64Array.from(clean.values);
  for (let index = 0; index + 1 < samples; index++) {
    const { values } = await explain(noisyImage(pixels, smoothing, index));
    for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
  }
  return { ...clean, values: Float32Array.from(sum, (value) => value / samples) };
}
