/**
 * Writes .onnx files.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { type ByteSource, sourceOf } from "../../weights/byte_source.ts";
import { DATA_TYPE_CODES } from "../shapes/elementwise.ts";
import type { Graph, Value } from "../types.ts";
import { attributeProto, tensorProto } from "./tensors.ts";

/** ONNX IR version written: 8 came with opset 17's releases. */
const IR_VERSION = 8n;

/**
 * Writes a graph as an .onnx file. Unbound weights are an error.
 *
 * External data stay where they are and the file points to them, unless `files` holds them: then they are
 * written into the .onnx file.
 *
 * @param files Contents of the external files to take in, by the name that the graph's initializers use.
 */
export function encodeOnnx(
  graph: Graph,
  options: { readonly files?: ReadonlyMap<string, ByteSource | Uint8Array> } = {},
): Uint8Array {
  const initializers: TensorProto[] = [];
  const heavy: { tensor: TensorProto; bytes: Uint8Array }[] = [];
  for (const initializer of graph.initializers.values()) {
    const { name, data } = initializer;
    if (data.kind === "unbound") {
      throw new TypeError(`Cannot write graph ${graph.name}: weight ${name} is not bound to data`);
    }
    const bytes = data.kind === "inline" ? data.bytes : bytesIn(options.files?.get(data.file), data);
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

function bytesIn(
  file: ByteSource | Uint8Array | undefined,
  { offset, length }: { readonly offset: number; readonly length: number },
): Uint8Array | undefined {
  return file === undefined ? undefined : sourceOf(file).read(offset, length);
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
