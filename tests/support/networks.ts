/**
 * Networks ready to run in a test: built at full size, their weights made from their names or read from a file.
 *
 * @module
 */
import type { NetworkDefinition } from "../../models/network.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { elementCount, type Graph, type Initializer } from "../../src/graph/types.ts";
import { openSession, type Session, type SessionOptions } from "../../src/runtime/mod.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { seededTensor } from "./seeded_weights.ts";

/** Gives the values of a weight. */
export type WeightSource = (name: string, shape: readonly number[]) => Float32Array;

/** The graph of a network with the outputs `logits`, `tap0`, `tap1`, …; its weights are unbound. */
export function graphOf(network: NetworkDefinition, batch = 1): Graph {
  const b = createBuilder(network.name);
  const image = b.input("image", "float32", [batch, 3, network.inputSize, network.inputSize]);
  const { logits, taps } = network.build(b, image);
  b.output(logits, "logits");
  taps.forEach((tap, i) => b.output(tap, `tap${i}`));
  return b.build();
}

/** The weights that a graph declares and has no bytes for. */
export function unboundWeights(graph: Graph): Initializer[] {
  return [...graph.initializers.values()].filter(({ data }) => data.kind === "unbound");
}

/** Opens a session on a graph, its weights laid into one external file. */
export function openWithWeights(
  graph: Graph,
  weightOf: WeightSource,
  options: SessionOptions = {},
): Promise<Session> {
  const weights = unboundWeights(graph);
  const file = new Float32Array(weights.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  const initializers = new Map(graph.initializers);
  let position = 0;
  for (const weight of weights) {
    const values = weightOf(weight.name, weight.shape);
    file.set(values, position);
    const data = {
      kind: "external",
      file: "weights",
      offset: 4 * position,
      length: 4 * values.length,
    } as const;
    initializers.set(weight.name, { ...weight, data });
    position += values.length;
  }
  const files = new Map([["weights", new Uint8Array(file.buffer)]]);
  return openSession({ ...graph, initializers }, { device: "wasm", ...options, files });
}

/** Weights from their names; see tests/support/seeded_weights.ts. */
export function seededWeights(seed: number): WeightSource {
  return (name, shape) => seededTensor(name, shape, seed);
}

/** Weights of a safetensors file in models/weights/, widened to float32. */
export function shippedWeights(file: string): WeightSource {
  const bytes = Deno.readFileSync(new URL(`../../models/weights/${file}`, import.meta.url));
  const { tensors } = parseSafetensors(bytes);
  return (name) => readFloat32(bytes, tensors.get(name)!);
}
