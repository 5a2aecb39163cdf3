/**
 * Tensors and attributes of .onnx files, to protobuf and back.
 *
 * @module
 */
import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "onnx-buf";
import { encodeNumbers } from "../constants.ts";
import { DATA_TYPE_CODES, onnxDataType } from "../shapes/elementwise.ts";
import {
  type Attribute,
  byteLength,
  type DataType,
  elementCount,
  type Initializer,
  type InitializerData,
} from "../types.ts";

/** A tensor as protobuf: its bytes, or where they are. */
export function tensorProto(name: string, tensor: Omit<Initializer, "name">): TensorProto {
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
export function tensorData(tensor: TensorProto): Omit<Initializer, "name"> {
  const type = onnxDataType(tensor.dataType);
  const shape = tensor.dims.map(Number);
  const elements = elementCount(shape);
  if (shape.some((size) => size < 0 || !Number.isSafeInteger(size)) || !Number.isSafeInteger(elements)) {
    throw new SyntaxError(
      `Cannot read ONNX model: tensor ${tensor.name} has dimensions [${shape.join(", ")}]`,
    );
  }
  const data = initializerData(tensor, type, elements);
  const held = data.kind === "inline" ? data.bytes.length : data.kind === "external" ? data.length : 0;
  if (type !== "string" && held !== byteLength(type, elements)) {
    throw new SyntaxError(
      `Cannot read ONNX model: tensor ${tensor.name} [${
        shape.join(", ")
      }] of ${type} holds ${held} bytes, not ${byteLength(type, elements)}`,
    );
  }
  return { type, shape, data };
}

function initializerData(tensor: TensorProto, type: DataType, elements: number): InitializerData {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    const entries = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]));
    const file = entries["location"] ?? "";
    checkLocation(tensor.name, file);
    const whole = type === "string" ? NaN : byteLength(type, elements);
    const [offset, length] = [Number(entries["offset"] ?? 0), Number(entries["length"] ?? whole)];
    if (![offset, length].every((count) => Number.isSafeInteger(count) && count >= 0)) {
      throw new SyntaxError(
        `Cannot read ONNX model: tensor ${tensor.name} is at ${entries["offset"]}, ${
          entries["length"]
        } of ${file}`,
      );
    }
    return { kind: "external", file, offset, length };
  }
  if (type === "string") return { kind: "inline", bytes: new Uint8Array() };
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
  // Numbers of four bits lie in int32_data two by two, as bytes.
  const isPacked = type === "int4" || type === "uint4";
  if (numbers.length !== (isPacked ? byteLength(type, elements) : elements)) {
    throw new SyntaxError(
      `Cannot read ONNX model: tensor ${tensor.name} holds ${numbers.length} of ${elements} elements`,
    );
  }
  // float16 in int32_data is its bit pattern, two bytes each.
  const stored = type === "float16" || type === "bfloat16" ? "uint16" : isPacked ? "uint8" : type;
  return { kind: "inline", bytes: encodeNumbers(stored, numbers) };
}

/** Refuses a place of external data that is not below the model's folder by its name. */
export function checkLocation(tensor: string, file: string): void {
  if (file !== "" && !/^(\/|[a-z]:)/i.test(file) && !file.includes("\\") && !file.split("/").includes("..")) {
    return;
  }
  throw new SyntaxError(
    `Cannot read ONNX model: tensor ${tensor} points outside the model's folder: ${file}`,
  );
}

/** An attribute as protobuf. */
export function attributeProto(
  name: string,
  attribute: Exclude<Attribute, { type: "graph" }>,
): AttributeProto {
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

/** An attribute from protobuf; errors name the node. */
export function decodeAttribute(nodeName: string, proto: AttributeProto): Attribute {
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
      if (proto.t === undefined) {
        throw new SyntaxError(`Cannot read node ${nodeName}: its attribute ${proto.name} is empty`);
      }
      return { type: "tensor", value: tensorData(proto.t) };
    default:
      throw new TypeError(
        `Cannot read node ${nodeName}: attribute ${proto.name} is of a kind that is not supported (${
          Kind[proto.type]
        })`,
      );
  }
}
