/**
 * A network function as a part of a graph. Its input images are not normalised, because masks multiply them.
 *
 * @module
 */
import type { BuildNetwork, Preprocessing, TapDefinition } from "../../models/network.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { bindWeights } from "../weights/bind.ts";
import type { WeightFile } from "../weights/tensor_table.ts";
import type { GraphPart } from "./types.ts";

/** `(image − mean) / std` per channel of [N, 3, H, W] in [0, 1]. */
export function normalise(
  b: Builder,
  image: Value,
  { mean, std }: Pick<Preprocessing, "mean" | "std">,
): Value {
  const perChannel = (numbers: readonly number[]) => b.constant("float32", [1, 3, 1, 1], numbers);
  return b.div(b.sub(image, perChannel(mean)), perChannel(std));
}

/** The properties of a network that its part of a graph needs; a `NetworkDefinition` has all of them. */
export interface BuildableNetwork {
  readonly name: string;
  readonly build: BuildNetwork;
  /** Width and height of the input. */
  readonly inputSize: number;
  readonly preprocessing: Pick<Preprocessing, "mean" | "std">;
  /** The taps in the order of `build`. */
  readonly taps: readonly TapDefinition[];
  readonly weights: { readonly rename?: (nameInFile: string) => string };
}

/** A network function with its weights. */
export function networkPart(network: BuildableNetwork, weights: WeightFile): GraphPart {
  const { name, inputSize, build, preprocessing, taps } = network;
  const { rename } = network.weights;
  const pass: GraphPart["pass"] = (b, images) => build(b, normalise(b, images, preprocessing));
  return {
    name,
    inputSize,
    tapNames: taps.map((tap) => tap.name),
    taps: () => taps,
    scores: (b, images) => pass(b, images).logits,
    pass,
    bind: (bound, prefix) => bindWeights(bound, weights, { prefix, rename }),
  };
}
