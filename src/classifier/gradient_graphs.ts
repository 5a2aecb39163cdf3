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

/** Scores of the images, weighted by "target" and summed; the images are independent. */
function targetScore({ b, logits }: ScoredPass): Value {
  const target = b.input("target", "float32", logits.shape);
  return b.reduceSum(b.mul(logits, target), undefined, false);
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
  const [gradient] = gradients(b, targetScore(pass), [tapped], { device });
  b.output(tapped, "activations");
  b.output(gradient!, "gradients");
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
  const [gradient] = gradients(b, targetScore(pass), [images], { device });
  b.output(gradient!, "gradients");
  return prune(b.build());
}
