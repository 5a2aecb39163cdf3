/**
 * The function that a classifier ends in, found and taken away by one rule, so that what is reported and what is
 * computed cannot differ.
 *
 * @module
 */
import { prune } from "./passes/prune.ts";
import type { Graph, Node } from "./types.ts";

/**
 * The function that a network ends in: its scores are probabilities of one class ("softmax"), their logarithms
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

/** Operators that lay numbers out anew or change their type, but not what they mean. */
const PASSING = new Set(["Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"]);

/**
 * Operators that hold numbers in a range made for what the activation gives, or round them to a grid of it: behind it
 * they pass, and go away with it, for plain scores would be cut off at the range's ends. A dequantised graph has Clip in
 * their place.
 */
const BOUNDING = new Set(["QuantizeLinear", "DequantizeLinear", "Clip"]);

/** What the rule reads of a node, of a graph or of a file. */
export interface ActivationNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What an output has been through last. */
export interface FinalActivation<N extends ActivationNode> {
  readonly activation: OutputActivation;
  /** The node that computes it; undefined where there is none. */
  readonly node: N | undefined;
  /** The nodes between it and the output, the one nearest the output first. */
  readonly behind: readonly N[];
}

/** Finds the function that the output of that name has been through last. */
export function finalActivation<N extends ActivationNode>(
  nodes: readonly N[],
  output: string,
): FinalActivation<N> {
  const behind: N[] = [];
  let name = output;
  // As many steps as there are nodes, at most: a cycle must not hold us.
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes.find((each) => each.outputs[0] === name);
    if (node === undefined) break;
    const activation = ACTIVATIONS[node.op];
    if (activation !== undefined) return { activation, node, behind };
    if (!PASSING.has(node.op) && !BOUNDING.has(node.op)) break;
    behind.push(node);
    name = node.inputs[0]!;
  }
  return { activation: "none", node: undefined, behind: [] };
}

/**
 * The graph with the output of that name alone, without the function that it has been through last: the loss and
 * gradients take plain scores. What only lays the numbers out anew stays.
 */
export function withoutFinalActivation(graph: Graph, output: string): Graph {
  const { node, behind } = finalActivation(graph.nodes, output);
  const only = { ...graph, outputs: [graph.values.get(output)!] };
  if (node === undefined) return only;
  /** What stands in the place of a value: the activation's input for its output, and on through what goes away. */
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
