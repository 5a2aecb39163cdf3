/**
 * Shape rules of operators that work element by element, with or without broadcasting.
 *
 * @module
 */
import { type DataType, intAttribute } from "../types.ts";
import { broadcast, required, type ShapeRule } from "./rule.ts";

/** ONNX's numbers for element types (TensorProto.DataType), as Cast names them. */
export const DATA_TYPE_CODES: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
};

/**
 * The element type of an ONNX number.
 *
 * @throws {TypeError} When it is none, or one that is not known here.
 */
export function onnxDataType(code: number): DataType {
  const found = Object.entries(DATA_TYPE_CODES).find(([, value]) => value === code);
  if (found === undefined) {
    throw new TypeError(`Cannot read element type ${code}: it is none of ONNX that is known here`);
  }
  return found[0] as DataType;
}

const same: ShapeRule = (node) => {
  const { type, shape } = required(node, 0);
  return [{ type, shape }];
};

const broadcasting: ShapeRule = (node) => {
  const inputs = node.inputs.map((_, index) => required(node, index));
  return [{ type: inputs[0]!.type, shape: broadcast(...inputs.map((input) => input.shape)) }];
};

const comparing: ShapeRule = (node) => {
  return [{ type: "bool", shape: broadcast(required(node, 0).shape, required(node, 1).shape) }];
};

const where: ShapeRule = (node) => {
  const [condition, x, y] = [required(node, 0), required(node, 1), required(node, 2)];
  return [{ type: x.type, shape: broadcast(condition.shape, x.shape, y.shape) }];
};

const cast: ShapeRule = (node) => {
  return [{ type: onnxDataType(intAttribute(node.attributes, "to", 0)), shape: required(node, 0).shape }];
};

/** Dropout in inference is the identity; its mask, if requested, is all true. */
const dropout: ShapeRule = (node) => {
  const { type, shape } = required(node, 0);
  return node.outputCount > 1 ? [{ type, shape }, { type: "bool", shape }] : [{ type, shape }];
};

const unary = [
  "Abs",
  "Ceil",
  "Clip",
  "Cos",
  "Elu",
  "Erf",
  "Exp",
  "Floor",
  "Gelu",
  "HardSigmoid",
  "HardSwish",
  "Identity",
  "LeakyRelu",
  "Log",
  "LogSoftmax",
  "Mish",
  "Neg",
  "Not",
  "Reciprocal",
  "Relu",
  "Round",
  "Selu",
  "Sigmoid",
  "Sign",
  "Sin",
  "Softmax",
  "Softplus",
  "Sqrt",
  "Tanh",
];

/** Rules by operator. */
export const ELEMENTWISE: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(unary.map((op) => [op, same])),
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Max", "Min", "Sum", "Mean", "And", "Or", "Xor", "Mod"].map((
      op,
    ) => [op, broadcasting]),
  ),
  ...Object.fromEntries(
    ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map((op) => [op, comparing]),
  ),
  Where: where,
  Cast: cast,
  Dropout: dropout,
};
