/**
 * Operators of the reference interpreter that are neither spatial nor only move data.
 *
 * @module
 */
import { broadcastShape, build, element, erf, fold, map, type NdArray, positive, reshape } from "./array.ts";
import type { Context, Operator } from "./mod.ts";
import {
  concat,
  cumSum,
  gather,
  gatherElements,
  gatherNd,
  pad,
  sameData,
  scatterElements,
  scatterNd,
  slice,
  split,
  topK,
  transpose,
} from "./movement.ts";
import { averagePool, cellsOf, conv, convTranspose, gridSample, maxPool, resize } from "./spatial.ts";

const unary = (f: (x: number, c: Context) => number): Operator => (c) => map([c.input(0)], (x) => f(x, c));
const nary = (f: (...values: number[]) => number): Operator => (c) => map(c.inputs(), f);
const truth = (f: (a: number, b: number) => boolean): Operator => nary((a, b) => (f(a!, b!) ? 1 : 0));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Axes of a reduction: an input, an attribute, or all. */
function axesOf(c: Context): number[] {
  const x = c.input(0);
  const given = c.optional(1)?.data ?? c.ints("axes");
  return given === undefined
    ? x.shape.map((_, i) => i)
    : Array.from(given, (a) => positive(a, x.shape.length));
}

const reduction = (
  start: number,
  step: (total: number, value: number) => number,
  finish: (total: number, cells: number) => number = (total) => total,
): Operator =>
(c) => {
  const x = c.input(0);
  const axes = axesOf(c);
  const cells = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return reshape(map([fold(x, axes, start, step)], (total) => finish(total, cells)), c.outputShape);
};

/** (x − mean)/√(variance + ε)·scale + bias over axes. */
function normalize(c: Context, axes: readonly number[], parameterShape: readonly number[]): NdArray {
  const x = c.input(0);
  const cells = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const mean = map([fold(x, axes, 0, (a, b) => a + b)], (sum) => sum / cells);
  const centred = map([x, mean], (a, b) => a! - b!);
  const variance = map([fold(centred, axes, 0, (a, b) => a + b * b)], (sum) => sum / cells);
  const scale = reshape(c.input(1), parameterShape);
  const bias = c.optional(2) === undefined ? undefined : reshape(c.input(2), parameterShape);
  const epsilon = c.float("epsilon", 1e-5);
  const y = map([centred, variance, scale], (d, v, s) => d! / Math.sqrt(v! + epsilon) * s!);
  return bias === undefined ? y : map([y, bias], (a, b) => a! + b!);
}

/** log Σ exp along the axis, as size 1. */
function logSumExp(x: NdArray, axis: number): NdArray {
  const top = fold(x, [axis], -Infinity, Math.max);
  const sum = fold(map([x, top], (a, m) => Math.exp(a! - m!)), [axis], 0, (a, b) => a + b);
  return map([top, sum], (m, s) => m! + Math.log(s!));
}

function softmaxAxis(c: Context): number {
  return positive(c.int("axis", -1), c.input(0).shape.length);
}

function matmul(a: NdArray, b: NdArray, outputShape: readonly number[]): NdArray {
  const left = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const batch = broadcastShape([left.shape.slice(0, -2), right.shape.slice(0, -2)]);
  const [m, k, n] = [left.shape.at(-2)!, left.shape.at(-1)!, right.shape.at(-1)!];
  const product = build([...batch, m, n], (index) => {
    const lead = index.slice(0, -2);
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += element(left, [...lead, index.at(-2)!, i]) * element(right, [...lead, i, index.at(-1)!]);
    }
    return sum;
  });
  return reshape(product, outputShape);
}

const gemm: Operator = (c) => {
  const [a, b, bias] = [c.input(0), c.input(1), c.optional(2)];
  const [transA, transB] = [c.int("transA", 0) === 1, c.int("transB", 0) === 1];
  const k = a.shape[transA ? 0 : 1]!;
  return build(c.outputShape, (index) => {
    const [row, column] = [index[0]!, index[1]!];
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += element(a, transA ? [i, row] : [row, i]) * element(b, transB ? [column, i] : [i, column]);
    }
    return c.float("alpha", 1) * sum + (bias === undefined ? 0 : c.float("beta", 1) * element(bias, index));
  });
};

