/**
 * Folding of operators that work element by element.
 *
 * @module
 */
import { broadcast } from "../../shapes/rule.ts";
import { onnxDataType } from "../../shapes/elementwise.ts";
import { type DataType, floatAttribute, intAttribute } from "../../types.ts";
import {
  broadcastStrides,
  createRounder,
  eachPlace,
  type Fold,
  need,
  type Numbers,
  type Room,
} from "./numbers.ts";

/** Applies a function to each element. */
function mapped(room: Room, x: Numbers, act: (value: number) => number, type: DataType = x.type): Numbers {
  const data = room.take(x.shape);
  const round = createRounder(type);
  for (let i = 0; i < data.length; i++) data[i] = round(act(x.data[i]!));
  return { type, shape: x.shape, data };
}

/** Applies a function to each pair of elements of two tensors, broadcast. */
function paired(
  room: Room,
  a: Numbers,
  b: Numbers,
  act: (a: number, b: number) => number,
  type: DataType = a.type,
): Numbers {
  const shape = broadcast(a.shape, b.shape);
  const data = room.take(shape);
  const round = createRounder(type);
  eachPlace(shape, broadcastStrides(a.shape, shape), 0, (place, cell) => data[cell] = a.data[place]!);
  eachPlace(shape, broadcastStrides(b.shape, shape), 0, (place, cell) => {
    data[cell] = round(act(data[cell]!, b.data[place]!));
  });
  return { type, shape, data };
}

const unary = (act: (value: number) => number): Fold => (node) => [mapped(node.room, need(node, 0), act)];

const binary = (act: (a: number, b: number) => number): Fold => (node) => [
  paired(node.room, need(node, 0), need(node, 1), act),
];

const comparison = (act: (a: number, b: number) => boolean): Fold => (node) => [
  paired(node.room, need(node, 0), need(node, 1), (a, b) => (act(a, b) ? 1 : 0), "bool"),
];

const several =
  (act: (a: number, b: number) => number, finish?: (sum: number, count: number) => number): Fold =>
  (
    node,
  ) => {
    let result = need(node, 0);
    for (let i = 1; i < node.inputs.length; i++) result = paired(node.room, result, need(node, i), act);
    return [finish ? mapped(node.room, result, (sum) => finish(sum, node.inputs.length)) : result];
  };

/** Whole numbers are divided towards zero, as in C. */
const div: Fold = (node) => {
  const whole = !need(node, 0).type.startsWith("float");
  return [paired(node.room, need(node, 0), need(node, 1), (a, b) => {
    if (whole && b === 0) throw new RangeError("it divides a whole number by zero");
    return whole ? Math.trunc(a / b) : a / b;
  })];
};

/** The remainder has the divisor's sign, or with `fmod` the dividend's. */
const mod: Fold = (node) => {
  const fmod = intAttribute(node.attributes, "fmod", 0) === 1;
  return [
    paired(node.room, need(node, 0), need(node, 1), (a, b) => (fmod ? a % b : a - b * Math.floor(a / b))),
  ];
};

const cast: Fold = (node) => {
  const x = need(node, 0);
  const type = onnxDataType(intAttribute(node.attributes, "to", 0));
  const toWhole = !type.startsWith("float") && type !== "bool";
  return [mapped(node.room, x, (value) => (toWhole ? Math.trunc(value) : value), type)];
};

const where: Fold = (node) => {
  const [condition, a, b] = [need(node, 0), need(node, 1), need(node, 2)];
  const shape = broadcast(condition.shape, a.shape, b.shape);
  const data = node.room.take(shape);
  const chosen = new Uint8Array(data.length);
  eachPlace(shape, broadcastStrides(condition.shape, shape), 0, (place, cell) => {
    chosen[cell] = condition.data[place]!;
  });
  for (const [source, when] of [[a, 1], [b, 0]] as const) {
    eachPlace(shape, broadcastStrides(source.shape, shape), 0, (place, cell) => {
      if (chosen[cell] === when) data[cell] = source.data[place]!;
    });
  }
  return [{ type: a.type, shape, data }];
};

const clip: Fold = (node) => {
  const [low, high] = [node.inputs[1]?.data[0] ?? -Infinity, node.inputs[2]?.data[0] ?? Infinity];
  return [mapped(node.room, need(node, 0), (value) => Math.min(Math.max(value, low), high))];
};

function roundedHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** Folding by operator. */
export const ELEMENTWISE: Readonly<Record<string, Fold>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: div,
  Mod: mod,
  Pow: binary((a, b) => a ** b),
  Min: several(Math.min),
  Max: several(Math.max),
  Sum: several((a, b) => a + b),
  Mean: several((a, b) => a + b, (sum, count) => sum / count),
  And: comparison((a, b) => a !== 0 && b !== 0),
  Or: comparison((a, b) => a !== 0 || b !== 0),
  Xor: comparison((a, b) => (a !== 0) !== (b !== 0)),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Not: unary((value) => (value === 0 ? 1 : 0)),
  Neg: unary((value) => -value),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((value) => 1 / (1 + Math.exp(-value))),
  Relu: unary((value) => Math.max(value, 0)),
  LeakyRelu: (node) => {
    const alpha = floatAttribute(node.attributes, "alpha", 0.01);
    return [mapped(node.room, need(node, 0), (value) => (value < 0 ? alpha * value : value))];
  },
  Reciprocal: unary((value) => 1 / value),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundedHalfToEven),
  Cast: cast,
  Where: where,
  Clip: clip,
};
