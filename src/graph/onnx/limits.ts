/**
 * Limits that no real .onnx file exceeds, checked before anything else: names that could inject text into an error, a
 * log or a terminal, tensors of hundreds of dimensions, deeply nested graphs.
 *
 * @module
 */
import type { GraphProto, TensorProto, TypeProto } from "onnx-buf";
import { shortened } from "../../text/foreign_text.ts";

/** Real exporters write paths of modules, some hundred characters at most. */
const LONGEST_NAME = 4096;
/** PyTorch's own limit; runtimes stop far below it. */
const MOST_DIMENSIONS = 64;
/** Nested branches and loops; real files are far below it. */
const DEEPEST_GRAPH = 32;

/**
 * Refuses a graph with names, dimensions or inner graphs beyond what a real one has.
 *
 * @throws {SyntaxError} When something is; the message names it.
 */
export function checkLimits(graph: GraphProto, depth = 0): void {
  if (depth > DEEPEST_GRAPH) {
    throw new SyntaxError(`Cannot read ONNX model: more than ${DEEPEST_GRAPH} graphs lie in each other`);
  }
  checkName(graph.name);
  for (const tensor of graph.initializer) checkTensor(tensor.name, tensor);
  for (const { name, type } of [...graph.input, ...graph.output]) {
    checkName(name);
    checkType(name, type);
  }
  for (const node of graph.node) {
    for (const name of [node.name, node.opType, node.domain, ...node.input, ...node.output]) checkName(name);
    for (const { name, t, tensors, g, graphs } of node.attribute) {
      checkName(name);
      for (const tensor of t === undefined ? tensors : [t, ...tensors]) checkTensor(name, tensor);
      for (const inner of g === undefined ? graphs : [g, ...graphs]) checkLimits(inner, depth + 1);
    }
  }
}

/** A tensor's names and rank; `owner` is what an error calls it: tensors of attributes are mostly nameless. */
function checkTensor(owner: string, { name, dims, externalData }: TensorProto): void {
  for (const text of [name, ...externalData.flatMap(({ key, value }) => [key, value])]) checkName(text);
  checkRank(owner, dims.length);
}

function checkType(name: string, type: TypeProto | undefined): void {
  const dimensions = type?.value.case === "tensorType" ? type.value.value.shape?.dim ?? [] : [];
  checkRank(name, dimensions.length);
  for (const { value } of dimensions) if (value.case === "dimParam") checkName(value.value);
}

function checkRank(name: string, rank: number): void {
  if (rank > MOST_DIMENSIONS) {
    throw new SyntaxError(`Cannot read ONNX model: ${shortened(name)} has ${rank} dimensions`);
  }
}

function checkName(name: string): void {
  if (name.length > LONGEST_NAME) {
    throw new SyntaxError(`Cannot read ONNX model: a name has ${name.length} characters: ${shortened(name)}`);
  }
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) {
    throw new SyntaxError(`Cannot read ONNX model: the name ${shortened(name)} has control characters`);
  }
}
