/**
 * Fills the regions that a mask removes from an image during training. Average drop shows the classifier black holes.
 * ROAD fills the holes from their surroundings, so that their shape reveals nothing and the image resembles those that
 * the classifier was trained on (Rong et al., ICML 2022).
 *
 * "neighbours" approximates ROAD's linear imputation at a hundredth of its cost. Known pixels are averaged into coarser
 * and coarser images (pull), and each hole takes the value of the finest level that has one (push), after Gortler et
 * al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
 *
 * @module
 */
import type { Size } from "../../image/preprocess.ts";
import { upsampleMap } from "../../image/upsample.ts";
import type { Fill } from "./views.ts";

/** Sides of the small image that "blur" enlarges. */
const BLURRED_SIDE = 14;

/**
 * The fill of a masked image, [3, H, W] in [0, 1].
 *
 * @param pixels The image, [3, H, W] in [0, 1].
 * @param mask The kept part, H × W values in [0, 1].
 * @param width W.
 * @param into Receives the values; it is overwritten completely.
 */
export function createFill(
  fill: Fill,
  pixels: Float32Array,
  mask: Float32Array,
  width: number,
  into: Float32Array,
): void {
  const area = mask.length;
  const size = { width, height: area / width };
  switch (fill) {
    case "black":
      into.fill(0);
      break;
    case "mean":
      for (let colour = 0; colour < 3; colour++) {
        const plane = pixels.subarray(colour * area, (colour + 1) * area);
        into.fill(plane.reduce((sum, value) => sum + value, 0) / area, colour * area, (colour + 1) * area);
      }
      break;
    case "blur": {
      const small = { width: Math.min(BLURRED_SIDE, width), height: Math.min(BLURRED_SIDE, size.height) };
      for (let colour = 0; colour < 3; colour++) {
        const plane = pixels.subarray(colour * area, (colour + 1) * area);
        into.set(enlarged(shrunk(plane, size, small), small, size), colour * area);
      }
      break;
    }
    case "neighbours":
      pushPull(pixels, mask, size, into);
      break;
  }
}

function enlarged(plane: Float32Array, from: Size, to: Size): Float32Array {
  return upsampleMap(plane, from.width, from.height, to.width, to.height);
}

/** Mean over cells; the sides need not be multiples. */
function shrunk(plane: Float32Array, { width, height }: Size, to: Size): Float32Array {
  const values = new Float32Array(to.width * to.height);
  const counts = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y * to.height / height) * to.width;
    for (let x = 0; x < width; x++) {
      const cell = row + Math.floor(x * to.width / width);
      values[cell]! += plane[y * width + x]!;
      counts[cell]!++;
    }
  }
  for (let i = 0; i < values.length; i++) values[i]! /= counts[i]!;
  return values;
}

/** One level of the pyramid: colours multiplied by the known fraction of each pixel, and that fraction. */
interface Level {
  readonly size: Size;
  readonly weight: Float32Array;
  readonly colours: readonly Float32Array[];
}

function pushPull(pixels: Float32Array, mask: Float32Array, size: Size, into: Float32Array): void {
  const area = mask.length;
  const planes = [0, 1, 2].map((colour) => pixels.subarray(colour * area, (colour + 1) * area));
  const levels: Level[] = [{
    size,
    weight: mask,
    colours: planes.map((plane) => plane.map((value, i) => value * mask[i]!)),
  }];
  // Halve until a side is odd: 224, 112, 56, 28, 14, 7.
  while (canHalve(levels.at(-1)!.size)) levels.push(pulled(levels.at(-1)!));

  let known = coarsest(levels.at(-1)!);
  for (let i = levels.length - 2; i >= 0; i--) {
    const { size, weight, colours } = levels[i]!;
    const below = levels[i + 1]!.size;
    known = known.map((plane, colour) => {
      const wide = enlarged(plane, below, size);
      const own = colours[colour]!;
      for (let k = 0; k < wide.length; k++) wide[k] = own[k]! + (1 - weight[k]!) * wide[k]!;
      return wide;
    });
  }
  // known = m·x + (1 − m)·fill, solved for the fill. It is never visible if nothing is masked.
  for (let colour = 0; colour < 3; colour++) {
    const [plane, mixed] = [planes[colour]!, known[colour]!];
    for (let i = 0; i < area; i++) {
      const m = mask[i]!;
      into[colour * area + i] = m > 0.999 ? plane[i]! : (mixed[i]! - m * plane[i]!) / (1 - m);
    }
  }
}

function canHalve({ width, height }: Size): boolean {
  return Math.min(width, height) > 1 && width % 2 === 0 && height % 2 === 0;
}

/** The next coarser level: four pixels become one, whose weight is at most 1. */
function pulled({ size: { width, height }, weight, colours }: Level): Level {
  const half = { width: width / 2, height: height / 2 };
  const factor = new Float32Array(half.width * half.height);
  const four = (plane: Float32Array, at: number) =>
    plane[at]! + plane[at + 1]! + plane[at + width]! + plane[at + width + 1]!;
  const coarse = (plane: Float32Array) => {
    const sums = new Float32Array(factor.length);
    for (let y = 0; y < half.height; y++) {
      for (let x = 0; x < half.width; x++) sums[y * half.width + x] = four(plane, 2 * y * width + 2 * x);
    }
    return sums;
  };
  const sums = coarse(weight);
  for (let i = 0; i < sums.length; i++) {
    factor[i] = sums[i]! > 1 ? 1 / sums[i]! : 1;
    sums[i]! *= factor[i]!;
  }
  return {
    size: half,
    weight: sums,
    colours: colours.map((plane) => coarse(plane).map((value, i) => value * factor[i]!)),
  };
}

/** The coarsest level, its holes filled with the mean of the known pixels; grey if there are none. */
function coarsest({ weight, colours }: Level): Float32Array[] {
  const known = weight.reduce((sum, value) => sum + value, 0);
  return colours.map((plane) => {
    const mean = known > 1e-6 ? plane.reduce((sum, value) => sum + value, 0) / known : 0.5;
    return plane.map((value, i) => value + (1 - weight[i]!) * mean);
  });
}
