/**
 * What a classifier's scores mean: the activation that they have been through, the one that makes probabilities of
 * them, and the two classes of a classifier that gives only one score.
 *
 * @module
 */
import type { OutputActivation } from "../graph/final_activation.ts";

/** What turns scores into probabilities; "none" leaves them as they are, for a regression. */
export type ScoreActivation = "none" | "softmax" | "sigmoid";

/** All names that `ScoreActivation` knows. */
export const SCORE_ACTIVATIONS: readonly ScoreActivation[] = ["none", "softmax", "sigmoid"];

/** How the scores of a classifier are read; a part of its facts. */
export interface ScoreMeaning {
  /** The activation at its end; with a softmax, its scores are probabilities. */
  readonly activation: OutputActivation;
  /**
   * What the caller says that turns scores into probabilities. Without it, scores that look like probabilities are
   * taken for them, and others go through a softmax.
   */
  readonly asked?: ScoreActivation;
  /**
   * The one number that the network gives, if it gives only one: a "logit" stands for two classes, whose scores are
   * half of it, negative and positive; a "value" for "higher" and "lower", itself and its negative.
   */
  readonly single?: "logit" | "value";
}

/**
 * How the shown numbers came from the scores: "given" by an activation at the end of the network, "recognised" as
 * probabilities by their look, through a "softmax" or "sigmoid", or the scores as they are ("none").
 */
export type ScoreReading = "given" | "recognised" | ScoreActivation;

/** How numbers are read; `recognised` is that of {@linkcode Scores}. */
export function scoreReading({ activation, asked, single }: ScoreMeaning, recognised = false): ScoreReading {
  if (asked === "none") return "none";
  if (activation === "softmax" || activation === "sigmoid") return "given";
  if (recognised) return "recognised";
  return asked === "sigmoid" || single === "logit" ? "sigmoid" : "softmax";
}

/**
 * Joins what a file ends in with what the caller says.
 *
 * @param called Name of the classifier in errors.
 * @throws {RangeError} When they contradict each other.
 */
export function scoreMeaning(
  called: string,
  found: OutputActivation,
  asked: ScoreActivation | undefined,
): ScoreMeaning {
  if (asked === undefined) return { activation: found };
  // What a file ends in stays a part of it if its numbers are taken as they are.
  if (asked === "none") return { activation: "none", asked };
  if (found !== "none" && (asked === "sigmoid") !== (found === "sigmoid")) {
    throw new RangeError(
      `Cannot explain ${called}: it ends in a ${found}, so its scores cannot go through a ${asked}`,
    );
  }
  return { activation: found, asked };
}

/**
 * The meaning for the number of scores that a network gives.
 *
 * @throws {TypeError} When a single score says nothing.
 */
export function meaningOfCount(called: string, meaning: ScoreMeaning, scores: number): ScoreMeaning {
  if (scores !== 1) return meaning;
  if (meaning.asked === "none") return { ...meaning, single: "value" };
  if (meaning.activation === "softmax" || meaning.activation === "log-softmax") {
    throw new TypeError(`Cannot explain ${called}: its only score goes through a softmax, so it is always 1`);
  }
  // The softmax of half the score and its negative is the sigmoid of the score.
  return { activation: meaning.activation === "none" ? "none" : "softmax", single: "logit" };
}

/** The factors that make one number the scores of two classes. */
export function pairFactors(single: "logit" | "value"): readonly [number, number] {
  return single === "logit" ? [-0.5, 0.5] : [1, -1];
}

/** A file's row of scores, with two scores where it gives one number. */
export function pairedRow(row: Float32Array, { activation, single }: ScoreMeaning): Float32Array {
  if (single === undefined) return row;
  const value = row[0]!;
  // Behind a sigmoid it is the probability of the second class.
  if (activation !== "none") return Float32Array.of(1 - value, value);
  return Float32Array.from(pairFactors(single), (factor) => factor * value);
}

/** Names of the two classes, from one name or none. */
export function pairLabels(single: "logit" | "value", labels: readonly string[] = []): readonly string[] {
  if (labels.length === 2) return labels;
  const [name] = labels.length === 1 ? labels : [];
  if (single === "value") {
    return name === undefined ? ["higher", "lower"] : [`higher ${name}`, `lower ${name}`];
  }
  return name === undefined ? ["negative", "positive"] : [`not ${name}`, name];
}
