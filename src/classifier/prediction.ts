/**
 * Converts scores to probabilities and top classes.
 *
 * @module
 */
import type { ScoreActivation, ScoreMeaning } from "./score_meaning.ts";

/** A class with the classifier's probability for it. */
export interface ClassScore {
  /** Index of the class. */
  readonly index: number;
  /** Its name. */
  readonly label: string;
  /** Softmax probability, 0 to 1. */
  readonly probability: number;
}

/**
 * Probabilities of a row of scores, as a file gives them. The results of a sigmoid stay unchanged, because its classes
 * are independent. So do the results of a softmax, recognised by the network's last operator or by the numbers.
 *
 * @param meaning What the scores have been through and what the caller says about them; plain scores by default.
 * @returns The same array if it is taken as it is.
 * @throws {RangeError} When a score is not finite.
 */
export function toProbabilities(scores: Float32Array, meaning: ScoreMeaning = PLAIN): Float32Array {
  if (!scores.every(Number.isFinite)) {
    throw new RangeError("Cannot read a prediction: the classifier's scores are not finite");
  }
  switch (neededActivation(scores, meaning)) {
    case "none":
      return scores;
    case "sigmoid":
      return scores.map((score) => 1 / (1 + Math.exp(-score)));
    case "softmax":
      return softmax(scores);
  }
}

/** What still turns a row of scores into probabilities. */
function neededActivation(scores: Float32Array, { activation, asked }: ScoreMeaning): ScoreActivation {
  if (activation === "softmax" || activation === "sigmoid") return "none";
  // Logarithms of probabilities need no special case: their softmax is the probabilities.
  return asked ?? (lookLikeProbabilities(scores) ? "none" : "softmax");
}

const PLAIN: ScoreMeaning = { activation: "none" };

/**
 * Probabilities of a row of plain scores, as a network of this meaning would give them.
 *
 * @throws {RangeError} When a score is not finite.
 */
export function probabilitiesOfPlain(scores: Float32Array, meaning: ScoreMeaning): Float32Array {
  return toProbabilities(scores, meaningOfPlain(meaning));
}

/** What `probabilitiesOfPlain` puts a row of plain scores through. */
export function activationOfPlain(scores: Float32Array, meaning: ScoreMeaning): ScoreActivation {
  return neededActivation(scores, meaningOfPlain(meaning));
}

/** The meaning of the scores before a network's own activation. */
export function meaningOfPlain({ activation, asked }: ScoreMeaning): ScoreMeaning {
  if (activation === "sigmoid") return { activation: "none", asked: "sigmoid" };
  if (activation !== "none") return { activation: "none", asked: "softmax" };
  return asked === undefined ? { activation: "none" } : { activation: "none", asked };
}

/** exp(score) / Σ exp(scores). */
function softmax(scores: Float32Array): Float32Array {
  const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const probabilities = scores.map((score) => Math.exp(score - highest));
  const total = probabilities.reduce((sum, value) => sum + value, 0);
  return probabilities.map((value) => value / total);
}

/**
 * Whether scores are probabilities by their look: several, none negative, sum 1. The sum may be off by what rounding
 * to their grid explains; sums of 8-bit probabilities of 1000 classes lie between 0.97 and 1.004.
 */
export function lookLikeProbabilities(scores: Float32Array): boolean {
  if (scores.length < 2 || scores.some((score) => score < 0)) return false;
  const sum = scores.reduce((total, score) => total + score, 0);
  const step = GRIDS.find((each) =>
    scores.every((score) => Math.abs(score / each - Math.round(score / each)) < 0.01)
  );
  const tolerance = step === undefined ? 1e-3 : Math.min(0.04, 1e-3 + scores.length * step / 2);
  return Math.abs(sum - 1) < tolerance;
}

/** The steps of 8-bit numbers from 0 to 1. */
const GRIDS = [1 / 256, 1 / 255];

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
