/**
 * Converts a network from float16, bfloat16 or float64 to float32, the type of training. Weights are widened when they
 * are read. Casts between the types become no-ops, and `specialise` removes them.
 *
 * @module
 */
import { bfloat16ToFloat32, float16ToFloat32 } from "../../bytes/half.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import type { OpenGraph, OpenNode } from "../open_graph.ts";
import { DATA_TYPE_CODES, onnxDataType } from "../shapes/elementwise.ts";
import {
  type Attribute,
  type Attributes,
  type DataType,
  elementCount,
  type Initializer,
  int,
} from "../types.ts";
import { type DerivedFile, sourceOfInitializer } from "./derived.ts";

const OTHER_FLOATS: readonly DataType[] = ["float16", "bfloat16", "float64"];

function widenedType(type: DataType): DataType {
  return OTHER_FLOATS.includes(type) ? "float32" : type;
}

/**
 * The same graph with every floating-point value in float32.
 *
 * @param derived Receives the weights to widen when they are read.
 * @param files Contents of external data.
 */
export function widened(
  graph: OpenGraph,
  derived: DerivedFile,
  files: ReadonlyMap<string, ByteSource>,
): OpenGraph {
  const tensor = <T extends Omit<Initializer, "name">>(given: T, name: string): T => {
    if (!OTHER_FLOATS.includes(given.type)) return given;
    const bytes = sourceOfInitializer({ name, data: given.data }, files);
    const data = derived.add(elementCount(given.shape), () => decodeFloat32(given.type, bytes()));
    return { ...given, type: "float32", data };
  };
  const attribute = (given: Attribute, name: string): Attribute =>
    given.type === "tensor" ? { type: "tensor", value: tensor(given.value, name) } : given;
  const node = (given: OpenNode): OpenNode => {
    const attributes: Attributes = Object.fromEntries(
      Object.entries(given.attributes).map(([name, value]) => [name, attribute(value, given.name)]),
    );
    const to = given.attributes["to"];
    const retargeted = given.op === "Cast" && to?.type === "int"
      ? { ...attributes, to: int(DATA_TYPE_CODES[widenedType(onnxDataType(to.value))]) }
      : attributes;
    if (given.subgraphs === undefined) return { ...given, attributes: retargeted };
    const inside = Object.entries(given.subgraphs).map(([name, inner]) => [
      name,
      widened(inner, derived, files),
    ]);
    return { ...given, attributes: retargeted, subgraphs: Object.fromEntries(inside) };
  };
  return {
    ...graph,
    inputs: graph.inputs.map((input) => ({
      ...input,
      type: isOnlyCast(graph, input.name) ? "float32" : widenedType(input.type),
    })),
    initializers: graph.initializers.map((each) => tensor(each, each.name)),
    nodes: graph.nodes.map(node),
  };
}

const MOVING = new Set(["Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);
const MAKING_REAL = /^(Cast|DequantizeLinear|QLinear\w+|ConvInteger|MatMulInteger)$/;

/**
 * Whether a value (an image in bytes) is made real before anything is computed of it: then it may as well be fed as
 * float32, and a gradient can reach it.
 */
function isOnlyCast(graph: OpenGraph, name: string): boolean {
  const [values, seen] = [[name], new Set([name])];
  for (const value of values) {
    for (const node of graph.nodes) {
      if (!node.inputs.includes(value)) continue;
      if (MAKING_REAL.test(node.op)) continue;
      if (!MOVING.has(node.op) || node.inputs[0] !== value) return false;
      for (const output of node.outputs) if (!seen.has(output)) seen.add(output) && values.push(output);
    }
  }
  return ![...seen].some((each) => graph.outputs.includes(each));
}

/** Whether a graph has values that `widened` changes. */
export function hasOtherFloats(graph: OpenGraph): boolean {
  return graph.inputs.some(({ type }) => OTHER_FLOATS.includes(type)) ||
    graph.initializers.some(({ type }) => OTHER_FLOATS.includes(type));
}

/** Floating-point numbers of any type as float32. */
export function decodeFloat32(type: DataType, bytes: Uint8Array): Float32Array {
  // Copied where they lie at an odd place: typed arrays must be aligned.
  const width = type === "float64" ? 8 : type === "float32" ? 4 : 2;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const count = aligned.byteLength / width;
  if (type === "float64") {
    return Float32Array.from(new Float64Array(aligned.buffer, aligned.byteOffset, count));
  }
  if (type === "float32") return new Float32Array(aligned.buffer, aligned.byteOffset, count);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, count);
  return type === "float16" ? float16ToFloat32(halves) : bfloat16ToFloat32(halves);
}
