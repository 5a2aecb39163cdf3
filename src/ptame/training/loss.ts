/**
 * The loss of P-TAME (Ntrougkas et al. 2025): it rewards a mask that keeps what the classifier needs and little else.
 * With x_i the images of a batch, t_i their targets and M_ij the mask of target t_j on image x_i,
 *
 *     L = ce·mean_i CE(backbone(x_i ⊙ M_ii), t_i) + area·mean((M + 0.0005)^p) + smooth·TV(M)
 *
 * Only the diagonal masks its image; area and variation use all B×B masks. Removed regions are black, because the mask
 * multiplies the image before it is normalised.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";
import { countDoublings, fusedMaps, upsampleByDoubling } from "../head.ts";

/** Weights of the loss's terms, and the two numbers inside them. */
export interface LossWeights {
  /** Weight of the cross-entropy. */
  readonly ce: number;
  /** Weight of the mask's area. */
  readonly area: number;
  /** Weight of its variation; 0 leaves it out. */
  readonly smooth: number;
  /** Weight of the mask's border in the variation. */
  readonly border: number;
  /** Exponent p: below 1, a small sharp mask costs less than a large faint one. */
  readonly power: number;
}

/** Keeps the derivative of m^p finite at 0. */
const AREA_OFFSET = 0.0005;

/** The fuser's rows of the targets, one per image; a repeated target repeats its row. [B, Σ C_l]. */
export function targetRows(b: Builder, fuser: Value, targets: Value): Value {
  const [classes, width] = fuser.shape as [number, number];
  return b.gather(b.reshape(fuser, [classes, width]), targets);
}

/** M: the mask of every target on every image, [B images, B targets, S, S]. */
export function pairMasks(b: Builder, features: readonly Value[], rows: Value): Value {
  return b.sigmoid(fusedMaps(b, features, rows));
}

/** The diagonal of `pairMasks`: each image's own mask, [B, 1, S, S]. */
export function targetMasks(b: Builder, masks: Value): Value {
  const batch = masks.shape[0]!;
  if (batch === 1) return masks;
  const identity = Array.from({ length: batch * batch }, (_, i) => (i % (batch + 1) === 0 ? 1 : 0));
  return b.reduceSum(b.mul(masks, b.constant("float32", [batch, batch, 1, 1], identity)), [1]);
}

/** The maps before `targetMasks`, without the B² − B others: each image's map of its own target, [B, 1, S, S]. */
export function ownMaps(b: Builder, features: readonly Value[], rows: Value): Value {
  const doublings = countDoublings(features.map((feature) => feature.shape[2]!));
  const perTap = b.split(rows, 1, features.map((feature) => feature.shape[1]!));
  const maps = features.map((feature, index) => {
    const [batch, channels, height, width] = feature.shape as [number, number, number, number];
    const row = b.reshape(perTap[index]!, [batch, 1, channels]);
    const flat = b.reshape(feature, [batch, channels, height * width]);
    return upsampleByDoubling(
      b,
      b.reshape(b.matmul(row, flat), [batch, 1, height, width]),
      doublings[index]!,
    );
  });
  return maps.reduce((sum, map) => b.add(sum, map));
}

/** `mean((M + 0.0005)^p)`, or `mean(M)` where p is 1. A scalar. */
export function maskArea(b: Builder, masks: Value, power: number): Value {
  const powers = power === 1 ? masks : b.pow(b.add(masks, AREA_OFFSET), power);
  return meanNode(b, powers);
}

/** Mean of all elements. Rows are averaged first: a single float32 sum loses the fifth digit of a mostly black mask. */
function meanNode(b: Builder, x: Value): Value {
  return b.reduceMean(b.reduceMean(x, [x.shape.length - 1]), undefined, false);
}

/**
 * `TV(M) = (Σ (∂x M)² + Σ (∂y M)² + border·Σ edge²) / (2·B)`, sums over pixels and all B×B masks; the edges are the
 * first and last row and column of a mask (a corner counts twice). A scalar.
 */
export function maskVariation(b: Builder, masks: Value, border: number): Value {
  const [batch, , height, width] = masks.shape as [number, number, number, number];
  // Row by row first, as in `meanNode`.
  const squares = (x: Value) => b.reduceSum(b.reduceSum(b.mul(x, x), [3]), undefined, false);
  const along = (axis: number, size: number) =>
    squares(b.sub(b.slice(masks, axis, 1, size), b.slice(masks, axis, 0, size - 1)));
  let sum = b.add(along(2, height), along(3, width));
  if (border !== 0) {
    const edges = [
      b.slice(masks, 2, 0, 1),
      b.slice(masks, 2, height - 1, height),
      b.slice(masks, 3, 0, 1),
      b.slice(masks, 3, width - 1, width),
    ].map(squares);
    sum = b.add(sum, b.mul(edges.reduce((total, edge) => b.add(total, edge)), border));
  }
  return b.div(sum, 2 * batch);
}

/** The terms of the loss, unweighted, and their weighted sum; scalars. */
export interface LossTerms {
  /** Mean cross-entropy of the masked images. */
  readonly ce: Value;
  /** `maskArea`. */
  readonly area: Value;
  /** `maskVariation`. */
  readonly variation: Value;
  /** The minimised sum. */
  readonly total: Value;
}

/**
 * The loss of a batch.
 *
 * @param masks M of `pairMasks`, [B, B, S, S].
 * @param losses CE of each image under its own mask, [B].
 */
export function lossTerms(b: Builder, masks: Value, losses: Value, weights: LossWeights): LossTerms {
  const ce = b.reduceMean(losses, undefined, false);
  const area = maskArea(b, masks, weights.power);
  const variation = maskVariation(b, masks, weights.border);
  let total = b.add(b.mul(ce, weights.ce), b.mul(area, weights.area));
  // Left out instead of weighted by zero, so that nothing of it is differentiated.
  if (weights.smooth !== 0) total = b.add(total, b.mul(variation, weights.smooth));
  return { ce, area, variation, total };
}
