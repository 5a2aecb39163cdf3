/**
 * From scores to probabilities, top classes, and the classes that a caller means.
 *
 * @module
 */
import type { OutputActivation } from "../graph/final_activation.ts";
import { suggestion } from "../text/nearest.ts";

/** A class with the classifier's probability for it. */
export interface ClassScore {
  /** Index of the class. */
  readonly index: number;
  /** Its name. */
  readonly label: string;
  /** Softmax probability, 0 to 1. */
  readonly probability: number;
}

/** A class as callers name it: its index, or its label (case does not matter; the part before a comma is enough). */
export type Target = number | string;

/**
 * Probabilities of a row of scores. Those that a sigmoid has made stay as they are: each class speaks for itself. So do
 * those that a softmax has made, seen by the network's last operator, or by the numbers (none negative, summing to one).
 *
 * @throws {RangeError} When a score is not finite.
 */
export function probabilitiesOf(scores: Float32Array, activation: OutputActivation = "none"): Float32Array {
  let [highest, sum, negative] = [-Infinity, 0, false];
  for (const score of scores) {
    if (score > highest) highest = score;
    if (score < 0) negative = true;
    sum += score;
  }
  if (!Number.isFinite(sum)) {
    throw new RangeError("Cannot read a prediction: the classifier's scores are not finite");
  }
  if (activation === "softmax" || activation === "sigmoid") return scores;
  // The logarithms of probabilities need nothing special: their softmax is the probabilities.
  if (!negative && Math.abs(sum - 1) < 1e-3) return scores;
  const probabilities = new Float32Array(scores.length);
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += probabilities[i] = Math.exp(scores[i]! - highest);
  for (let i = 0; i < scores.length; i++) probabilities[i]! /= total;
  return probabilities;
}

/**
 * Probabilities of a row of plain scores, as a network that ends in `activation` would give them.
 *
 * @throws {RangeError} When a score is not finite.
 */
export function probabilitiesOfPlain(scores: Float32Array, activation: OutputActivation): Float32Array {
  if (activation !== "sigmoid") return probabilitiesOf(scores);
  return probabilitiesOf(scores.map((score) => 1 / (1 + Math.exp(-score))), activation);
}

/** The `count` most probable classes, best first. */
export function topClasses(
  probabilities: Float32Array,
  labels: readonly string[],
  count: number,
): ClassScore[] {
  // Into a list that stays sorted: few of a thousand classes are asked for. Of equals the first stands first.
  const best: number[] = [];
  for (let index = 0; index < probabilities.length; index++) {
    const probability = probabilities[index]!;
    if (best.length === count && !(probability > probabilities[best[count - 1]!]!)) continue;
    if (best.length === count) best.pop();
    let place = best.length;
    while (place > 0 && probability > probabilities[best[place - 1]!]!) place--;
    best.splice(place, 0, index);
  }
  return best.map((index) => ({ index, label: labels[index]!, probability: probabilities[index]! }));
}

/**
 * The index of the class that a caller means.
 *
 * @throws {RangeError} When no class has this index or name; a near name is suggested.
 */
export function resolveTarget(target: Target, labels: readonly string[]): number {
  if (typeof target === "number" || /^\d+$/.test(target)) {
    const index = Number(target);
    if (Number.isInteger(index) && index >= 0 && index < labels.length) return index;
    throw new RangeError(`Unknown class ${target}: classes are numbered 0 to ${labels.length - 1}`);
  }
  const wanted = target.trim().toLowerCase();
  const named = labels.findIndex((label) => label.toLowerCase() === wanted);
  if (named >= 0) return named;
  const short = labels.findIndex((label) => label.toLowerCase().split(",")[0] === wanted);
  if (short >= 0) return short;
  throw new RangeError(`Unknown class ${JSON.stringify(target)}${suggestion(target, labels)}`);
}
