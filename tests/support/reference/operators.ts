/**
 * Operators of the reference interpreter that are not spatial.
 *
 * @module
 */
import {
  broadcastShape,
  build,
  count,
  element,
  erf,
  fold,
  map,
  type NdArray,
  offset,
  positive,
  reshape,
} from "./array.ts";
import type { Context } from "./mod.ts";
import { averagePool, cellsOf, conv, convTranspose, gridSample, maxPool, resize } from "./spatial.ts";

type Operator = (c: Context) => NdArray | NdArray[];

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

const split: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.int("axis", 0), x.shape.length);
  const parts = c.node.outputs.length;
  const part = Math.ceil(x.shape[axis]! / parts);
  const sizes = c.optional(1) === undefined
    ? Array.from({ length: parts }, (_, i) => Math.min(part, x.shape[axis]! - i * part))
    : [...c.input(1).data];
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return build(
      x.shape.map((old, i) => (i === axis ? size : old)),
      (index) => element(x, index.map((p, i) => (i === axis ? p + from : p))),
    );
  });
};

const concat: Operator = (c) => {
  const parts = c.inputs();
  const axis = positive(c.int("axis", 0), parts[0]!.shape.length);
  return build(c.outputShape, (index) => {
    let at = index[axis]!;
    let which = 0;
    while (at >= parts[which]!.shape[axis]!) at -= parts[which++]!.shape[axis]!;
    return element(parts[which]!, index.map((p, i) => (i === axis ? at : p)));
  });
};

const slice: Operator = (c) => {
  const x = c.input(0);
  const starts = c.input(1).data;
  const from = x.shape.map(() => 0);
  const step = x.shape.map(() => 1);
  starts.forEach((start, i) => {
    const axis = positive(c.optional(3)?.data[i] ?? i, x.shape.length);
    step[axis] = c.optional(4)?.data[i] ?? 1;
    const last = x.shape[axis]! - (step[axis]! < 0 ? 1 : 0);
    from[axis] = Math.min(Math.max(positive(start, x.shape[axis]!), 0), last);
  });
  return build(c.outputShape, (index) => element(x, index.map((p, i) => from[i]! + p * step[i]!)));
};

const pad: Operator = (c) => {
  const x = c.input(0);
  const before = x.shape.map(() => 0);
  const pads = c.input(1).data;
  const axes = c.optional(3)?.data ?? x.shape.map((_, i) => i);
  axes.forEach((axis, i) => before[positive(axis, x.shape.length)] = pads[i]!);
  const value = c.optional(2)?.data[0] ?? 0;
  const mode = c.text("mode", "constant");
  return build(c.outputShape, (index) => {
    const at = index.map((p, i) => p - before[i]!);
    if (mode === "constant") return at.every((p, i) => p >= 0 && p < x.shape[i]!) ? element(x, at) : value;
    return element(
      x,
      at.map((p, i) => {
        const last = x.shape[i]! - 1;
        if (mode === "edge") return Math.min(Math.max(p, 0), last);
        return p < 0 ? -p : p > last ? 2 * last - p : p;
      }),
    );
  });
};

const gather: Operator = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  const picked = indices.shape.length;
  return build(c.outputShape, (index) => {
    const at = indices.data[offset(indices.shape, index.slice(axis, axis + picked))]!;
    return element(x, [...index.slice(0, axis), positive(at, x.shape[axis]!), ...index.slice(axis + picked)]);
  });
};

const gatherElements: Operator = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  return build(indices.shape, (index) => {
    const at = positive(element(indices, index), x.shape[axis]!);
    return element(x, index.map((p, i) => (i === axis ? at : p)));
  });
};

const scatterElements: Operator = (c) => {
  const [x, indices, updates] = [c.input(0), c.input(1), c.input(2)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  const y = { shape: x.shape, data: x.data.slice() };
  const adds = c.text("reduction", "none") === "add";
  build(indices.shape, (index) => {
    const at = positive(element(indices, index), x.shape[axis]!);
    const to = offset(x.shape, index.map((p, i) => (i === axis ? at : p)));
    y.data[to] = (adds ? y.data[to]! : 0) + element(updates, index);
    return 0;
  });
  return y;
};

/** Where a run of indices along the last axis points to, and how many elements lie there. */
function pointed(x: NdArray, indices: NdArray): { starts: number[]; size: number } {
  const depth = indices.shape.at(-1)!;
  const size = count(x.shape.slice(depth));
  const starts = Array.from({ length: indices.data.length / depth }, (_, row) => {
    let at = 0;
    for (let i = 0; i < depth; i++) {
      at = at * x.shape[i]! + positive(indices.data[row * depth + i]!, x.shape[i]!);
    }
    return at * size;
  });
  return { starts, size };
}

const gatherNd: Operator = (c) => {
  const x = c.input(0);
  const { starts, size } = pointed(x, c.input(1));
  const data = starts.flatMap((start) => Array.from(x.data.slice(start, start + size)));
  return { shape: c.outputShape, data: Float64Array.from(data) };
};

const scatterNd: Operator = (c) => {
  const x = c.input(0);
  const { starts, size } = pointed(x, c.input(1));
  const adds = c.text("reduction", "none") === "add";
  const y = { shape: x.shape, data: x.data.slice() };
  starts.forEach((start, row) => {
    for (let i = 0; i < size; i++) {
      y.data[start + i] = (adds ? y.data[start + i]! : 0) + c.input(2).data[row * size + i]!;
    }
  });
  return y;
};

const topK: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.int("axis", -1), x.shape.length);
  const sign = c.int("largest", 1) === 1 ? 1 : -1;
  const ranked = (index: readonly number[]) => {
    const value = (p: number) => sign * element(x, index.map((q, i) => (i === axis ? p : q)));
    return Array.from({ length: x.shape[axis]! }, (_, p) => p).sort((a, b) => value(b) - value(a) || a - b);
  };
  const indices = build(c.outputShape, (index) => ranked(index)[index[axis]!]!);
  const values = build(
    c.outputShape,
    (index) => element(x, index.map((p, i) => (i === axis ? element(indices, index) : p))),
  );
  return [values, indices];
};

const cumSum: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.input(1).data[0]!, x.shape.length);
  const [exclusive, reverse] = [c.int("exclusive", 0), c.int("reverse", 0) === 1];
  return build(x.shape, (index) => {
    let sum = 0;
    for (let p = 0; p < x.shape[axis]!; p++) {
      const distance = reverse ? p - index[axis]! : index[axis]! - p;
      if (distance >= exclusive) sum += element(x, index.map((q, i) => (i === axis ? p : q)));
    }
    return sum;
  });
};

const transpose: Operator = (c) => {
  const x = c.input(0);
  const perm = c.ints("perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  return build(c.outputShape, (index) => element(x, x.shape.map((_, axis) => index[perm.indexOf(axis)]!)));
};

const sameData: Operator = (c) => reshape(c.input(0), c.outputShape);

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
