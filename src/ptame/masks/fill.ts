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
import { upsampleMap } from "../../image/upsample.ts";
import type { Fill } from "./views.ts";

/** Side of the small image that "blur" enlarges. */
const BLURRED_SIDE = 14;

/**
 * The fill of a masked image, [3, S, S] in [0, 1].
 *
 * @param pixels The image, [3, S, S] in [0, 1].
 * @param mask The kept part, S × S values in [0, 1].
 * @param into Receives the values; it is overwritten completely.
 */
export function createFill(
  fill: Fill,
  pixels: Float32Array,
  mask: Float32Array,
  into: Float32Array,
): void {
  const area = mask.length;
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
      const side = Math.sqrt(area);
      for (let colour = 0; colour < 3; colour++) {
        const plane = pixels.subarray(colour * area, (colour + 1) * area);
        const small = shrunk(plane, side, Math.min(BLURRED_SIDE, side));
        into.set(upsampleMap(small.values, small.side, small.side, side, side), colour * area);
      }
      break;
    }
    case "neighbours":
      pushPull(pixels, mask, into);
      break;
  }
}

/** Mean over cells; the side need not be a multiple. */
function shrunk(plane: Float32Array, side: number, to: number) {
  const values = new Float32Array(to * to);
  const counts = new Float32Array(to * to);
  for (let y = 0; y < side; y++) {
    const row = Math.floor(y * to / side) * to;
    for (let x = 0; x < side; x++) {
      const cell = row + Math.floor(x * to / side);
      values[cell]! += plane[y * side + x]!;
      counts[cell]!++;
    }
  }
  for (let i = 0; i < values.length; i++) values[i]! /= counts[i]!;
  return { values, side: to };
}

/** One level of the pyramid: colours multiplied by the known fraction of each pixel, and that fraction. */
interface Level {
  readonly side: number;
  readonly weight: Float32Array;
  readonly colours: readonly Float32Array[];
}

function pushPull(pixels: Float32Array, mask: Float32Array, into: Float32Array): void {
  const area = mask.length;
  const planes = [0, 1, 2].map((colour) => pixels.subarray(colour * area, (colour + 1) * area));
  const levels: Level[] = [{
    side: Math.sqrt(area),
    weight: mask,
    colours: planes.map((plane) => plane.map((value, i) => value * mask[i]!)),
  }];
  // Halve until the side is odd: 224, 112, 56, 28, 14, 7.
  while (levels.at(-1)!.side > 1 && levels.at(-1)!.side % 2 === 0) levels.push(pulled(levels.at(-1)!));

  let known = coarsest(levels.at(-1)!);
  for (let i = levels.length - 2; i >= 0; i--) {
    const { side, weight, colours } = levels[i]!;
    const below = levels[i + 1]!.side;
    known = known.map((plane, colour) => {
      const wide = upsampleMap(plane, below, below, side, side);
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

/** The next coarser level: four pixels become one, whose weight is at most 1. */
function pulled({ side, weight, colours }: Level): Level {
  const half = side / 2;
  const factor = new Float32Array(half * half);
  const four = (plane: Float32Array, at: number) =>
    plane[at]! + plane[at + 1]! + plane[at + side]! + plane[at + side + 1]!;
  const coarse = (plane: Float32Array) => {
    const sums = new Float32Array(half * half);
    for (let y = 0; y < half; y++) {
      for (let x = 0; x < half; x++) sums[y * half + x] = four(plane, 2 * y * side + 2 * x);
    }
    return sums;
  };
  const sums = coarse(weight);
  for (let i = 0; i < sums.length; i++) {
    factor[i] = sums[i]! > 1 ? 1 / sums[i]! : 1;
    sums[i]! *= factor[i]!;
  }
  return {
    side: half,
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
