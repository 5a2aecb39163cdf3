/**
 * A network of models/ as P-TAME uses it: pictures go in un-normalised (a mask multiplies there), logits and the
 * head's features come out.
 *
 * @module
 */
import type { NetworkDefinition, NetworkOutputs, Preprocessing } from "../../models/registry.ts";
import { type Builder, createBuilder } from "../graph/builder.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph, Value } from "../graph/types.ts";
import { headFeatures, type HeadShape } from "./head.ts";

/** Before the names of a network's weights in a graph of this project. */
export const NETWORK_PREFIX = "network.";

/** Before the names of a head's parameters in a graph of this project. */
export const HEAD_PREFIX = "head.";

/** `(image − mean) / std` per channel of [N, 3, H, W] in [0, 1]. */
export function normalise(
  b: Builder,
  image: Value,
  { mean, std }: Pick<Preprocessing, "mean" | "std">,
): Value {
  const perChannel = (numbers: readonly number[]) => b.constant("float32", [1, 3, 1, 1], numbers);
  return b.div(b.sub(image, perChannel(mean)), perChannel(std));
}

/** Adds a network behind its normalisation. `image` is [N, 3, H, W] in [0, 1]. */
export function observe(b: Builder, network: NetworkDefinition, image: Value): NetworkOutputs {
  return network.build(b, normalise(b, image, network.preprocessing));
}

/** What a head must fit for this auxiliary and that many classes. */
export function headShapeOf(auxiliary: NetworkDefinition, classes: number): HeadShape {
  return {
    channels: auxiliary.taps.map((tap) => tap.channels),
    sizes: auxiliary.taps.map((tap) => tap.size),
    classes,
  };
}

/** Name of the output that holds `r_l` of tap `index`. */
export function featureName(index: number): string {
  return `feature_${index}`;
}

/**
 * One pass of a network: image [1, 3, S, S] in [0, 1] to "logits" [1, classes] and, with a head, to its features
 * "feature_0", … Weights are unbound, under `NETWORK_PREFIX` and `HEAD_PREFIX`.
 */
export function passGraph(
  network: NetworkDefinition,
  outputs: { readonly logits: boolean; readonly features: boolean },
): Graph {
  const b = createBuilder(network.name);
  const size = network.inputSize;
  const image = b.input("image", "float32", [1, 3, size, size]);
  const { logits, taps } = observe(b.scope(NETWORK_PREFIX), network, image);
  if (outputs.logits) b.output(logits, "logits");
  if (outputs.features) {
    headFeatures(b.scope(HEAD_PREFIX), taps).forEach((feature, index) =>
      b.output(feature, featureName(index))
    );
  }
  return prune(b.build());
}
