/**
 * Extremal perturbations (Fong, Patrick and Vedaldi 2019, "Understanding Deep Networks via Extremal Perturbations and
 * Smooth Masks"): of all smooth masks that show a given share a of the image, the one that excites the class most. The
 * rest of the image is blurred.
 *
 *     m_a = argmax_m Φ(m ⊗ X) − λ·R_a(m)
 *
 * Φ is the class's score before softmax. m comes from a coarse grid of parameters p by a smooth max-convolution; R_a is
 * the distance of its sorted values from zeros and ones, and 0 for a sharp mask of that area (smooth_mask.ts). Gradient
 * ascent on p with momentum 0.9 starts at the whole image; λ = 300 is doubled after a third of the steps and again after
 * two thirds.
 *
 * One mask has an inside and an outside, and a map needs an order of all pixels. So the map is the mean of the masks of
 * six areas, from 5 % to 80 % of the image, as the paper adds them up for its pointing game. The paper takes 800 steps
 * for each area; 100 are the usual number here.
 *
 * @module
 */
import { upsampleGradient, upsampleMap } from "../../../image/upsample.ts";
import type { Size } from "../../../image/preprocess.ts";
import { imageSides } from "../../../image/side.ts";
import type { OpenClassifier } from "../../../classifier/open.ts";
import { EXTREMAL_AREAS, EXTREMAL_STEPS } from "../../passes.ts";
import type { Attribute } from "../../types.ts";
import { type BlurPyramid, blurPyramid, underMask, underMaskGradient } from "./blurred.ts";
import { areaGradient, GRID, MASK, type SmoothMask, smoothMask } from "./smooth_mask.ts";

/** Settings of extremal perturbations. */
export interface ExtremalOptions {
  /** Steps for each area; 100 by default. */
  readonly steps?: number | undefined;
  /** The areas, as shares of the image between 0 and 1. */
  readonly areas?: readonly number[] | undefined;
}

/** Length of a step, and the share of the last one that the next keeps. */
const [RATE, MOMENTUM] = [0.01, 0.9];
/** λ at first, and how often it is doubled over the run. */
const [FIRST_LAMBDA, DOUBLINGS] = [300, 2];

/** A mask on its way. */
interface Climb {
  readonly area: number;
  p: Float64Array;
  velocity: Float64Array;
  mask: SmoothMask;
}

function startClimb(area: number): Climb {
  const p = new Float64Array(GRID * GRID).fill(1);
  return { area, p, velocity: new Float64Array(p.length), mask: smoothMask(p) };
}

/**
 * Extremal perturbations of a classifier that can be differentiated; the map has 64 × 64 values, whatever the
 * proportions of the image.
 *
 * @throws {RangeError} When `steps` is not a positive integer, or an area not between 0 and 1.
 */
export function extremal(classifier: OpenClassifier, options: ExtremalOptions = {}): Attribute {
  const { steps = EXTREMAL_STEPS, areas = EXTREMAL_AREAS } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`Cannot perturb in ${steps} steps`);
  const invalid = areas.find((area) => !(area > 0 && area < 1));
  if (invalid !== undefined) throw new RangeError(`Cannot show a share of ${invalid} of an image`);
  if (areas.length === 0) throw new RangeError("Cannot perturb without an area");
  return async (pixels, target, { signal, onProgress } = {}) => {
    const pyramid = blurPyramid(pixels, imageSides(pixels, classifier.facts.preprocessing.width));
    const climbs = areas.map(startClimb);
    let done = 0;
    let withoutGradient = true;
    for (let step = 0; step < steps; step++) {
      const lambda = FIRST_LAMBDA * 2 ** Math.floor((DOUBLINGS + 1) * step / steps);
      for (let at = 0; at < climbs.length; at += classifier.batch) {
        const together = climbs.slice(at, at + classifier.batch);
        const shown = together.map(({ mask }) => enlarged(mask, pyramid));
        const images = shown.map((mask) => underMask(pyramid, mask));
        const gradients = await classifier.inputGradients(images, target, signal);
        for (const [i, climb] of together.entries()) {
          const moved = ascend(climb, pyramid, shown[i]!, gradients[i]!, lambda);
          withoutGradient &&= !moved;
        }
        onProgress?.({ done: done += together.length, total: steps * climbs.length });
      }
    }
    // The area alone would draw a mask out of nothing.
    const { width, height, values } = meanMask(climbs);
    return { width, height, values: withoutGradient ? values.fill(0) : values, withoutGradient };
  };
}

/** The mask of every pixel. */
function enlarged({ values }: SmoothMask, { width, height }: Size): Float32Array {
  return upsampleMap(Float32Array.from(values), MASK, MASK, width, height);
}

/** Below this share of the area's pull, that of the score is rounding. */
const NOTHING = 1e-6;

/** One step, from the gradient of the score of the image under the mask; whether the score had a say. */
function ascend(
  climb: Climb,
  pyramid: BlurPyramid,
  shown: Float32Array,
  ofImage: Float32Array,
  lambda: number,
): boolean {
  const { width, height } = pyramid;
  const ofScore = upsampleGradient(underMaskGradient(pyramid, shown, ofImage), MASK, MASK, width, height);
  const ofArea = areaGradient(climb.mask.values, climb.area);
  const slope = climb.mask.gradient(ofArea.map((value, i) => ofScore[i]! - lambda * value));
  climb.velocity = climb.velocity.map((old, i) => MOMENTUM * old + slope[i]!);
  climb.p = climb.p.map((value, i) => Math.min(Math.max(value + RATE * climb.velocity[i]!, 0), 1));
  climb.mask = smoothMask(climb.p);
  return pull(ofScore) > NOTHING * lambda * pull(ofArea);
}

function pull(gradient: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of gradient) sum += Math.abs(value);
  return sum;
}

function meanMask(climbs: readonly Climb[]) {
  const values = new Float32Array(MASK * MASK);
  for (const { mask } of climbs) {
    for (let i = 0; i < values.length; i++) values[i]! += mask.values[i]! / climbs.length;
  }
  return { width: MASK, height: MASK, values };
}
