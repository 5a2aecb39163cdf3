/**
 * Networks for measuring. Where no weights are shipped they are made from seeds: time and memory do not depend on them.
 *
 * @module
 */
import type { NetworkDefinition } from "../models/network.ts";
import { findNetwork } from "../models/registry.ts";
import type { ExplainerOptions } from "../src/ptame/explainer.ts";
import { streamSafetensors } from "../src/weights/safetensors.ts";
import type { WeightFile } from "../src/weights/tensor_table.ts";
import { seededFile } from "../tests/ptame/seeded_networks.ts";
import { graphOf, unboundWeights } from "../tests/support/networks.ts";
import { seededTensor } from "../tests/support/seeded_weights.ts";

/** A backbone with its auxiliary, as the paper pairs them, and the default. */
export interface Pairing {
  readonly model: string;
  readonly auxiliary: string;
}

/** What is measured. */
export const PAIRINGS: readonly Pairing[] = [
  { model: "efficientnet_lite0", auxiliary: "efficientnet_lite0" },
  { model: "resnet50", auxiliary: "resnet18" },
];

/** The name of a pairing in results. */
export function titleOf({ model, auxiliary }: Pairing): string {
  return model === auxiliary ? model : `${model} + ${auxiliary}`;
}

const files = new Map<string, WeightFile>();

/** Weights from a seed, where none are shipped. */
export function weightsOf(network: NetworkDefinition): WeightFile | undefined {
  if (network.weights.shipped !== undefined) return undefined;
  let file = files.get(network.name);
  if (file === undefined) files.set(network.name, file = seededFile(network, 1));
  return file;
}

/** Options that open an explainer of a pairing. */
export function explainerOptionsOf({ model, auxiliary }: Pairing): ExplainerOptions {
  const [weights, auxiliaryWeights] = [model, auxiliary].map((name) => weightsOf(findNetwork(name)!));
  return {
    model,
    auxiliary,
    ...(weights === undefined ? {} : { weights }),
    ...(auxiliaryWeights === undefined ? {} : { auxiliaryWeights }),
  };
}

/** Writes seeded weights of a network to a file, tensor by tensor. */
export async function writeWeights(name: string, path: string): Promise<void> {
  const weights = unboundWeights(graphOf(findNetwork(name)!));
  const declared = weights.map(({ name, shape }) => ({ name, shape, type: "float32" as const }));
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  const file = await Deno.create(path);
  const data = (tensor: string) => new Uint8Array(seededTensor(tensor, shapes.get(tensor)!, 1).buffer);
  for await (const chunk of streamSafetensors(declared, data)) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
  file.close();
}
