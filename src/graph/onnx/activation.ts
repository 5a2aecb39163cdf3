/**
 * What the scores of a classifier have been through: a softmax inside the network, or none.
 *
 * @module
 */
import type { GraphProto } from "onnx-buf";

/**
 * The function that a network ends in: its scores are probabilities of one class ("softmax"), their logarithms
 * ("log-softmax"), probabilities of each class on its own ("sigmoid"), or plain scores ("none").
 */
export type OutputActivation = "softmax" | "log-softmax" | "sigmoid" | "none";

const ACTIVATIONS: Readonly<Record<string, OutputActivation>> = {
  Softmax: "softmax",
  LogSoftmax: "log-softmax",
  Sigmoid: "sigmoid",
};

/** Operators that move numbers or change their type, but not what they mean. */
const PASSING = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** The function that the output named `output` has been through last. */
export function activationOf(graph: GraphProto, output: string): OutputActivation {
  let name = output;
  // As many steps as there are nodes, at most: a cycle must not hold us.
  for (let i = 0; i < graph.node.length; i++) {
    const node = graph.node.find((each) => each.output[0] === name);
    if (node === undefined) return "none";
    const found = ACTIVATIONS[node.opType];
    if (found !== undefined) return found;
    if (PASSING.has(node.opType)) name = node.input[0]!;
    else return "none";
  }
  return "none";
}
