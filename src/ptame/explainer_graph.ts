/**
 * The graph with which P-TAME explains: one pass of a classifier gives logits and the head's features.
 *
 * @module
 */
import type { TapDefinition } from "../../models/network.ts";
import type { GraphPart } from "../classifier/types.ts";
import { createBuilder } from "../graph/builder.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph } from "../graph/types.ts";
import { headFeatures, type HeadShape } from "./head.ts";

/** Prefix of a network's weights in a graph of this project. */
export const NETWORK_PREFIX = "network.";

/** Before the names of the auxiliary's weights in a graph that may hold two networks. */
export const AUXILIARY_PREFIX = "auxiliary.";
/** Before the names of the backbone's weights in such a graph, and in those that run a backbone for training. */
export const BACKBONE_PREFIX = "backbone.";

/** Prefix of a head's parameters in a graph of this project. */
export const HEAD_PREFIX = "head.";

/** The shape of a head for an auxiliary and a number of classes. */
export function findHeadShape(
  { taps }: { readonly taps: readonly TapDefinition[] },
  classes: number,
): HeadShape {
  return { channels: taps.map((tap) => tap.channels), sizes: taps.map((tap) => tap.size), classes };
}

/** Name of the output that holds `r_l` of tap `index`. */
export function featureName(index: number): string {
  return `feature_${index}`;
}

/**
 * One pass of a network: image [1, 3, S, S] in [0, 1] to "logits" [1, classes] and, with a head, to its features
 * "feature_0", … Weights are unbound, under `NETWORK_PREFIX` and `HEAD_PREFIX`.
 */
export function explainerGraph(
  network: GraphPart,
  outputs: { readonly logits: boolean; readonly features: boolean },
): Graph {
  const b = createBuilder(network.name);
  const size = network.inputSize;
  const image = b.input("image", "float32", [1, 3, size, size]);
  const scoped = b.scope(NETWORK_PREFIX);
  const { logits, taps } = outputs.features
    ? network.pass(scoped, image)
    : { logits: network.scores(scoped, image), taps: [] };
  if (outputs.logits) b.output(logits, "logits");
  headFeatures(b.scope(HEAD_PREFIX), taps).forEach((feature, index) => b.output(feature, featureName(index)));
  return prune(b.build());
}
