/**
 * Puts the bodies of a model's own functions in place of their calls, as ONNX defines it: names inside become names of
 * the call, and attributes that refer to the function's take the call's value, or the default.
 *
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { shortened } from "../../text/foreign_text.ts";
import { createNames } from "../names.ts";

/** Calls inside calls: no exporter goes deeper. */
const DEEPEST_CALL = 64;
/** Nodes that calls may make: ten times those of the largest networks, far fewer than functions that double each other. */
const MOST_NODES = 2 ** 17;

/** A graph without calls, and the operator sets of nodes that come from a function with others. */
export interface InlinedGraph {
  readonly graph: GraphProto;
  /** Versions by domain. */
  readonly opsets: ReadonlyMap<NodeProto, Readonly<Record<string, number>>>;
}

/**
 * The graph of a model with its functions in place of their calls; the same graph if it has none.
 *
 * @throws {SyntaxError} When functions call themselves, or make too many nodes.
 */
export function inlineFunctions(model: ModelProto): InlinedGraph {
  const opsets = new Map<NodeProto, Readonly<Record<string, number>>>();
  if (model.functions.length === 0) return { graph: model.graph!, opsets };
  const functions = new Map(
    model.functions.map((each) => [callKey(each.domain, each.name, each.overload), each]),
  );
  const taken = new Set<string>();
  collectNames(model.graph!, taken);
  const unique = createNames((name) => taken.has(name));
  let made = 0;

  function graphWith(graph: GraphProto, scope: Scope, depth: number): GraphProto {
    return Object.assign(create(GraphProtoSchema), graph, {
      input: graph.input.map((value) => named(ValueInfoProtoSchema, value, scope)),
      initializer: graph.initializer.map((tensor) => named(TensorProtoSchema, tensor, scope)),
      node: graph.node.flatMap((node) => nodesFor(node, scope, depth)),
      output: graph.output.map((value) => named(ValueInfoProtoSchema, value, scope)),
    });
  }

  function nodesFor(given: NodeProto, scope: Scope, depth: number): NodeProto[] {
    if (++made > MOST_NODES) {
      throw new SyntaxError(`Cannot read ONNX model: its functions make more than ${MOST_NODES} nodes`);
    }
    const node = Object.assign(create(NodeProtoSchema), given, {
      name: given.name === "" ? "" : scope.prefix + given.name,
      input: given.input.map(scope.renamed),
      output: given.output.map(scope.renamed),
      attribute: given.attribute.flatMap((each) => boundAttribute(each, scope)).map((each) =>
        each.g === undefined
          ? each
          : Object.assign(create(AttributeProtoSchema), each, { g: graphWith(each.g, scope, depth + 1) })
      ),
    });
    const called = functions.get(callKey(node.domain, node.opType, node.overload));
    if (called === undefined) {
      if (scope.opsets !== undefined) opsets.set(node, scope.opsets);
      return [node];
    }
    if (depth > DEEPEST_CALL) {
      throw new SyntaxError(
        `Cannot read ONNX model: its function ${
          shortened(called.name)
        } calls itself, or calls lie more than ` +
          `${DEEPEST_CALL} deep`,
      );
    }
    const inner = callScope(called, node, unique);
    return called.node.flatMap((each) => nodesFor(each, inner, depth + 1));
  }

  const outer: Scope = { prefix: "", renamed: (name) => name, attributes: undefined, opsets: undefined };
  return { graph: graphWith(model.graph!, outer, 0), opsets };
}

/** The body of a function as a graph, to check it like one. */
export function functionBody({ name, node }: FunctionProto): GraphProto {
  return create(GraphProtoSchema, { name, node });
}

/** What names and references mean inside a function, for one call. */
interface Scope {
  readonly prefix: string;
  renamed(name: string): string;
  /** Attributes of the call, and defaults; `undefined` outside of functions. */
  readonly attributes: ReadonlyMap<string, AttributeProto> | undefined;
  readonly opsets: Readonly<Record<string, number>> | undefined;
}

/** A copy with the name that it has in a scope. */
function named<T extends ValueInfoProto | TensorProto>(schema: GenMessage<T>, value: T, scope: Scope): T {
  return Object.assign(create(schema), value, { name: scope.renamed(value.name) });
}

function callScope(called: FunctionProto, call: NodeProto, unique: (stem: string) => string): Scope {
  const prefix = `${call.name || call.output.find((name) => name !== "") || called.name}/`;
  const names = new Map<string, string>([["", ""]]);
  called.input.forEach((name, i) => names.set(name, call.input[i] ?? ""));
  called.output.forEach((name, i) => {
    const given = call.output[i] ?? "";
    if (given !== "") names.set(name, given);
  });
  const renamed = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const own = unique(prefix + name);
    names.set(name, own);
    return own;
  };
  const attributes = new Map(called.attributeProto.map((each) => [each.name, each]));
  for (const each of call.attribute) attributes.set(each.name, each);
  const opsets = Object.fromEntries(
    called.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, Number(version)]),
  );
  return { prefix, renamed, attributes, opsets };
}

/** An attribute with the value that it refers to; none where the call leaves an optional one out. */
function boundAttribute(attribute: AttributeProto, { attributes }: Scope): AttributeProto[] {
  if (attribute.refAttrName === "" || attributes === undefined) return [attribute];
  const value = attributes.get(attribute.refAttrName);
  return value === undefined
    ? []
    : [Object.assign(create(AttributeProtoSchema), value, { name: attribute.name })];
}

function callKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain === "ai.onnx" ? "" : domain, name, overload]);
}

/** All names of values in a graph and the graphs inside it. */
function collectNames(graph: GraphProto, names: Set<string>): void {
  for (const { name } of [...graph.input, ...graph.output, ...graph.initializer]) names.add(name);
  for (const { input, output, attribute } of graph.node) {
    for (const name of [...input, ...output]) names.add(name);
    for (const { g } of attribute) if (g !== undefined) collectNames(g, names);
  }
}
