/**
 * The graphs that methods run to ask a classifier for gradients: of its score at a tap, and with respect to the image.
 * The factors of the scores are an input (one-hot for a class), so no graph depends on it.
 *
 * @module
 */
import { gradients } from "../gradient/backward.ts";
import type { GradientDevice } from "../gradient/rule.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph, Value } from "../graph/types.ts";
import { type ScoredPass, scoredPass } from "./graphs.ts";
import type { Tap } from "./tap.ts";
import type { GraphPart } from "./types.ts";

/** Input "target": the factor of each score of each image. */
function targetInput({ b, logits }: ScoredPass): Value {
  return b.input("target", "float32", logits.shape);
}

/**
 * Gradient of the scores of all images, weighted by `factors` [batch, classes] and summed, towards a value. The images
 * are independent, so each gets the gradient of its own score.
 *
 * @throws {TypeError} When an operator between the two cannot be differentiated.
 */
export function scoreGradient(
  { b, logits }: Pick<ScoredPass, "b" | "logits">,
  factors: Value,
  towards: Value,
  device: GradientDevice,
): Value {
  const score = b.reduceSum(b.mul(logits, factors), undefined, false);
  return gradients(b, score, [towards], { device })[0]!;
}

/**
 * "images" [1, 3, S, S] and "target" [1, classes] to "activations" and "gradients" in the tap's own layout, and
 * "logits" [1, classes]. The gradient is that of the class's score before softmax.
 *
 * @throws {TypeError} When an operator after the tap cannot be differentiated.
 */
export function tappedGraph(network: GraphPart, tap: Tap, device: GradientDevice): Graph {
  const pass = scoredPass(network, 1);
  const { b, logits } = pass;
  const tapped = b.existingValue(tap.value.name);
  const gradient = scoreGradient(pass, targetInput(pass), tapped, device);
  b.output(tapped, "activations");
  b.output(gradient, "gradients");
  b.output(logits, "logits");
  return prune(b.build());
}

/**
 * "images" [batch, 3, H, W] and "target" [batch, classes] to "gradients" [batch, 3, H, W] of each image's own score
 * before softmax, with respect to pixels in [0, 1].
 *
 * @throws {TypeError} When an operator cannot be differentiated.
 */
export function inputGradientGraph(network: GraphPart, batch: number, device: GradientDevice): Graph {
  const pass = scoredPass(network, batch);
  const { b, images } = pass;
  b.output(scoreGradient(pass, targetInput(pass), images, device), "gradients");
  return prune(b.build());
}
