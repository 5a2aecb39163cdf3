/**
 * Reads and writes .onnx files. The only place that knows protobuf (npm:onnx-buf).
 *
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { decodeNumbers, encodeNumbers } from "./constants.ts";
import { DATA_TYPE_CODES, dataTypeOf } from "./shapes/elementwise.ts";
import { inferShapes } from "./shapes/mod.ts";
import {
  type Attribute,
  type DataType,
  type Graph,
  type Initializer,
  type InitializerData,
  type Node,
  sizeOf,
  type Value,
} from "./types.ts";

/** ONNX IR version written: 8 came with opset 17's releases. */
const IR_VERSION = 8n;

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
  /** Files of external data that it points to, as it names them. */
  readonly externalFiles: readonly string[];
  /** How often each operator occurs; other domains as `domain.Op`. */
  readonly operators: Readonly<Record<string, number>>;
}

/**
 * Writes a graph as an .onnx file. Unbound weights are an error.
 *
 * External data stay where they are and the file points to them, unless `files` holds them: then they are
 * written into the .onnx file.
 *
 * @param files Bytes of the external files to take in, by the name that the graph's initializers use.
 */
export function encodeOnnx(
  graph: Graph,
  options: { readonly files?: ReadonlyMap<string, Uint8Array> } = {},
): Uint8Array {
  const initializers: TensorProto[] = [];
  const heavy: { tensor: TensorProto; bytes: Uint8Array }[] = [];
  for (const initializer of graph.initializers.values()) {
    const { name, data } = initializer;
    if (data.kind === "unbound") {
      throw new TypeError(`Cannot write graph ${graph.name}: weight ${name} is not bound to data`);
    }
    const bytes = data.kind === "inline"
      ? data.bytes
      : options.files?.get(data.file)?.subarray(data.offset, data.offset + data.length);
    if (bytes !== undefined && bytes.length > HEAVY_BYTES) {
      const empty = { ...initializer, data: { kind: "inline", bytes: new Uint8Array() } } as const;
      heavy.push({ tensor: tensorProto(name, empty), bytes });
    } else if (bytes !== undefined) {
      initializers.push(tensorProto(name, { ...initializer, data: { kind: "inline", bytes } }));
    } else initializers.push(tensorProto(name, initializer));
  }
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "ptame",
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(graph.opset) })],
    graph: create(GraphProtoSchema, {
      name: graph.name,
      initializer: initializers,
      input: graph.inputs.map(valueInfoProto),
      output: graph.outputs.map(valueInfoProto),
      node: graph.nodes.map((node) =>
        create(NodeProtoSchema, {
          name: node.name,
          opType: node.op,
          domain: node.domain,
          input: [...node.inputs],
          output: [...node.outputs],
          attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
        })
      ),
    }),
  });
  return joined([toBinary(ModelProtoSchema, model), ...heavy.flatMap(appendedInitializer)]);
}

/** Initializers above this size are appended by hand: the protobuf library copies them several times. */
const HEAVY_BYTES = 4096;

/**
 * The bytes that, appended to a model, add one initializer to its graph. Protobuf merges an embedded message
 * that occurs twice, so a second `graph` field (7) with one `initializer` (5) and its `raw_data` (9) is enough.
 */
function appendedInitializer({ tensor, bytes }: { tensor: TensorProto; bytes: Uint8Array }): Uint8Array[] {
  const head = toBinary(TensorProtoSchema, tensor);
  const rawTag = lengthDelimited(9, bytes.length);
  const tensorTag = lengthDelimited(5, head.length + rawTag.length + bytes.length);
  const graphTag = lengthDelimited(7, tensorTag.length + head.length + rawTag.length + bytes.length);
  return [graphTag, tensorTag, head, rawTag, bytes];
}

