/**
 * Makes a foreign graph static: shapes fixed, every operator in the builder's operator set, shape arithmetic folded,
 * operators without effect removed, branches with a known condition taken.
 *
 * One walk does all of it, because each part needs the others: a rewriting rule may need the rank of its input, that
 * shape may come out of folded arithmetic, and what is folded may be a condition.
 *
 * @module
 */
import { oneLine } from "../../text/foreign_text.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import { OPSET } from "../builder.ts";
import type { OpenGraph, OpenNode } from "../open_graph.ts";
import { hasShapeRule } from "../shapes/mod.ts";
import type { Graph, Value } from "../types.ts";
import { prune } from "./prune.ts";
import type { Patch, Rewrite } from "./rewrite.ts";
import { sorted } from "./sort.ts";
import { type Adapt, createGraphEditor, type GraphEditor } from "./graph_editor.ts";

/** How a graph is made static. */
export interface SpecialiseOptions {
  /** Shapes of inputs by name, where the file leaves them open or others are wanted. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Contents of external data by the names that the file uses. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** The rewriting rule of a node, if there is one. */
  rule(node: OpenNode): Rewrite | undefined;
  /** Changes inputs of nodes; see batch/mod.ts. */
  readonly adapt?: Adapt | undefined;
}

/** A static graph, and notes on what was omitted or changed. */
export interface Specialised {
  readonly graph: Graph;
  readonly notes: readonly string[];
}

/**
 * Makes a foreign graph static.
 *
 * @throws {SyntaxError} When the graph contradicts itself: cycles, names twice, values that nothing defines.
 * @throws {TypeError} When a shape stays open, or an operator is not known or not used in a way that is.
 */
export function specialise(open: OpenGraph, options: SpecialiseOptions): Specialised {
  const notes = new Set<string>();
  const names = new Set<string>();
  collectNames(open, names);
  const w = createGraphEditor(names, options.files, options.adapt);
  open.initializers.forEach((initializer) => w.declare(initializer));
  const inputs = open.inputs.map((input): Value => {
    const shape = options.shapes[input.name] ?? input.shape;
    if (!shape.every((size) => typeof size === "number")) {
      throw new TypeError(
        `Cannot read ONNX model: input ${input.name} has open dimensions [${shape.join(", ")}]`,
      );
    }
    return w.declare({ name: input.name, type: input.type, shape: shape as number[] });
  });
  const opset = open.opsets[""] ?? 0;
  if (opset < LEAST_OPSET || opset > LATEST_OPSET) {
    throw new TypeError(
      `Cannot read ONNX model: its opset is ${opset}, not ${LEAST_OPSET} to ${LATEST_OPSET}; export it again with opset ${EXPORT_OPSET}`,
    );
  }
  for (const node of sorted(open)) visit(w, node, open.opsets, options, notes);

  const { nodes, initializers, values } = w.result();
  const outputs = open.outputs.map((name): Value => {
    const value = w.find(name);
    if (value === undefined) {
      throw new SyntaxError(`Cannot read ONNX model: output ${name} is not computed`);
    }
    const constant = w.initializer(value);
    if (constant !== undefined) initializers.set(value.name, constant);
    if (value.name === name) return value;
    // A name that stands for another value gets an Identity node.
    const output = { ...value, name };
    values.set(name, output);
    nodes.push({
      name: w.unique(`${name}_output`),
      op: "Identity",
      domain: "",
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
    return output;
  });
  const graph = { name: open.name, opset: OPSET, inputs, outputs, initializers, nodes, values };
  return { graph: prune(graph), notes: [...notes] };
}

/** The operator sets that can be read: upgrades begin where broadcasting took its present form. */
export const LEAST_OPSET = 7;
export const LATEST_OPSET = 25;
/** The operator set that errors propose: every exporter and runtime of the last years has it. */
const EXPORT_OPSET = 20;
/** What a person can do about a file that cannot be read as a graph. */
const WAY_OUT = "explain it with --method occlusion, which needs scores alone";

function collectNames(graph: OpenGraph, names: Set<string>): void {
  for (const { name } of [...graph.initializers, ...graph.inputs]) names.add(name);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const name of node.outputs) names.add(name);
    for (const inner of Object.values(node.subgraphs ?? {})) collectNames(inner, names);
  }
}

