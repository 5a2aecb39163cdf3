/**
 * Linear layers whose weights are very large, in parts: `Gemm(x, W, b)` with `W` [units, features] transposed becomes
 * one Gemm per stretch of units, and a Concat. Each unit is computed as before. The parts are rows of the same tensor,
 * so they point into the same file.
 *
 * A runtime reads a tensor whole, and holds it twice while it does (and again while it packs it): with VGG-16's first
 * linear layer of 411 MB in parts the peak of a process falls from 1.65 to 1.25 GB.
 *
 * @module
 */
import {
  BYTES_PER_ELEMENT,
  elementCount,
  type Graph,
  type Initializer,
  int,
  intAttribute,
  type Node,
  type Value,
} from "../types.ts";

/** Parts are at most this large. */
const MOST_BYTES = 64 * 2 ** 20;

/** The graph with linear layers of more than `mostBytes` of weights in parts. */
export function splitLargeGemm(graph: Graph, mostBytes = MOST_BYTES): Graph {
  const initializers = new Map(graph.initializers);
  const values = new Map(graph.values);
  const nodes = graph.nodes.flatMap((node) => {
    const parts = gemmParts(node, graph, mostBytes);
    if (parts === undefined) return [node];
    for (const value of parts.weights) initializers.set(value.name, value);
    for (const value of [...parts.weights, ...parts.outputs]) values.set(value.name, value);
    return parts.nodes;
  });
  if (nodes.length === graph.nodes.length) return graph;
  const read = new Set(nodes.flatMap((node) => node.inputs));
  for (const name of initializers.keys()) if (!read.has(name)) initializers.delete(name);
  return { ...graph, nodes, initializers, values };
}

interface Parts {
  readonly nodes: Node[];
  readonly weights: Initializer[];
  readonly outputs: Value[];
}

function gemmParts(node: Node, graph: Graph, mostBytes: number): Parts | undefined {
  if (node.op !== "Gemm" || node.domain !== "" || intAttribute(node.attributes, "transB", 0) !== 1) {
    return undefined;
  }
  const weight = graph.initializers.get(node.inputs[1]!);
  const biasName = node.inputs[2] ?? "";
  const bias = graph.initializers.get(biasName);
  if (weight === undefined || weight.type === "string" || weight.data.kind === "unbound") return undefined;
  const units = weight.shape[0]!;
  const bytes = elementCount(weight.shape) * BYTES_PER_ELEMENT[weight.type];
  if (bytes <= mostBytes || units < 2) return undefined;
  // A bias of another form would have to be broadcast.
  if (biasName !== "" && (bias?.shape.join() !== String(units) || bias.data.kind === "unbound")) {
    return undefined;
  }

  const output = graph.values.get(node.outputs[0]!)!;
  const perPart = Math.max(1, Math.floor(mostBytes / (bytes / units)));
  const parts: Parts = { nodes: [], weights: [], outputs: [] };
  for (let from = 0, i = 0; from < units; from += perPart, i++) {
    const to = Math.min(units, from + perPart);
    const suffix = `_part${i}`;
    const rows = [
      sliceRows(weight, from, to, suffix),
      ...(bias === undefined ? [] : [sliceRows(bias, from, to, suffix)]),
    ];
    const part = { name: output.name + suffix, type: output.type, shape: [output.shape[0]!, to - from] };
    parts.weights.push(...rows);
    parts.outputs.push(part);
    parts.nodes.push({
      ...node,
      name: node.name + suffix,
      inputs: [node.inputs[0]!, ...rows.map(({ name }) => name)],
      outputs: [part.name],
    });
  }
  parts.nodes.push({
    name: `${node.name}_parts`,
    op: "Concat",
    domain: "",
    inputs: parts.outputs.map(({ name }) => name),
    outputs: [output.name],
    attributes: { axis: int(1) },
  });
  return parts;
}

/** Rows of a tensor, which lie one after the other. */
function sliceRows(tensor: Initializer, from: number, to: number, suffix: string): Initializer {
  const [rows, ...rest] = tensor.shape as [number, ...number[]];
  const shape = [to - from, ...rest];
  const perRow = elementCount(rest) * BYTES_PER_ELEMENT[tensor.type as Exclude<typeof tensor.type, "string">];
  const [start, length] = [from * perRow, (to - from) * perRow];
  const { data } = tensor;
  const name = `${tensor.name}${suffix}`;
  if (data.kind === "external") {
    return { ...tensor, name, shape, data: { ...data, offset: data.offset + start, length } };
  }
  if (data.kind !== "inline") {
    throw new TypeError(`Cannot split ${tensor.name} of ${rows} rows: it has no data`);
  }
  return {
    ...tensor,
    name,
    shape,
    data: { kind: "inline", bytes: data.bytes.subarray(start, start + length) },
  };
}
