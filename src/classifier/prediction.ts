/**
 * Converts scores to probabilities and top classes, and resolves the classes that a caller names.
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

/** A class named by its index, or by its label (case-insensitive; the part before a comma is enough). */
export type Target = number | string;

/**
 * Probabilities of a row of scores. The results of a sigmoid stay unchanged, because its classes are independent. So do
 * the results of a softmax, recognised by the network's last operator or by the numbers (none negative, sum 1).
 *
 * @throws {RangeError} When a score is not finite.
 */
export function toProbabilities(scores: Float32Array, activation: OutputActivation = "none"): Float32Array {
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
  // Logarithms of probabilities need no special case: their softmax is the probabilities.
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
  if (activation !== "sigmoid") return toProbabilities(scores);
  return toProbabilities(scores.map((score) => 1 / (1 + Math.exp(-score))), activation);
}

/** The `count` most probable classes, best first. */
export function topClasses(
  probabilities: Float32Array,
  labels: readonly string[],
  count: number,
): ClassScore[] {
  // Insert into a sorted list, because few of a thousand classes are requested. Ties keep their order.
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
 * The index of the class that a caller names.
 *
 * @throws {RangeError} When no class has this index or name; the nearest name is suggested.
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
