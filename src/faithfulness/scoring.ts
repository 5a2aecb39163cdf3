/**
 * Collects images of many probes into full batches for the classifier, and passes each result to its probe. Only this
 * module calls a `ScoreBatch`, so it also checks the results.
 *
 * @module
 */
import type { Outcome, ScoreBatch } from "./types.ts";

/** Images waiting for a batch. */
export interface ScoreQueue {
  /** Adds an image; `receive` gets its probabilities once its batch has run, in this call or a later one. */
  add(image: Float32Array, receive: (probabilities: Float32Array) => void): Promise<void>;
  /** Scores the remaining images as a short batch. */
  flush(): Promise<void>;
}

/**
 * Opens a queue.
 *
 * @param score The classifier.
 * @param batchSize Images per call; the last call may have fewer.
 * @throws {RangeError} When the batch size is not a positive integer.
 */
export function createScoreQueue(score: ScoreBatch, batchSize: number, signal?: AbortSignal): ScoreQueue {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`Cannot score in batches of ${batchSize} images`);
  }
  let images: Float32Array[] = [];
  let receivers: ((probabilities: Float32Array) => void)[] = [];
  const flush = async () => {
    if (images.length === 0) return;
    const [asked, receiving] = [images, receivers];
    [images, receivers] = [[], []];
    signal?.throwIfAborted();
    const answers = await score(asked, signal);
    if (answers.length !== asked.length) {
      throw new TypeError(`Cannot score: ${answers.length} rows came back for ${asked.length} images`);
    }
    answers.forEach(checkProbabilities);
    answers.forEach((answer, index) => receiving[index]!(answer));
  };
  return {
    async add(image, receive) {
      images.push(image);
      receivers.push(receive);
      if (images.length >= batchSize) await flush();
    },
    flush,
  };
}

/** Otherwise, scores before softmax would silently be taken for probabilities. */
function checkProbabilities(row: Float32Array): void {
  let sum = 0;
  for (const value of row) sum += value >= 0 ? value : NaN;
  if (!(Math.abs(sum - 1) < 0.01)) {
    throw new RangeError(`Cannot measure: the scores are not probabilities, they sum to ${sum}`);
  }
}

/** The most probable class; the first of ties. */
export function topClass(probabilities: Float32Array): number {
  let top = 0;
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i]! > probabilities[top]!) top = i;
  return top;
}

/** The most probable class but one; the first of ties. */
export function runnerUp(probabilities: Float32Array, target: number): number {
  let best = target === 0 ? 1 : 0;
  for (let i = best + 1; i < probabilities.length; i++) {
    if (i !== target && probabilities[i]! > probabilities[best]!) best = i;
  }
  return best;
}

/** Less than this cannot be held as a probability of 32 bits. */
const LEAST = 1e-37;

/** Logarithm of the ratio of two classes' probabilities: the difference of their scores before softmax. */
export function marginOf(probabilities: Float32Array, target: number, rival: number): number {
  const logarithm = (index: number) => Math.log(Math.max(probabilities[index]!, LEAST));
  return logarithm(target) - logarithm(rival);
}

/** The outcome for a target from the probabilities. */
export function createOutcome(probabilities: Float32Array, target: number, rival?: number): Outcome {
  const outcome = { probability: probabilities[target]!, correct: topClass(probabilities) === target };
  return rival === undefined ? outcome : { ...outcome, margin: marginOf(probabilities, target, rival) };
}
