/**
 * The masked pass: a frozen classifier sees images through masks, and the graph gives each image's cross-entropy and its
 * gradient with respect to the mask. Training and refining run it.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import { gradients } from "../../gradient/backward.ts";
import { interpolationMatrix } from "../../gradient/interpolation.ts";
import type { GradientDevice } from "../../gradient/rule.ts";
import { type Builder, createBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph, Value } from "../../graph/types.ts";
import { BACKBONE_PREFIX } from "../explainer_graph.ts";
import { resampled } from "../resampled.ts";

/** Options of a graph. */
export interface GraphOptions {
  /** Device whose kernels the gradient chooses for; "wasm" by default. */
  readonly device?: GradientDevice;
}

/** Options of the masked pass. */
export interface MaskedPassOptions extends GraphOptions {
  /** Whether removed regions show another image instead of black: the input "fills", shaped like "images". */
  readonly fills?: boolean;
}

/**
 * The masked pass through the frozen backbone and back to the masks. Images are independent here, so a batch may be
 * split in any way.
 *
 * - Inputs: "images" [batch, 3, H, W] in [0, 1], "masks" [batch, 1, s, s], "targets" int64 [batch], and "fills" if
 *   requested, which the gradient treats as constant.
 * - Outputs: "cross_entropies" [batch], and "mask_gradients" [batch, 1, s, s]: of each image's own cross-entropy,
 *   neither averaged nor weighted.
 * - Weights under `BACKBONE_PREFIX`.
 */
export function backboneGraph(
  backbone: GraphPart,
  batch: number,
  maskSize: number,
  options: MaskedPassOptions = {},
): Graph {
  const b = createBuilder(`${backbone.name} masked`);
  const images = imagesInput(b, backbone, batch);
  const fills = options.fills ? imagesInput(b, backbone, batch, "fills") : undefined;
  const masks = b.input("masks", "float32", [batch, 1, maskSize, maskSize]);
  const targets = b.input("targets", "int64", [batch]);
  const losses = maskedLosses(b, backbone, images, masks, targets, fills);
  const [gradient] = gradients(b, b.reduceSum(losses, undefined, false), [masks], options);
  b.output(losses, "cross_entropies");
  b.output(gradient!, "mask_gradients");
  return prune(b.build());
}

/** CE of each image under its mask, [N]. */
export function maskedLosses(
  b: Builder,
  backbone: GraphPart,
  images: Value,
  masks: Value,
  targets: Value,
  fills?: Value,
): Value {
  // m·x + (1 − m)·fill
  const shown = fills === undefined
    ? maskedImages(b, images, masks)
    : b.add(maskedImages(b, b.sub(images, fills), masks), fills);
  return crossEntropies(b, backbone.scores(b.scope(BACKBONE_PREFIX), shown), targets);
}

/** Shape of a batch of a network's images. */
export function imagesShape(
  { inputSize, inputWidth = inputSize }: Pick<GraphPart, "inputSize" | "inputWidth">,
  batch: number,
): [number, number, number, number] {
  return [batch, 3, inputSize, inputWidth];
}

/** Adds the input that takes images [batch, 3, H, W] in [0, 1]. */
export function imagesInput(b: Builder, part: GraphPart, batch: number, name = "images"): Value {
  return b.input(name, "float32", imagesShape(part, batch));
}

/** `x ⊙ m`: masks [N, 1, s, s] enlarged bilinearly (in one go) to the images [N, 3, H, W] that they multiply. */
function maskedImages(b: Builder, images: Value, masks: Value): Value {
  const [, , height, width] = images.shape as [number, number, number, number];
  const from = masks.shape[3]!;
  if (from === height && from === width) return b.mul(images, masks);
  const across = interpolationMatrix(from, width, { mode: "linear" });
  const down = interpolationMatrix(from, height, { mode: "linear" });
  return b.mul(images, resampled(b, masks, down, across));
}

/** [N, classes] with a 1 at each target. */
function oneHot(b: Builder, targets: Value, classes: number): Value {
  // Gathered from 0, 1, 2, … and compared as floats, because WebGPU has no int64 arithmetic and no OneHot.
  const counting = b.constant("float32", [classes], Array.from({ length: classes }, (_, i) => i));
  const numbers = b.reshape(b.gather(counting, targets), [targets.shape[0]!, 1]);
  return b.where(b.equal(b.reshape(counting, [1, classes]), numbers), 1, 0);
}

/** `CE(z, t) = log Σ exp z − z_t` of each row of logits [N, classes]: [N]. */
function crossEntropies(b: Builder, logits: Value, targets: Value): Value {
  const shifted = b.sub(logits, b.reduceMax(logits, [1]));
  const logSum = b.log(b.reduceSum(b.exp(shifted), [1], false));
  const picked = b.mul(shifted, oneHot(b, targets, logits.shape[1]!));
  return b.sub(logSum, b.reduceSum(picked, [1], false));
}
