/**
 * Frozen networks and heads whose weights are made from names and seeds, as tests/fixtures/ptame/generate_step.py
 * makes them.
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/network.ts";
import { headParameters, type HeadShape } from "../../src/ptame/head.ts";
import type { HeadTensor } from "../../src/ptame/head_file.ts";
import { networkPart } from "../../src/classifier/network_part.ts";
import type { GraphPart } from "../../src/classifier/types.ts";
import type { WeightFile } from "../../src/weights/tensor_table.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { encodeSafetensors, parseSafetensors } from "../../src/weights/safetensors.ts";
import { graphOf, unboundWeights } from "../support/networks.ts";
import { seededTensor } from "../support/seeded_weights.ts";

/** A network with weights from a seed, in a file as a user would have them. */
export function seededFrozen(network: NetworkDefinition, seed: number): GraphPart {
  return networkPart(network, seededFile(network, seed));
}

/** The weights of a network from a seed, as a safetensors file. */
export function seededFile(network: NetworkDefinition, seed: number): WeightFile {
  const tensors = unboundWeights(graphOf(network)).map(({ name, shape }) => ({
    name,
    type: "float32" as const,
    shape,
    data: new Uint8Array(seededTensor(name, shape, seed).buffer),
  }));
  const bytes = encodeSafetensors(tensors);
  return {
    name: `${network.name}-${seed}.safetensors`,
    content: toByteSource(bytes),
    table: parseSafetensors(bytes),
  };
}

/** A head with parameters from a seed. */
export function seededHead(shape: HeadShape, seed: number): HeadTensor[] {
  return [...headParameters(shape)].map(([name, dims]) => ({
    name,
    shape: dims,
    data: seededTensor(name, dims, seed),
  }));
}