/** Tag of a length-delimited field and its length, as protobuf's varints. */
function lengthDelimited(field: number, length: number): Uint8Array {
  const bytes = [field << 3 | 2];
  let rest = length;
  while (rest > 127) {
    bytes.push(rest % 128 + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
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
    externalFiles: [...external],
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

function valueInfoProto(value: Value): ValueInfoProto {
  const dim = value.shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(size) } })
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: DATA_TYPE_CODES[value.type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
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

function tensorProto(name: string, tensor: Omit<Initializer, "name">): TensorProto {
  const base = {
    name,
    dims: tensor.shape.map(BigInt),
    dataType: DATA_TYPE_CODES[tensor.type],
  };
  if (tensor.data.kind === "inline") {
    return create(TensorProtoSchema, { ...base, rawData: tensor.data.bytes as Uint8Array<ArrayBuffer> });
  }
  if (tensor.data.kind === "unbound") {
    throw new TypeError(`Cannot write tensor ${name}: it is not bound to data`);
  }
  const { file, offset, length } = tensor.data;
  return create(TensorProtoSchema, {
    ...base,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries({ location: file, offset: String(offset), length: String(length) }).map(
      ([key, value]) => create(StringStringEntryProtoSchema, { key, value }),
    ),
  });
}

/** Type, shape and data of a stored tensor, whichever of ONNX's fields it uses. */
function tensorData(tensor: TensorProto): Omit<Initializer, "name"> {
  const type = dataTypeOf(tensor.dataType);
  const shape = tensor.dims.map(Number);
  const elements = sizeOf(shape);
  if (shape.some((size) => size < 0 || !Number.isSafeInteger(size)) || !Number.isSafeInteger(elements)) {
    throw new SyntaxError(
      `Cannot read ONNX model: tensor ${tensor.name} has dimensions [${shape.join(", ")}]`,
    );
  }
  return { type, shape, data: dataOf(tensor, type, elements) };
}

function dataOf(tensor: TensorProto, type: DataType, elements: number): InitializerData {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    const entries = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]));
    const file = entries["location"] ?? "";
    if (file === "" || file.startsWith("/") || file.includes("\\") || file.split("/").includes("..")) {
      throw new SyntaxError(
        `Cannot read ONNX model: tensor ${tensor.name} points outside the model's folder: ${file}`,
      );
    }
    return {
      kind: "external",
      file,
      offset: Number(entries["offset"] ?? 0),
      length: Number(entries["length"] ?? 0),
    };
  }
  if (tensor.rawData.length > 0 || elements === 0) return { kind: "inline", bytes: tensor.rawData };
  const numbers = type === "float32"
    ? tensor.floatData
    : type === "int64"
    ? tensor.int64Data.map(Number)
    : type === "float64"
    ? tensor.doubleData
    : type === "uint64" || type === "uint32"
    ? tensor.uint64Data.map(Number)
    : tensor.int32Data;
  if (numbers.length !== elements) {
    throw new SyntaxError(
      `Cannot read ONNX model: tensor ${tensor.name} holds ${numbers.length} of ${elements} elements`,
    );
  }
  // float16 in int32_data is its bit pattern, two bytes each.
  const stored = type === "float16" || type === "bfloat16" ? "uint16" : type;
  return { kind: "inline", bytes: encodeNumbers(stored, numbers) };
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  const utf8 = (value: string) => new TextEncoder().encode(value);
  switch (attribute.type) {
    case "int":
      return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(attribute.value) });
    case "float":
      return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: attribute.value });
    case "string":
      return create(AttributeProtoSchema, { name, type: Kind.STRING, s: utf8(attribute.value) });
    case "ints":
      return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: attribute.value.map(BigInt) });
    case "floats":
      return create(AttributeProtoSchema, { name, type: Kind.FLOATS, floats: [...attribute.value] });
    case "strings":
      return create(AttributeProtoSchema, { name, type: Kind.STRINGS, strings: attribute.value.map(utf8) });
    case "tensor":
      return create(AttributeProtoSchema, { name, type: Kind.TENSOR, t: tensorProto("", attribute.value) });
  }
}

function attributeOf(nodeName: string, proto: AttributeProto): Attribute {
  const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  switch (proto.type) {
    case Kind.INT:
      return { type: "int", value: Number(proto.i) };
    case Kind.FLOAT:
      return { type: "float", value: proto.f };
    case Kind.STRING:
      return { type: "string", value: utf8(proto.s) };
    case Kind.INTS:
      return { type: "ints", value: proto.ints.map(Number) };
    case Kind.FLOATS:
      return { type: "floats", value: proto.floats };
    case Kind.STRINGS:
      return { type: "strings", value: proto.strings.map(utf8) };
    case Kind.TENSOR:
      return { type: "tensor", value: tensorData(proto.t!) };
    default:
      throw new TypeError(
        `Cannot read node ${nodeName}: attribute ${proto.name} is of a kind that is not supported (${
          Kind[proto.type]
        })`,
      );
  }
}
