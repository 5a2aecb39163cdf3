/**
 * Eigen-CAM (Muhammad and Yeasin 2020, "Eigen-CAM: Class Activation Map using Principal Components"): the activations of
 * each position, projected on their first principal component v.
 *
 *     L = ReLU((A − mean(A)) v)        A: positions × channels
 *
 * It asks for no class: all classes have the same map. As in pytorch-grad-cam, the mean over positions is taken off
 * first, which the paper does not. The sign of a principal component is free, and a linear algebra library gives either;
 * here the map is larger where the activations are larger.
 *
 * @module
 */
import type { RawMap } from "../../explanation/blank_map.ts";
import type { OpenClassifier, TappedPass } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";
import { positiveMap } from "./grad_cam.ts";

/** Steps of the power iteration at most: enough for eigenvalues that differ by a thousandth. */
const MOST_STEPS = 5000;

/** The iteration ends when no part of the unit vector moves further than this. */
const STILL = 1e-10;

/** Eigen-CAM's map of one pass. */
export function eigenCamMap(pass: TappedPass): RawMap {
  const { width, height, channels, activations } = pass;
  const area = width * height;
  const centred = new Float64Array(activations.length);
  for (let k = 0; k < channels; k++) {
    const plane = activations.subarray(k * area, (k + 1) * area);
    const mean = plane.reduce((sum, value) => sum + value, 0) / area;
    plane.forEach((value, i) => centred[k * area + i] = value - mean);
  }
  const sums = firstProjection(centred, channels, area);
  let along = 0;
  for (let i = 0; i < centred.length; i++) along += centred[i]! * sums[i % area]!;
  return positiveMap(pass, along < 0 ? sums.map((sum) => -sum) : sums);
}

/**
 * The first left singular vector of X times its singular value, by power iteration on X·Xᵀ; zeros if X is 0.
 *
 * @param planes X transposed, `[channels, area]`.
 */
function firstProjection(planes: Float64Array, channels: number, area: number): Float64Array {
  // From the position of the largest norm: a start that is orthogonal to the answer would need all others to be 0.
  const norms = new Float64Array(area);
  planes.forEach((value, i) => norms[i % area]! += value * value);
  let vector = new Float64Array(area);
  if (!norms.some((norm) => norm > 0)) return vector;
  vector[norms.indexOf(norms.reduce((most, norm) => Math.max(most, norm), 0))] = 1;
  let length = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = new Float64Array(area);
    for (let k = 0; k < channels; k++) {
      let along = 0;
      for (let i = 0; i < area; i++) along += planes[k * area + i]! * vector[i]!;
      for (let i = 0; i < area; i++) next[i]! += along * planes[k * area + i]!;
    }
    length = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    let moved = 0;
    for (let i = 0; i < area; i++) {
      next[i]! /= length;
      moved = Math.max(moved, Math.abs(next[i]! - vector[i]!));
    }
    vector = next;
    if (moved < STILL) break;
  }
  // |X·Xᵀ u| is the squared singular value.
  return vector.map((value) => value * Math.sqrt(length));
}

/** Eigen-CAM at the classifier's tap. */
export function eigenCam(classifier: OpenClassifier): Attribute {
  return async (pixels, _target, { signal } = {}) =>
    eigenCamMap(await classifier.activations(pixels, signal));
}
