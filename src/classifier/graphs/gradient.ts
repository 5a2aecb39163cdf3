/**
 * The graphs that methods run to ask a classifier for gradients: of its score at a tap, and with respect to the image.
 * The factors of the scores are an input (one-hot for a class), so no graph depends on it.
 *
 * @module
 */
import { gradients } from "../../gradient/backward.ts";
import { checkGuided, guidedRule } from "../../gradient/guided.ts";
import { relevanceRules } from "../../gradient/relevance.ts";
import type { GradientDevice } from "../../gradient/rule.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph, Value } from "../../graph/types.ts";
import { type ScoredPass, scoredPass } from "./forward.ts";
import type { Tap } from "../taps/tap.ts";
import type { GraphPart } from "../types.ts";

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
  pass: Pick<ScoredPass, "b" | "logits">,
  factors: Value,
  towards: Value,
  device: GradientDevice,
): Value {
  return gradients(pass.b, weightedScore(pass, factors), [towards], { device })[0]!;
}

/** Σ factor·score over all images and classes. */
function weightedScore({ b, logits }: Pick<ScoredPass, "b" | "logits">, factors: Value): Value {
  return b.reduceSum(b.mul(logits, factors), undefined, false);
}

/**
 * "images" [1, 3, S, S] and "target" [1, classes] to "activations" and "gradients" in the tap's own layout, and
 * "logits" [1, classes]. The gradient is that of the class's score before softmax.
 *
 * @throws {TypeError} When an operator after the tap cannot be differentiated.
 */
export function tappedGraph(network: GraphPart, tap: Tap, device: GradientDevice): Graph {
  return layersGraph(network, [tap], device, () => "");
}

/**
 * The same for several layers in one pass: "activations0", "gradients0", "activations1", … in the order of the layers.
 *
 * @param ending The end of the names of a layer's outputs.
 * @throws {TypeError} When an operator after the first layer cannot be differentiated.
 */
export function layersGraph(
  network: GraphPart,
  layers: readonly Tap[],
  device: GradientDevice,
  ending: (layer: number) => string = String,
): Graph {
  const pass = scoredPass(network, 1);
  const { b, logits } = pass;
  const tapped = layers.map(({ value }) => b.existingValue(value.name));
  gradients(b, weightedScore(pass, targetInput(pass)), tapped, { device }).forEach((gradient, i) => {
    b.output(tapped[i]!, `activations${ending(i)}`);
    b.output(gradient, `gradients${ending(i)}`);
  });
  b.output(logits, "logits");
  return prune(b.build());
}

/**
 * What goes back from the score to the image: the gradient, the gradient guided at ReLUs, or the score's relevance by
 * rules of layer-wise relevance propagation.
 */
export type Backward = "gradient" | "guided" | "lrp-epsilon" | "lrp-gamma";

/**
 * "images" [batch, 3, H, W] and "target" [batch, classes] to "gradients" [batch, 3, H, W] of each image's own score
 * before softmax, with respect to pixels in [0, 1]; or what else goes back to them.
 *
 * @throws {TypeError} When an operator has no rule.
 */
export function inputGradientGraph(
  network: GraphPart,
  batch: number,
  device: GradientDevice,
  backward: Backward = "gradient",
): Graph {
  const pass = scoredPass(network, batch);
  const { b } = pass;
  b.output(throughImage(pass, device, backward), "gradients");
  return prune(b.build());
}

function throughImage(pass: ScoredPass, device: GradientDevice, backward: Backward): Value {
  const { b, images, logits } = pass;
  const factors = targetInput(pass);
  if (backward === "gradient") return scoreGradient(pass, factors, images, device);
  if (backward === "guided") {
    checkGuided({ name: "this classifier", nodes: b.nodes() });
    return gradients(b, weightedScore(pass, factors), [images], { device, ruleFor: guidedRule })[0]!;
  }
  const ruleFor = relevanceRules(b, images, backward === "lrp-gamma" ? "gamma" : "epsilon");
  // The relevance of a score is the score itself, times its factor.
  const seed = b.mul(logits, factors);
  return gradients(b, [{ value: logits, seed }], [images], { device, ruleFor })[0]!;
}