/** Operators by name. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: nary((a, b) => a! + b!),
  Sub: nary((a, b) => a! - b!),
  Mul: nary((a, b) => a! * b!),
  Div: nary((a, b) => a! / b!),
  Pow: nary((a, b) => Math.pow(a!, b!)),
  Max: nary(Math.max),
  Min: nary(Math.min),
  Sum: nary((...all) => all.reduce((a, b) => a + b)),
  Mean: nary((...all) => all.reduce((a, b) => a + b) / all.length),
  Equal: truth((a, b) => a === b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  And: truth((a, b) => a !== 0 && b !== 0),
  Not: unary((x) => 1 - x),
  Where: nary((c, a, b) => (c ? a! : b!)),
  PRelu: nary((x, slope) => (x! > 0 ? x! : x! * slope!)),
  Cast: unary((
    x,
    c,
  ) => (c.outputType.startsWith("float") ? x : c.outputType === "bool" ? +(x !== 0) : Math.trunc(x))),
  Identity: unary((x) => x),
  Dropout: unary((x) => x),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Reciprocal: unary((x) => 1 / x),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Erf: unary(erf),
  Tanh: unary(Math.tanh),
  Sigmoid: unary(sigmoid),
  Softplus: unary(softplus),
  Relu: unary((x) => Math.max(x, 0)),
  LeakyRelu: unary((x, c) => (x > 0 ? x : x * c.float("alpha", 0.01))),
  Elu: unary((x, c) => (x > 0 ? x : c.float("alpha", 1) * Math.expm1(x))),
  Selu: unary((x, c) =>
    c.float("gamma", 1.05070102214813232421875) *
    (x > 0 ? x : c.float("alpha", 1.67326319217681884765625) * Math.expm1(x))
  ),
  HardSigmoid: unary((x, c) => Math.min(1, Math.max(0, c.float("alpha", 0.2) * x + c.float("beta", 0.5)))),
  HardSwish: unary((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  Gelu: unary((x, c) =>
    c.text("approximate", "none") === "tanh"
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.SQRT2))
  ),
  Clip: (c) =>
    map(
      [c.input(0)],
      (x) => Math.min(Math.max(x, c.optional(1)?.data[0] ?? -Infinity), c.optional(2)?.data[0] ?? Infinity),
    ),
  Softmax: (c) => map([c.input(0), logSumExp(c.input(0), softmaxAxis(c))], (x, l) => Math.exp(x! - l!)),
  LogSoftmax: (c) => map([c.input(0), logSumExp(c.input(0), softmaxAxis(c))], (x, l) => x! - l!),
  LayerNormalization: (c) => {
    const rank = c.input(0).shape.length;
    const first = positive(c.int("axis", -1), rank);
    return normalize(c, c.input(0).shape.flatMap((_, i) => (i >= first ? [i] : [])), c.input(1).shape);
  },
  InstanceNormalization: (c) => {
    const { shape } = c.input(0);
    return normalize(c, shape.flatMap((_, i) => (i >= 2 ? [i] : [])), [
      shape[1]!,
      ...shape.slice(2).map(() => 1),
    ]);
  },
  LRN: (c) => {
    const x = c.input(0);
    const size = c.int("size", 1);
    const [channels, area] = [x.shape[1]!, x.shape.slice(2).reduce((product, side) => product * side, 1)];
    const data = x.data.map((value, i) => {
      const channel = Math.floor(i / area) % channels;
      let sum = 0;
      for (let k = -Math.floor((size - 1) / 2); k <= Math.ceil((size - 1) / 2); k++) {
        if (channel + k >= 0 && channel + k < channels) sum += x.data[i + k * area]! ** 2;
      }
      return value * (c.float("bias", 1) + c.float("alpha", 1e-4) / size * sum) ** -c.float("beta", 0.75);
    });
    return { shape: x.shape, data };
  },
  BatchNormalization: (c) => {
    const channel = (i: number) =>
      reshape(c.input(i), [c.input(i).shape[0]!, ...c.outputShape.slice(2).map(() => 1)]);
    return map(
      [c.input(0), channel(1), channel(2), channel(3), channel(4)],
      (x, s, b, m, v) => (x! - m!) / Math.sqrt(v! + c.float("epsilon", 1e-5)) * s! + b!,
    );
  },
  ReduceSum: reduction(0, (a, b) => a + b),
  ReduceMean: reduction(0, (a, b) => a + b, (total, cells) => total / cells),
  ReduceProd: reduction(1, (a, b) => a * b),
  ReduceMax: reduction(-Infinity, Math.max),
  ReduceMin: reduction(Infinity, Math.min),
  ReduceL1: reduction(0, (a, b) => a + Math.abs(b)),
  ReduceL2: reduction(0, (a, b) => a + b * b, Math.sqrt),
  ReduceSumSquare: reduction(0, (a, b) => a + b * b),
  GlobalAveragePool: (c) => {
    const x = c.input(0);
    const sum = fold(x, x.shape.flatMap((_, i) => (i >= 2 ? [i] : [])), 0, (a, b) => a + b);
    return map([sum], (total) => total / cellsOf(x));
  },
  GlobalMaxPool: (c) =>
    fold(c.input(0), c.input(0).shape.flatMap((_, i) => (i >= 2 ? [i] : [])), -Infinity, Math.max),
  MatMul: (c) => matmul(c.input(0), c.input(1), c.outputShape),
  Gemm: gemm,
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  Resize: resize,
  GridSample: gridSample,
  Reshape: sameData,
  Flatten: sameData,
  Squeeze: sameData,
  Unsqueeze: sameData,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterElements: scatterElements,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  TopK: topK,
  CumSum: cumSum,
  Expand: (c) => build(c.outputShape, (index) => element(c.input(0), index)),
  Tile: (c) =>
    build(c.outputShape, (index) => element(c.input(0), index.map((p, i) => p % c.input(0).shape[i]!))),
  Shape: (c) => ({ shape: c.outputShape, data: Float64Array.from(c.input(0).shape) }),
  ArgMax: (c) => {
    const x = c.input(0);
    const axis = positive(c.int("axis", 0), x.shape.length);
    const kept = x.shape.map((size, i) => (i === axis ? 1 : size));
    const y = build(kept, (index) => {
      let best = 0;
      const at = (p: number) => element(x, index.map((q, i) => (i === axis ? p : q)));
      for (let p = 1; p < x.shape[axis]!; p++) if (at(p) > at(best)) best = p;
      return best;
    });
    return reshape(y, c.outputShape);
  },
};
