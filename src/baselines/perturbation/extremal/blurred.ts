/**
 * Images that are blurred more where a mask is smaller: between a pyramid of Gaussian blurs of the image, each pixel is
 * interpolated linearly by its mask value. 0 and less takes the strongest blur, 1 and more the image itself.
 *
 * @module
 */

/** Levels of the pyramid. */
const LEVELS = 8;
/** Standard deviation of the strongest blur, as a fraction of the side: 20 pixels of 224. */
const STRONGEST = 20 / 224;

/** A mask value this far outside [0, 1] is inside but for rounding. */
const ROUNDING = 1e-6;

/** A pyramid of blurs. */
export interface BlurPyramid {
  /** Pixels along a side. */
  readonly side: number;
  /** From the strongest blur to the image itself, [3, S, S] each. */
  readonly levels: readonly Float32Array[];
}

/** The pyramid of an image [3, S, S]. */
export function blurPyramid(pixels: Float32Array, side: number): BlurPyramid {
  const levels = Array.from({ length: LEVELS }, (_, level) => {
    const sigma = STRONGEST * side * (1 - level / (LEVELS - 1));
    return sigma === 0 ? pixels : gaussianBlur(pixels, side, sigma);
  });
  return { side, levels };
}

/** A Gaussian blur, cut at 3 σ; outside the image nothing counts. */
function gaussianBlur(pixels: Float32Array, side: number, sigma: number): Float32Array {
  const reach = Math.min(Math.ceil(3 * sigma), side - 1);
  const kernel = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const across = new Float32Array(pixels.length);
  const out = new Float32Array(pixels.length);
  blurLines(pixels, across, side, 1, side, kernel);
  blurLines(across, out, side, side, 1, kernel);
  return out;
}

/** Blurs along one axis: values `step` apart, lines `stride` apart. */
function blurLines(
  from: Float32Array,
  to: Float32Array,
  side: number,
  step: number,
  stride: number,
  kernel: Float64Array,
): void {
  const reach = (kernel.length - 1) / 2;
  for (let plane = 0; plane < from.length; plane += side * side) {
    for (let line = 0; line < side; line++) {
      const start = plane + line * stride;
      for (let at = 0; at < side; at++) {
        let [sum, weights] = [0, 0];
        for (let k = Math.max(0, at - reach); k <= Math.min(side - 1, at + reach); k++) {
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