function visit(
  w: GraphEditor,
  node: OpenNode,
  opsets: Readonly<Record<string, number>>,
  options: SpecialiseOptions,
  notes: Set<string>,
): void {
  const called = `node ${node.name} (${node.domain === "" ? node.op : `${node.domain}.${node.op}`})`;
  if (node.op === "If" && node.domain === "") {
    return takeBranch(w, node, (inner) => visit(w, inner, opsets, options, notes));
  }
  if (node.subgraphs !== undefined) {
    throw new TypeError(
      `Cannot read ${called}: loops and other graphs inside nodes are not supported; ${WAY_OUT}`,
    );
  }
  const rule = options.rule(node);
  if (rule === undefined && (node.domain !== "" || !hasShapeRule(node.op) && node.op !== "NonZero")) {
    throw new TypeError(
      node.domain === ""
        ? `Cannot read ${called}: no rule for this operator; ${WAY_OUT}, or export the model without it`
        : `Cannot read ${called}: the operator is not ONNX's own; ${WAY_OUT}, or export the model without it`,
    );
  }
  if (rule === undefined) return w.settle(node);
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const value = w.find(name);
    if (value === undefined) {
      throw new TypeError(`Cannot read ${called}: it reads ${name}, which is left out`);
    }
    return value;
  });
  w.mark();
  let result: ReturnType<Rewrite>;
  try {
    result = rule({
      w,
      node,
      attributes: node.attributes,
      inputs,
      opset: node.opset ?? opsets[node.domain] ?? 1,
      note: (text) => void notes.add(text),
    });
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
    throw new TypeError(`Cannot read ${called}: ${oneLine(cause.message)}`, { cause });
  }
  if (result === undefined) return w.settle(node);
  if (!isPatch(result)) {
    result.forEach((value, i) => {
      const name = node.outputs[i];
      if (value !== undefined && name !== undefined && name !== "") w.name(name, value);
    });
    return;
  }
  w.settle({
    name: node.name,
    op: result.op ?? node.op,
    domain: "",
    inputs: result.inputs?.map((value) => value?.name ?? "") ?? node.inputs,
    outputs: node.outputs.slice(0, result.outputs ?? node.outputs.length),
    attributes: result.attributes ?? node.attributes,
  });
}

function isPatch(result: NonNullable<ReturnType<Rewrite>>): result is Patch {
  return !Array.isArray(result);
}

/** Puts the nodes of an If's branch in its place; its condition must be known. */
function takeBranch(w: GraphEditor, node: OpenNode, act: (inner: OpenNode) => void): void {
  const condition = w.find(node.inputs[0] ?? "");
  const known = condition === undefined ? undefined : w.numbers(condition);
  if (known === undefined) {
    throw new TypeError(
      `Cannot read node ${node.name} (If): its condition is not known before the network runs; ${WAY_OUT}, ` +
        "or export it without",
    );
  }
  const branch = node.subgraphs?.[known.data[0] !== 0 ? "then_branch" : "else_branch"];
  if (branch === undefined) throw new SyntaxError(`Cannot read node ${node.name} (If): it lacks a branch`);
  // Names of a branch are its own: another branch may have the same ones.
  const own = new Map<string, string>();
  const rename = (name: string) => own.get(name) ?? name;
  const define = (name: string) => {
    if (name !== "" && w.find(name) !== undefined) own.set(name, w.unique(name));
  };
  for (const { name } of branch.initializers) define(name);
  for (const { outputs } of branch.nodes) outputs.forEach(define);
  const outer = new Set<string>();
  collectOuter(branch, w, outer);
  for (const each of branch.initializers) w.declare({ ...each, name: rename(each.name) });
  for (const each of sorted(branch, outer)) {
    act({ ...each, inputs: each.inputs.map(rename), outputs: each.outputs.map(rename) });
  }
  node.outputs.forEach((name, i) => {
    const value = w.find(rename(branch.outputs[i] ?? ""));
    if (value === undefined) {
      throw new SyntaxError(`Cannot read node ${node.name} (If): output ${i} of its branch is not computed`);
    }
    if (name !== "") {
      w.mark();
      w.name(name, value);
    }
  });
}

/** Names that a branch reads and the graph around it has. */
function collectOuter(branch: OpenGraph, w: GraphEditor, outer: Set<string>): void {
  const ask = (name: string) => {
    if (w.find(name) !== undefined) outer.add(name);
  };
  branch.outputs.forEach(ask);
  for (const node of branch.nodes) {
    node.inputs.forEach(ask);
    for (const inner of Object.values(node.subgraphs ?? {})) collectOuter(inner, w, outer);
  }
}
