/**
 * Images that are blurred more where a mask is smaller: between a pyramid of Gaussian blurs of the image, each pixel is
 * interpolated linearly by its mask value. 0 and less takes the strongest blur, 1 and more the image itself.
 *
 * @module
 */
import type { Size } from "../../../image/preprocess.ts";

/** Levels of the pyramid. */
const LEVELS = 8;
/** Standard deviation of the strongest blur, as a fraction of the shorter side: 20 pixels of 224. */
const STRONGEST = 20 / 224;

/** A mask value this far outside [0, 1] is inside but for rounding. */
const ROUNDING = 1e-6;

/** A pyramid of blurs. */
export interface BlurPyramid extends Size {
  /** From the strongest blur to the image itself, [3, height, width] each. */
  readonly levels: readonly Float32Array[];
}

/** The pyramid of an image [3, height, width]. */
export function blurPyramid(pixels: Float32Array, { width, height }: Size): BlurPyramid {
  const levels = Array.from({ length: LEVELS }, (_, level) => {
    const sigma = STRONGEST * Math.min(width, height) * (1 - level / (LEVELS - 1));
    return sigma === 0 ? pixels : gaussianBlur(pixels, { width, height }, sigma);
  });
  return { width, height, levels };
}

/** A Gaussian blur, cut at 3 σ; outside the image nothing counts. */
function gaussianBlur(pixels: Float32Array, { width, height }: Size, sigma: number): Float32Array {
  const across = new Float32Array(pixels.length);
  const out = new Float32Array(pixels.length);
  blurLines(pixels, across, sigma, { length: width, step: 1, lines: height, stride: width });
  blurLines(across, out, sigma, { length: height, step: width, lines: width, stride: 1 });
  return out;
}

/** An axis of an image: lines `stride` apart, of `length` values `step` apart. */
interface Axis {
  readonly length: number;
  readonly step: number;
  readonly lines: number;
  readonly stride: number;
}

/** Blurs along one axis. */
function blurLines(from: Float32Array, to: Float32Array, sigma: number, axis: Axis): void {
  const { length, step, lines, stride } = axis;
  const reach = Math.min(Math.ceil(3 * sigma), length - 1);
  const kernel = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  for (let plane = 0; plane < from.length; plane += length * lines) {
    for (let line = 0; line < lines; line++) {
      const start = plane + line * stride;
      for (let at = 0; at < length; at++) {
        let [sum, weights] = [0, 0];
        for (let k = Math.max(0, at - reach); k <= Math.min(length - 1, at + reach); k++) {
          const weight = kernel[k - at + reach]!;
          sum += weight * from[start + k * step]!;
          weights += weight;
        }
        to[start + at * step] = sum / weights;
      }
    }
  }
}

/**
 * The image under a mask.
 *
 * @param mask [S · S].
 */
export function underMask({ levels }: BlurPyramid, mask: Float32Array): Float32Array {
  const image = new Float32Array(levels[0]!.length);
  for (let i = 0; i < image.length; i++) {
    const { level, part } = placeOn(mask[i % mask.length]!);
    image[i] = (1 - part) * levels[level]![i]! + part * levels[level + 1]![i]!;
  }
  return image;
}

/** The gradient of the mask [S · S], from that of the image [3, S, S]; 0 outside [0, 1], where nothing changes. */
export function underMaskGradient(
  { levels }: BlurPyramid,
  mask: Float32Array,
  gradient: Float32Array,
): Float32Array {
  const result = new Float32Array(mask.length);
  for (let i = 0; i < gradient.length; i++) {
    const value = mask[i % mask.length]!;
    if (value < -ROUNDING || value > 1 + ROUNDING) continue;
    const { level } = placeOn(value);
    const slope = (LEVELS - 1) * (levels[level + 1]![i]! - levels[level]![i]!);
    result[i % mask.length]! += gradient[i]! * slope;
  }
  return result;
}

/** The lower of the two levels around a mask value, and how far it is to the next. */
function placeOn(value: number): { readonly level: number; readonly part: number } {
  const place = Math.min(Math.max(value, 0), 1) * (LEVELS - 1);
  const level = Math.min(Math.floor(place), LEVELS - 2);
  return { level, part: place - level };
}
