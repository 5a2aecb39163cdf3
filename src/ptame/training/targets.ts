/**
 * The target class of an image in training: the backbone's top class, or sometimes another of its most probable
 * classes. An image can explain more than one class, and training meets more classes this way.
 *
 * @module
 */
import { hashText } from "../../random/hash.ts";
import { createStream } from "../../random/generator.ts";
import { float32Data, type Tensor } from "../../runtime/mod.ts";
import { topClasses } from "../../classifier/prediction.ts";

/** How targets are chosen. */
export interface TargetChoice {
  /** 1 for each class that may be a target; all by default. */
  readonly allowed?: Uint8Array;
  /** How often another of the most probable classes replaces the first, 0 to 1; 0 by default. */
  readonly others?: number;
  /** Seed of the random draws; 0 by default. */
  readonly seed?: number;
}

/** Number of most probable allowed classes to draw from. */
const LIKELIEST = 5;
/** Minimum probability; the image shows nothing of less probable classes. */
const LEAST_PROBABILITY = 0.02;

/**
 * A target for each image. The draw depends only on the seed and the image's position in the run.
 *
 * @param logits Scores of the whole images, [batch, classes].
 * @param step Counted from 0.
 */
export function chooseTargets(logits: Tensor, choice: TargetChoice, step: number): number[] {
  const { allowed, others = 0, seed = 0 } = choice;
  const [batch, classes] = logits.shape as [number, number];
  const scores = float32Data(logits);
  return Array.from({ length: batch }, (_, row) => {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    const best = likeliest(own, allowed, others > 0 ? LIKELIEST : 1);
    if (others === 0) return best[0]!;
    const generator = createStream(hashText(`targets ${seed}`), step * batch + row);
    if (generator.uniform() >= others) return best[0]!;
    const ownProbability = softmax(own);
    const enough = best.filter((index) => ownProbability(index) > LEAST_PROBABILITY);
    return enough.length === 0 ? best[0]! : enough[generator.below(enough.length)]!;
  });
}

/** Indices of the highest scores among the allowed ones, highest first. */
function likeliest(scores: Float32Array, allowed: Uint8Array | undefined, count: number): number[] {
  const isAllowed = (index: number) => allowed === undefined || allowed[index] === 1;
  const open = allowed === undefined
    ? scores
    : scores.map((score, index) => isAllowed(index) ? score : -Infinity);
  return topClasses(open, [], count).map(({ index }) => index).filter(isAllowed);
}

/** Probability of each class from its scores. */
export function softmax(scores: Float32Array): (index: number) => number {
  const most = scores.reduce((a, b) => Math.max(a, b));
  const sum = scores.reduce((total, value) => total + Math.exp(value - most), 0);
  return (index) => Math.exp(scores[index]! - most) / sum;
}
