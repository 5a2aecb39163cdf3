/**
 * A float64 interpreter of graphs: what an operator means, in plain loops, for small tensors. It knows shapes from
 * the graph and nothing of src/gradient, so that it can judge it.
 *
 * @module
 */
import { decodeNumbers } from "../../../src/graph/constants.ts";
import {
  floatAttribute,
  type Graph,
  intAttribute,
  intsAttribute,
  type Node,
  textAttribute,
} from "../../../src/graph/types.ts";
import { count, type NdArray } from "./array.ts";
import { OPERATORS } from "./operators.ts";

export type { NdArray } from "./array.ts";

/** What an operator's function sees of a node. */
export interface Context {
  readonly node: Node;
  readonly outputShape: readonly number[];
  readonly outputType: string;
  input(index: number): NdArray;
  optional(index: number): NdArray | undefined;
  inputs(): NdArray[];
  int(name: string, fallback: number): number;
  float(name: string, fallback: number): number;
  ints(name: string): readonly number[] | undefined;
  text(name: string, fallback: string): string;
}

/** An operator: its output, or its outputs. */
export type Operator = (c: Context) => NdArray | NdArray[];

/** Evaluates a graph in float64 and gives all its values, or only its outputs, by name. */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Map<string, NdArray> {
  const values = new Map<string, NdArray>();
  for (const initializer of graph.initializers.values()) {
    if (initializer.data.kind !== "inline") {
      throw new Error(`Cannot evaluate ${initializer.name}: not inline`);
    }
    const data = Float64Array.from(decodeNumbers(initializer.type, initializer.data.bytes));
    values.set(initializer.name, { shape: initializer.shape, data });
  }
  for (const { name, shape } of graph.inputs) {
    const fed = feeds[name];
    if (fed === undefined || fed.length !== count(shape)) throw new Error(`Cannot evaluate: input ${name}`);
    values.set(name, { shape, data: Float64Array.from(fed) });
  }
  for (const node of graph.nodes) {
    const operator = OPERATORS[node.op];
    if (operator === undefined) throw new Error(`Cannot evaluate node ${node.name}: no operator ${node.op}`);
    const optional = (index: number) => {
      const name = node.inputs[index];
      return name === undefined || name === "" ? undefined : values.get(name);
    };
    const first = graph.values.get(node.outputs[0]!)!;
    const results = operator({
      node,
      outputShape: first.shape,
      outputType: first.type,
      optional,
      input: (index) => optional(index)!,
      inputs: () => node.inputs.map((_, i) => optional(i)!),
      int: (name, fallback) => intAttribute(node.attributes, name, fallback),
      float: (name, fallback) => floatAttribute(node.attributes, name, fallback),
      ints: (name) => intsAttribute(node.attributes, name),
      text: (name, fallback) => textAttribute(node.attributes, name, fallback),
    });
    node.outputs.forEach((name, i) => {
      const result = Array.isArray(results) ? results[i]! : (results as NdArray);
      const { shape } = graph.values.get(name)!;
      if (String(result.shape) !== String(shape)) {
        throw new Error(
          `Evaluated ${node.name} (${node.op}) to [${result.shape}], the graph says [${shape}]`,
        );
      }
      values.set(name, result);
    });
  }
  return values;
}
