/**
 * What is regressed: numbers that a linear layer could give. A softmax or sigmoid at the end of a classifier is undone.
 *
 * @module
 */
import type { ScoreMeaning } from "../../classifier/score_meaning.ts";
import type { OutputActivation } from "../../graph/final_activation.ts";

/** The least probability that counts; a float32 softmax gives 0 for what is less likely than about 1e-38. */
const LEAST = 1e-7;

/**
 * Scores as a linear layer gives them:
 *
 * - behind a softmax or log-softmax, the logarithms of the probabilities about their mean over the classes, which are
 *   the scores before the softmax about theirs;
 * - behind a sigmoid, log(p / (1 − p));
 * - else the scores themselves.
 *
 * @param scores One row of the classifier's output.
 * @param activation The activation at its end. Numbers that are probabilities (none negative, sum 1) count as those of a
 * softmax.
 * @param plain Whether the activation has already been removed from `scores`.
 * @throws {RangeError} When a score is not finite.
 */
export function plainScores(
  scores: Float32Array,
  activation: OutputActivation,
  plain: boolean,
): Float64Array {
  const given = Float64Array.from(scores);
  if (!given.every(Number.isFinite)) {
    throw new RangeError("Cannot regress the classifier: its scores are not finite");
  }
  if (activation === "sigmoid") {
    return plain ? given : given.map((p) => Math.log(Math.max(p, LEAST) / Math.max(1 - p, LEAST)));
  }
  const sum = given.reduce((total, score) => total + score, 0);
  const areProbabilities = !plain && given.length > 1 &&
    (activation === "softmax" || (given.every((score) => score >= 0) && Math.abs(sum - 1) < 1e-3));
  if (!areProbabilities && activation === "none") return given;
  const logarithms = areProbabilities ? given.map((p) => Math.log(Math.max(p, LEAST))) : given;
  const mean = logarithms.reduce((total, score) => total + score, 0) / logarithms.length;
  return logarithms.map((score) => score - mean);
}

/** Scores that give these probabilities; behind a softmax about their mean, because a constant does not count there. */
export function scoresBehind(probabilities: Float32Array, { activation, asked }: ScoreMeaning): Float32Array {
  if (activation === "none" && asked === "none") return probabilities;
  const kind = activation === "sigmoid" || asked === "sigmoid" ? "sigmoid" : "softmax";
  return Float32Array.from(plainScores(probabilities, kind, false));
}
