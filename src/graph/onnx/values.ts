/**
 * Types and shapes of the inputs and outputs that an .onnx file declares.
 *
 * @module
 */
import type { ValueInfoProto } from "onnx-buf";
import type { OpenValue } from "../open_graph.ts";
import { onnxDataType } from "../shapes/elementwise.ts";
import type { DataType } from "../types.ts";

/** The tensor part of a declaration. */
function declaredTensor(info: ValueInfoProto) {
  const kind = info.type?.value;
  if (kind?.case !== "tensorType") {
    throw new SyntaxError(`Cannot read ONNX model: ${info.name} is not a tensor`);
  }
  return kind.value;
}

/**
 * The element type of a tensor.
 *
 * @throws {SyntaxError} When it is not a tensor.
 */
export function tensorType(info: ValueInfoProto): DataType {
  return onnxDataType(declaredTensor(info).elemType);
}

/**
 * The shape of a tensor; an open dimension is its symbol, or "?".
 *
 * @throws {SyntaxError} When it is not a tensor, or a size is invalid.
 */
export function openShape(info: ValueInfoProto): (number | string)[] {
  const shape = (declaredTensor(info).shape?.dim ?? []).map((dim) => {
    // Exporters write 0 or −1 for an open dimension.
    if (dim.value.case === "dimValue") return dim.value.value > 0n ? Number(dim.value.value) : "?";
    return dim.value.case === "dimParam" && dim.value.value !== "" ? dim.value.value : "?";
  });
  const wrong = shape.find((size) => typeof size === "number" && !Number.isSafeInteger(size));
  if (wrong !== undefined) {
    throw new SyntaxError(`Cannot read ONNX model: ${info.name} has a dimension of ${wrong}`);
  }
  return shape;
}

/** A declared tensor. */
export function openValue(info: ValueInfoProto): OpenValue {
  return { name: info.name, type: tensorType(info), shape: openShape(info) };
}
