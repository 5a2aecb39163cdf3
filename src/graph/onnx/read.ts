/**
 * Reads .onnx files: as a summary, or as a graph with static shapes. A file is untrusted: what it claims is checked.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, TensorProto_DataLocation, type ValueInfoProto } from "onnx-buf";
import { decodeNumbers } from "../constants.ts";
import { dataTypeOf } from "../shapes/elementwise.ts";
import { inferShapes } from "../shapes/mod.ts";
import type { DataType, Graph, Initializer, Node, Value } from "../types.ts";
import { activationOf, type OutputActivation } from "./activation.ts";
import { attributeOf, tensorData } from "./tensors.ts";

/** What an .onnx file takes or gives, before shapes are fixed: an open dimension is its symbol, or "?". */
export interface OpenValue {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

/** What can be said of an .onnx file without running it. */
export interface OnnxSummary {
  /** Version of ONNX's own operator set; 0 where the file names none. */
  readonly opset: number;
  /** Inputs that a caller feeds (initializers left out). */
  readonly inputs: readonly OpenValue[];
  readonly outputs: readonly OpenValue[];
  /** What each output has been through last, in the order of `outputs`. */
  readonly activations: readonly OutputActivation[];
  /** Files of external data that it points to, as it names them. */
  readonly externalFiles: readonly string[];
  /** Free texts by key that it carries. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How often each operator occurs; other domains as `domain.Op`. */
  readonly operators: Readonly<Record<string, number>>;
}

/**
 * Says what an .onnx file takes and gives, without building a graph of it.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 */
export function inspectOnnx(bytes: Uint8Array): OnnxSummary {
  const model = parse(bytes);
  const graph = model.graph!;
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  const operators: Record<string, number> = {};
  for (const node of graph.node) {
    const name = isOnnxDomain(node.domain) ? node.opType : `${node.domain}.${node.opType}`;
    operators[name] = (operators[name] ?? 0) + 1;
  }
  const external = new Set<string>();
  for (const tensor of graph.initializer) {
    const location = tensor.externalData.find((entry) => entry.key === "location")?.value;
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL && location !== undefined) {
      external.add(location);
    }
  }
  return {
    opset: opsetOf(model),
    inputs: graph.input.filter((value) => !initializers.has(value.name)).map(openValue),
    outputs: graph.output.map(openValue),
    activations: graph.output.map(({ name }) => activationOf(graph, name)),
    externalFiles: [...external],
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    operators,
  };
}

/**
 * Reads an .onnx file as a graph with static shapes; `shapes` fixes inputs whose dimensions are open.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model, or one that contradicts itself.
 * @throws {TypeError} When a shape stays open or an operator is not known.
 */
export function decodeOnnx(
  bytes: Uint8Array,
  options: { readonly shapes?: Readonly<Record<string, readonly number[]>> } = {},
): Graph {
  const model = parse(bytes);
  const proto = model.graph!;
  const values = new Map<string, Value>();
  const initializers = new Map<string, Initializer>();
  const declare = (value: Value) => {
    if (values.has(value.name)) {
      throw new SyntaxError(`Cannot read ONNX model: ${value.name} is defined twice`);
    }
    values.set(value.name, value);
  };
  for (const tensor of proto.initializer) {
    const initializer = { name: tensor.name, ...tensorData(tensor) };
    declare({ name: initializer.name, type: initializer.type, shape: initializer.shape });
    initializers.set(tensor.name, initializer);
  }
  const inputs: Value[] = [];
  for (const info of proto.input) {
    if (initializers.has(info.name)) continue;
    const open = openValue(info);
    const shape = options.shapes?.[info.name] ?? open.shape;
    if (shape.some((size) => typeof size !== "number")) {
      throw new TypeError(
        `Cannot read ONNX model: input ${info.name} has open dimensions [${shape.join(", ")}]`,
      );
    }
    const value = { name: info.name, type: open.type, shape: shape as number[] };
    declare(value);
    inputs.push(value);
  }
  const nodes: Node[] = [];
  proto.node.forEach((each, index) => {
    const name = each.name || `${each.opType}_${index}`;
    const attributes = Object.fromEntries(each.attribute.map((a) => [a.name, attributeOf(name, a)]));
    if (!isOnnxDomain(each.domain)) {
      throw new TypeError(
        `Cannot read node ${name}: operator ${each.domain}.${each.opType} is not ONNX's own`,
      );
    }
    if (each.opType === "Constant") {
      const value = attributes["value"];
      if (value?.type !== "tensor") {
        throw new TypeError(`Cannot read node ${name}: a Constant without a tensor value`);
      }
      const initializer = { name: each.output[0]!, ...value.value };
      declare({ name: initializer.name, type: initializer.type, shape: initializer.shape });
      initializers.set(initializer.name, initializer);
      return;
    }
    const nodeInputs = each.input.map((input) => {
      if (input === "") return undefined;
      const value = values.get(input);
      if (value === undefined) {
        throw new SyntaxError(
          `Cannot read ONNX model: node ${name} reads ${input}, which nothing before it defines`,
        );
      }
      return value;
    });
    const infos = inferShapes(name, {
      op: each.opType,
      attributes,
      inputs: nodeInputs,
      outputCount: each.output.length,
      constant: (at) => {
        const data = initializers.get(nodeInputs[at]?.name ?? "");
        return data?.data.kind === "inline" ? decodeNumbers(data.type, data.data.bytes) : undefined;
      },
    });
    each.output.forEach((output, i) => {
      if (output !== "") declare({ name: output, ...infos[i]! });
    });
    nodes.push({ name, op: each.opType, domain: "", inputs: each.input, outputs: each.output, attributes });
  });
  const outputs = proto.output.map((info) => {
    const value = values.get(info.name);
    if (value === undefined) {
      throw new SyntaxError(`Cannot read ONNX model: output ${info.name} is not computed`);
    }
    return value;
  });
  return { name: proto.name, opset: opsetOf(model), inputs, outputs, initializers, nodes, values };
}

function parse(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new SyntaxError("Cannot read ONNX model: the bytes are not a protobuf message of that kind", {
      cause,
    });
  }
  if (model.graph === undefined || model.graph.node.length + model.graph.output.length === 0) {
    throw new SyntaxError("Cannot read ONNX model: it holds no graph");
  }
  return model;
}

function isOnnxDomain(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

function opsetOf(model: ModelProto): number {
  return Number(model.opsetImport.find((entry) => isOnnxDomain(entry.domain))?.version ?? 0n);
}

function openValue(info: ValueInfoProto): OpenValue {
  const kind = info.type?.value;
  if (kind?.case !== "tensorType") {
    throw new SyntaxError(`Cannot read ONNX model: ${info.name} is not a tensor`);
  }
  const shape = (kind.value.shape?.dim ?? []).map((dim) => {
    if (dim.value.case === "dimValue") return Number(dim.value.value);
    return dim.value.case === "dimParam" && dim.value.value !== "" ? dim.value.value : "?";
  });
  return { name: info.name, type: dataTypeOf(kind.value.elemType), shape };
}
