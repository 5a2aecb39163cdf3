/**
 * Reads .onnx files: as a summary, or as an open graph. A file is untrusted: its claims are checked.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "onnx-buf";
import { likeness } from "../../bytes/likeness.ts";
import type { OpenGraph, OpenNode, OpenValue } from "../open_graph.ts";
import { functionBody, type InlinedGraph, inlineFunctions } from "./functions.ts";
import { checkEntries } from "./check_entries.ts";
import { checkLimits } from "./limits.ts";
import { describeOutputs, type OpenOutput } from "./outputs.ts";
import { checkLocation, decodeAttribute, tensorData } from "./tensors.ts";
import { openValue } from "./values.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Facts about an .onnx file, without running it. */
export interface OnnxSummary {
  /** Version of ONNX's own operator set; 0 where the file names none. */
  readonly opset: number;
  /** Inputs that a caller feeds (initializers left out). */
  readonly inputs: readonly OpenValue[];
  /** Its outputs, of every kind. */
  readonly outputs: readonly OpenOutput[];
  /** Files of external data that it points to, as it names them. */
  readonly externalFiles: readonly string[];
  /** Free texts by key that it carries. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How often each operator occurs; other domains as `domain.Op`. */
  readonly operators: Readonly<Record<string, number>>;
}

/**
 * Describes the inputs and outputs of an .onnx file, without building a graph.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model, or its external data lie outside its folder.
 */
export function inspectOnnx(bytes: Uint8Array): OnnxSummary {
  const { model, graph } = parse(bytes);
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  const operators: Record<string, number> = {};
  for (const node of graph.node) {
    const name = isOnnxDomain(node.domain) ? node.opType : `${node.domain}.${node.opType}`;
    operators[name] = (operators[name] ?? 0) + 1;
  }
  const external = new Set<string>();
  for (const tensor of tensorsOf(graph)) {
    const location = tensor.externalData.find((entry) => entry.key === "location")?.value;
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL && location !== undefined) {
      // Here already: the files are read before the graph is.
      checkLocation(tensor.name, location);
      external.add(location);
    }
  }
  return {
    opset: operatorSet(model),
    inputs: graph.input.filter((value) => !initializers.has(value.name)).map(openValue),
    outputs: describeOutputs(graph),
    externalFiles: [...external],
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    operators,
  };
}

/**
 * Reads an .onnx file unchanged: nothing is computed, and only its form is checked.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model, or one that contradicts itself.
 * @throws {TypeError} When it contains something unsupported; the message names it.
 */
export function readOnnx(bytes: Uint8Array): OpenGraph {
  const { model, graph, opsets: own } = parse(bytes);
  const opsets: Record<string, number> = {};
  for (const { domain, version } of model.opsetImport) opsets[ownDomain(domain)] = Number(version);
  return openGraph(graph, opsets, own, 0);
}

/** Graphs inside graphs inside graphs: no exporter goes deeper. */
const DEEPEST = 16;

function openGraph(
  proto: GraphProto,
  opsets: Readonly<Record<string, number>>,
  own: InlinedGraph["opsets"],
  depth: number,
): OpenGraph {
  if (depth > DEEPEST) {
    throw new SyntaxError(`Cannot read ONNX model: its graphs are nested more than ${DEEPEST} deep`);
  }
  if (proto.sparseInitializer.length > 0) {
    throw new TypeError("Cannot read ONNX model: it has sparse initializers, which are not supported");
  }
  const initializers = proto.initializer.map((tensor) => ({ name: tensor.name, ...tensorData(tensor) }));
  const names = new Set(initializers.map(({ name }) => name));
  return {
    name: proto.name,
    opsets,
    inputs: proto.input.filter(({ name }) => !names.has(name)).map(openValue),
    outputs: proto.output.map(({ name }) => name),
    initializers,
    nodes: proto.node.map((each, index) => {
      const name = each.name || `${each.opType}_${index}`;
      const graphs = each.attribute.filter(({ g }) => g !== undefined);
      const version = own.get(each)?.[ownDomain(each.domain)];
      const node: OpenNode = {
        name,
        op: each.opType,
        domain: ownDomain(each.domain),
        inputs: each.input,
        outputs: each.output,
        attributes: Object.fromEntries(
          each.attribute.filter(({ g }) => g === undefined).map((a) => [a.name, decodeAttribute(name, a)]),
        ),
        ...withoutUndefined({ opset: version }),
      };
      if (graphs.length === 0) return node;
      const inside = graphs.map((a) => [a.name, openGraph(a.g!, opsets, own, depth + 1)]);
      return { ...node, subgraphs: Object.fromEntries(inside) };
    }),
  };
}

/** A model, and its graph with its functions in place of their calls. */
function parse(bytes: Uint8Array): InlinedGraph & { readonly model: ModelProto } {
  checkEntries(bytes);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ONNX model: ${otherFile(bytes, NOT_PROTOBUF)}`, { cause });
  }
  if (model.graph === undefined || model.graph.node.length + model.graph.output.length === 0) {
    throw new SyntaxError(`Cannot read ONNX model: ${otherFile(bytes, "it holds no graph")}`);
  }
  checkLimits(model.graph);
  for (const each of model.functions) checkLimits(functionBody(each));
  return { model, ...inlineFunctions(model) };
}

const NOT_PROTOBUF = "the bytes are not a protobuf message of that kind";

/** What the bytes are instead of a model, if that is known. */
function otherFile(bytes: Uint8Array, otherwise: string): string {
  const what = likeness(bytes);
  return ["something else", "empty", "an .onnx model"].includes(what) ? otherwise : `it is ${what}`;
}

/** All tensors that a graph stores: initializers and constants, those of inner graphs too. */
function* tensorsOf(graph: GraphProto, depth = 0): Generator<TensorProto> {
  yield* graph.initializer;
  for (const node of graph.node) {
    for (const { t, g } of node.attribute) {
      if (t !== undefined) yield t;
      if (g !== undefined && depth < DEEPEST) yield* tensorsOf(g, depth + 1);
    }
  }
}

/** A domain by its usual name: ONNX's own has two. */
function ownDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function isOnnxDomain(domain: string): boolean {
  return ownDomain(domain) === "";
}

function operatorSet(model: ModelProto): number {
  return Number(model.opsetImport.find((entry) => isOnnxDomain(entry.domain))?.version ?? 0n);
}
