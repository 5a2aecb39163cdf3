/**
 * Writes .onnx files.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import { DATA_TYPE_CODES } from "../shapes/elementwise.ts";
import type { Attribute, Graph, Node, Subgraph, Value } from "../types.ts";
import { attributeProto, tensorProto } from "./tensors.ts";

/** ONNX IR version written: 8 came with opset 17's releases. */
const IR_VERSION = 8n;

/** Most bytes that a protobuf message may have. */
const MOST_BYTES = 2 ** 31 - 1;

/** Options of writing, besides the graph. */
export interface EncodeOptions {
  /**
   * Contents of the external files to take in, by the name that the graph's initializers use. Other external data stay
   * where they are, and the file points to them.
   */
  readonly files?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** Free texts by key (`metadata_props`). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the model is, for people (`doc_string`). */
  readonly documentation?: string;
  /** The same of inputs and outputs, by name. */
  readonly valueDocumentation?: Readonly<Record<string, string>>;
}

/** An .onnx file that is not in memory as a whole. */
export interface OnnxParts {
  /** Length of the file in bytes. */
  readonly size: number;
  /** Its parts in order; large parts are read on demand. */
  readonly parts: Iterable<Uint8Array>;
}

/**
 * Writes a graph as an .onnx file. An input that is an initializer too is one that need not be fed.
 *
 * @throws {TypeError} When a weight is unbound.
 * @throws {RangeError} When the file would be larger than protobuf allows (2 GiB).
 */
export function encodeOnnx(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  return joined([...onnxParts(graph, options).parts]);
}

/** The same in parts, for files that need not be in memory; throws before the first part. */
export function onnxParts(graph: Graph, options: EncodeOptions = {}): OnnxParts {
  const initializers: TensorProto[] = [];
  const heavy: { head: Uint8Array[]; length: number; read: () => Uint8Array }[] = [];
  for (const initializer of graph.initializers.values()) {
    const { name, data } = initializer;
    if (data.kind === "unbound") {
      throw new TypeError(`Cannot write graph ${graph.name}: weight ${name} is not bound to data`);
    }
    const file = data.kind === "external" ? options.files?.get(data.file) : undefined;
    if (data.kind === "external" && file === undefined) {
      initializers.push(tensorProto(name, initializer));
      continue;
    }
    const length = data.kind === "inline" ? data.bytes.length : data.length;
    const read = () =>
      data.kind === "inline" ? data.bytes : toByteSource(file!).read(data.offset, data.length);
    const inline = (bytes: Uint8Array) =>
      tensorProto(name, { ...initializer, data: { kind: "inline", bytes } });
    if (length <= HEAVY_BYTES) initializers.push(inline(read()));
    else heavy.push({ head: initializerHead(inline(new Uint8Array()), length), length, read });
  }
  const light = toBinary(ModelProtoSchema, modelProto(graph, initializers, options));
  const size = heavy.reduce(
    (sum, { head, length }) => sum + length + head.reduce((bytes, part) => bytes + part.length, 0),
    light.length,
  );
  if (size > MOST_BYTES) {
    throw new RangeError(
      `Cannot write graph ${graph.name}: ${size} bytes exceed the ${MOST_BYTES} of an .onnx file; keep weights outside`,
    );
  }
  return {
    size,
    parts: {
      *[Symbol.iterator]() {
        yield light;
        for (const { head, read } of heavy) {
          yield* head;
          yield read();
        }
      },
    },
  };
}

function modelProto(graph: Graph, initializer: TensorProto[], options: EncodeOptions): ModelProto {
  const { metadata = {}, documentation = "", valueDocumentation = {} } = options;
  const value = (each: Value) => valueInfoProto(each, valueDocumentation[each.name] ?? "");
  return create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "ptame",
    docString: documentation,
    metadataProps: Object.entries(metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value })
    ),
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(graph.opset) })],
    graph: create(GraphProtoSchema, {
      name: graph.name,
      initializer,
      input: graph.inputs.map(value),
      output: graph.outputs.map(value),
      node: graph.nodes.map(nodeProto),
    }),
  });
}

function nodeProto(node: Node): NodeProto {
  return create(NodeProtoSchema, {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => anyAttributeProto(name, value)),
  });
}

function anyAttributeProto(name: string, attribute: Attribute): AttributeProto {
  return attribute.type === "graph"
    ? create(AttributeProtoSchema, { name, type: Kind.GRAPH, g: bodyProto(attribute.value) })
    : attributeProto(name, attribute);
}

/** A body keeps its weights in the graph around it, so it has no initializers. */
function bodyProto({ name, inputs, outputs, nodes }: Subgraph): GraphProto {
  return create(GraphProtoSchema, {
    name,
    input: inputs.map((value) => valueInfoProto(value, "")),
    output: outputs.map((value) => valueInfoProto(value, "")),
    node: nodes.map(nodeProto),
  });
}

/** Initializers above this size are appended by hand: the protobuf library copies them several times. */
const HEAVY_BYTES = 4096;

/**
 * The bytes that, appended to a model, add one initializer to its graph. Protobuf merges an embedded message
 * that occurs twice, so a second `graph` field (7) with one `initializer` (5) and its `raw_data` (9) is enough.
 */
export function appendedInitializer(
  { tensor, bytes }: { tensor: TensorProto; bytes: Uint8Array },
): Uint8Array[] {
  return [...initializerHead(tensor, bytes.length), bytes];
}

/** The bytes before the data of such an initializer, which has `length` bytes. */
function initializerHead(tensor: TensorProto, length: number): Uint8Array[] {
  const head = toBinary(TensorProtoSchema, tensor);
  const rawTag = lengthDelimited(9, length);
  const tensorTag = lengthDelimited(5, head.length + rawTag.length + length);
  const graphTag = lengthDelimited(7, tensorTag.length + head.length + rawTag.length + length);
  return [graphTag, tensorTag, head, rawTag];
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

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function valueInfoProto(value: Value, docString: string): ValueInfoProto {
  const dim = value.shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(size) } })
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: DATA_TYPE_CODES[value.type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name: value.name,
    docString,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}
