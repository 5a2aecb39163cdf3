/**
 * Finds and removes the activation at the end of a classifier with one rule, so that the reported and the removed
 * function cannot differ.
 *
 * @module
 */
import { prune } from "./passes/prune.ts";
import type { Graph, Node } from "./types.ts";

/**
 * The activation at the end of a network: its scores are probabilities of one class ("softmax"), their logarithms
 * ("log-softmax"), probabilities of each class on its own ("sigmoid"), or plain scores ("none").
 */
export type OutputActivation = "softmax" | "log-softmax" | "sigmoid" | "none";

const ACTIVATIONS: Readonly<Record<string, OutputActivation>> = {
  Softmax: "softmax",
  LogSoftmax: "log-softmax",
  Sigmoid: "sigmoid",
  // As ONNX Runtime's quantiser fuses them (com.microsoft).
  QLinearSoftmax: "softmax",
  QLinearSigmoid: "sigmoid",
};

/** Operators that change the layout or type of numbers, but not their meaning. */
export const LAYOUT_OPERATORS: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
]);

/**
 * Operators that clamp or round numbers to the range of the activation. After an activation they are skipped, and
 * removed with it, because they would clip plain scores. A dequantised graph has Clip instead.
 */
const BOUNDING = new Set(["QuantizeLinear", "DequantizeLinear", "Clip"]);

/** The properties of a node that the rule reads, in a graph or a file. */
export interface ActivationNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The final activation of an output. */
export interface FinalActivation<N extends ActivationNode> {
  readonly activation: OutputActivation;
  /** The node that computes it; undefined if there is none. */
  readonly node: N | undefined;
  /** The nodes between it and the output, the one nearest the output first. */
  readonly behind: readonly N[];
}

/** Finds the final activation of an output. */
export function finalActivation<N extends ActivationNode>(
  nodes: readonly N[],
  output: string,
): FinalActivation<N> {
  const behind: N[] = [];
  let name = output;
  // At most as many steps as nodes, in case of a cycle.
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes.find((each) => each.outputs[0] === name);
    if (node === undefined) break;
    const activation = ACTIVATIONS[node.op];
    if (activation !== undefined) return { activation, node, behind };
    if (!LAYOUT_OPERATORS.has(node.op) && !BOUNDING.has(node.op)) break;
    behind.push(node);
    name = node.inputs[0]!;
  }
  return { activation: "none", node: undefined, behind: [] };
}

/**
 * The graph with only one output, without its final activation, because the loss and gradients need plain scores.
 * Operators that only change the layout stay.
 */
export function withoutFinalActivation(graph: Graph, output: string): Graph {
  const { node, behind } = finalActivation(graph.nodes, output);
  const only = { ...graph, outputs: [graph.values.get(output)!] };
  if (node === undefined) return only;
  /** The replacement of a value: the activation's input for its output, also through removed nodes. */
  const replaced = new Map([[node.outputs[0]!, node.inputs[0]!]]);
  const changed = new Map<Node, Node | undefined>([[node, undefined]]);
  for (const each of [...behind].reverse()) {
    const from = replaced.get(each.inputs[0]!) ?? each.inputs[0]!;
    if (BOUNDING.has(each.op)) {
      replaced.set(each.outputs[0]!, from);
      changed.set(each, undefined);
    } else {
      changed.set(each, { ...each, inputs: [from, ...each.inputs.slice(1)] });
    }
  }
  const nodes = graph.nodes.flatMap((each) => changed.has(each) ? changed.get(each) ?? [] : each);
  const name = replaced.get(output) ?? output;
  return prune({ ...only, nodes, outputs: [graph.values.get(name)!] });
}
