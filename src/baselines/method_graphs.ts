/**
 * Formulas of methods as parts of a graph, for exported files. The same formulas over numbers, with their sources, are
 * in activation/ and gradient/; tests/baselines/export_baseline_test.ts holds the two to each other.
 *
 * @module
 */
import { addLoop, type Loop } from "../graph/loop.ts";
import type { Builder } from "../graph/builder.ts";
import { int, type Value } from "../graph/types.ts";
import { gaussLegendre } from "./gradient/integrated_gradients.ts";
import { CAP_SHARE } from "./types.ts";

/** A formula over activations A and their gradients G at a tap, [channels, area] each: the map [1, area]. */
export type CamNodes = (b: Builder, activations: Value, gradients: Value) => Value;

/** `ReLU(Σ_k w_k A_k)` of weights [channels, 1]. */
function weightedSum(b: Builder, weights: Value, activations: Value): Value {
  return b.relu(b.matmul(b.transpose(weights, [1, 0]), activations));
}

/** The methods that look at a tap. */
export const CAM_NODES: Readonly<Record<string, CamNodes>> = {
  "gradcam": (b, activations, gradients) => weightedSum(b, b.reduceMean(gradients, [1]), activations),
  "gradcam++": (b, activations, gradients) => {
    const denominators = b.add(b.mul(b.reduceSum(activations, [1]), gradients), 2);
    // A position with a denominator of 0 has weight 0, as one with a gradient below 0.
    const zero = b.equal(denominators, 0);
    const shares = b.div(b.relu(gradients), b.where(zero, 1, denominators));
    return weightedSum(b, b.reduceSum(b.where(zero, 0, shares), [1]), activations);
  },
  "layercam": (b, activations, gradients) => b.relu(b.reduceSum(b.mul(b.relu(gradients), activations), [0])),
};

/** A class's scores, and the gradient of its score towards the image. */
export interface ImagePass {
  /** [1, classes], before softmax. */
  readonly logits: Value;
  /** [1, 3, H, W]. */
  readonly gradient: Value;
}

/** Scores of the image, and its Integrated Gradients. */
export interface IntegratedNodes {
  /** [1, classes], before softmax. */
  readonly logits: Value;
  /** [1, 1, H, W], with their sign. */
  readonly map: Value;
  /** Moves the nodes that repeat into the loop. */
  readonly close: Loop["close"];
}

/**
 * Integrated Gradients as a loop over the points of the integral, so that the file holds the network once, and a run
 * the memory of one pass. Its first round is the image itself, with weight 0: it gives the scores that choose the
 * class.
 *
 * @param pass Adds the classifier over an image. Its second argument turns the scores of this round into those of the
 * first, which choose the class.
 */
export function integratedGradientsNodes(
  b: Builder,
  image: Value,
  classes: number,
  steps: number,
  pass: (image: Value, firstScores: (own: Value) => Value) => ImagePass,
): IntegratedNodes {
  const { places, weights } = gaussLegendre(steps);
  const [, , height, width] = image.shape as [number, number, number, number];
  const constants = (first: number, rest: Float64Array) =>
    b.constant("float32", [steps + 1], [first, ...rest]);
  const [allPlaces, allWeights] = [constants(1, places), constants(0, weights)];
  const starts = [[1, classes], [1, 1, height, width]].map((shape) =>
    b.expand(b.constant("float32", [], [0]), shape)
  );
  const { ends, close } = addLoop(b, "integral", steps + 1, starts, (round, [logits, sums]) => {
    const kept = (own: Value) => b.where(b.equal(round, 0), own, logits!);
    const point = pass(b.mul(image, b.gather(allPlaces, round)), kept);
    const part = b.reduceSum(b.mul(point.gradient, image), [1]);
    return [kept(point.logits), b.add(sums!, b.mul(part, b.gather(allWeights, round)))];
  });
  return { logits: ends[0]!, map: ends[1]!, close };
}

/** `(value − least) / (greatest − least)` of [1, 1, h, w]; a constant map gives zeros. */
export function rangeNodes(b: Builder, map: Value): Value {
  const low = b.reduceMin(map, [2, 3]);
  const span = b.sub(b.reduceMax(map, [2, 3]), low);
  return b.div(b.sub(map, low), b.where(b.greater(span, 0), span, 1));
}

/** Magnitudes of [1, 1, h, w], no greater than their 99th percentile, if that is above 0. */
export function magnitudeNodes(b: Builder, map: Value): Value {
  const magnitudes = b.abs(map);
  const count = map.shape[2]! * map.shape[3]!;
  const above = count - Math.floor(CAP_SHARE * (count - 1));
  const flat = b.reshape(magnitudes, [count]);
  const [highest] = b.node("TopK", [flat, b.int64s([above])], { axis: int(0) }, { outputs: 2 });
  const cap = b.slice(highest!, 0, above - 1, above);
  return b.min(magnitudes, b.where(b.greater(cap, 0), cap, b.reduceMax(flat, [0])));
}
