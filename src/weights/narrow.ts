/**
 * Halves the weights of a bound graph: float16 in the file, widened by a Cast that every runtime folds away when it
 * loads the graph. It computes in float32 as before.
 *
 * @module
 */
import { asBytes } from "../graph/constants.ts";
import { DATA_TYPE_CODES } from "../graph/shapes/elementwise.ts";
import { elementCount, type Initializer, int, type Node, type Value } from "../graph/types.ts";
import type { BoundGraph } from "../graph/bound_graph.ts";
import { toByteSource } from "../bytes/byte_source.ts";
import { float32ToFloat16 } from "../bytes/half.ts";
import { readFloat32 } from "./tensor_table.ts";

/** Minimum size of a tensor; smaller ones are not worth a node. */
const LEAST_ELEMENTS = 1024;

/** Largest magnitude that float16 holds. */
const LARGEST_HALF = 65504;

/**
 * The same graph with its float32 weights of two axes or more as float16. Tensors of one axis stay float32: they are
 * small, and a running variance may be below the range of float16. So do tensors with a number beyond the range of
 * float16.
 */
export function narrowWeights({ graph, files }: BoundGraph): BoundGraph {
  const initializers = new Map<string, Initializer>(graph.initializers);
  const values = new Map<string, Value>(graph.values);
  const casts: Node[] = [];
  for (const initializer of graph.initializers.values()) {
    const { name, type, shape, data } = initializer;
    const wide = type === "float32" && shape.length > 1 && elementCount(shape) >= LEAST_ELEMENTS;
    if (!wide || data.kind === "unbound") continue;
    const source = data.kind === "inline" ? toByteSource(data.bytes) : files.get(data.file)!;
    const place = data.kind === "inline" ? { offset: 0, length: data.bytes.length } : data;
    const numbers = readFloat32(source, { name, type, shape, ...place });
    if (numbers.some((value) => Math.abs(value) > LARGEST_HALF)) continue;
    const half = { name: `${name}.float16`, type: "float16", shape } as const;
    initializers.delete(name);
    initializers.set(half.name, {
      ...half,
      data: { kind: "inline", bytes: asBytes(float32ToFloat16(numbers)) },
    });
    values.set(half.name, half);
    casts.push({
      name: `${name}.widened`,
      op: "Cast",
      domain: "",
      inputs: [half.name],
      outputs: [name],
      attributes: { to: int(DATA_TYPE_CODES.float32) },
    });
  }
  return { graph: { ...graph, initializers, values, nodes: [...casts, ...graph.nodes] }, files };
}
