/**
 * Cases of arithmetic, activations, reductions, normalisations and products.
 *
 * @module
 */
import { float, int, ints, text } from "../../../src/graph/types.ts";
import type { Cases } from "./trial.ts";

const plain = (op: string, draw: { low?: number; high?: number; kinks?: number[] } = {}): Cases => ({
  [op]: (t) => t.b.node(op, [t.variable([2, 3, 4], draw)])[0]!,
});

const reductionCases = (op: string): Cases => ({
  [`${op} all axes away`]: (t) =>
    t.b.node(op, [t.variable([2, 3], { apart: true, low: 0.2 })], { keepdims: int(0) })[0]!,
  [`${op} two axes kept`]: (t) =>
    t.b.node(op, [t.variable([2, 3, 4], { apart: true, low: 0.2 })], { axes: ints([0, -1]) })[0]!,
  [`${op} middle axis away`]: (t) =>
    t.b.node(op, [t.variable([2, 3, 4], { apart: true, low: -2 })], {
      axes: ints([1]),
      keepdims: int(0),
    })[0]!,
});

export const ARITHMETIC_CASES: Cases = {
  "Add same shapes": (t) => t.b.add(t.variable([2, 3]), t.variable([2, 3])),
  "Add a bias": (t) => t.b.add(t.variable([2, 3, 4]), t.variable([4])),
  "Add both broadcast": (t) => t.b.add(t.variable([2, 1, 4]), t.variable([3, 1])),
  "Add a value to itself": (t) => {
    const x = t.variable([3]);
    return t.b.add(x, x);
  },
  "Sub with a scalar on the left": (t) => t.b.sub(t.variable([]), t.variable([2, 3])),
  "Sub both broadcast": (t) => t.b.sub(t.variable([2, 1]), t.variable([1, 3])),
  "Mul both broadcast": (t) => t.b.mul(t.variable([2, 1, 3]), t.variable([4, 1])),
  "Mul by a constant": (t) => t.b.mul(t.variable([2, 3]), t.variable([1, 3], { frozen: true })),
  "Mul a value by itself": (t) => {
    const x = t.variable([3]);
    return t.b.mul(x, x);
  },
  "Div both broadcast": (t) => t.b.div(t.variable([2, 3]), t.variable([3], { low: 0.5, high: 2 })),
  "Div of a number": (t) => t.b.div(1, t.variable([2, 3], { low: 0.5, high: 2 })),
  "Pow squared": (t) => t.b.pow(t.variable([2, 3]), 2),
  "Pow cubed": (t) => t.b.pow(t.variable([2, 3]), 3),
  "Pow by a fraction": (t) => t.b.pow(t.variable([2, 3], { low: 0.2 }), 0.3),
  "Pow with both": (t) => t.b.pow(t.variable([2, 3], { low: 0.2 }), t.variable([3])),
  "Pow of a negative base": (t) => t.b.pow(t.variable([2, 3], { low: -1, high: -0.2 }), 2),
  "Max of two": (t) =>
    t.b.max(t.variable([2, 3], { apart: true }), t.variable([3], { apart: true, low: -0.9 })),
  "Max with a number": (t) => t.b.max(t.variable([2, 3], { kinks: [0.1] }), 0.1),
  "Max of three": (t) => t.b.node("Max", [t.variable([4]), t.variable([4]), t.variable([2, 4])])[0]!,
  "Min of two": (t) =>
    t.b.min(t.variable([2, 3], { apart: true }), t.variable([2, 1], { apart: true, low: -0.9 })),
  "Min with a frozen first": (t) => t.b.min(t.variable([4], { frozen: true }), t.variable([4])),
  "Sum of three": (t) => t.b.node("Sum", [t.variable([2, 3]), t.variable([3]), t.variable([2, 1])])[0]!,
  "Mean of two": (t) => t.b.node("Mean", [t.variable([2, 3]), t.variable([3])])[0]!,
  "Where on a condition": (t) => {
    const condition = t.b.constant("bool", [2, 3], [1, 0, 1, 0, 0, 1]);
    return t.b.where(condition, t.variable([2, 3]), t.variable([3]));
  },
  "Where on a comparison": (t) => {
    const x = t.variable([2, 3], { kinks: [0.2] });
    return t.b.where(t.b.greater(x, 0.2), t.b.mul(x, 3), t.b.exp(x));
  },
  "Dropout in inference": (t) => t.b.mul(t.b.node("Dropout", [t.variable([4])])[0]!, 2),
  "Cast to the same type": (t) => t.b.cast(t.b.mul(t.variable([3]), 2), "float32"),
  "Cast there and back": (t) => t.b.cast(t.b.cast(t.variable([3]), "float64"), "float32"),
  "Floor adds nothing": (t) => {
    const x = t.variable([4], { low: 0.1, high: 0.9 });
    return t.b.add(t.b.node("Floor", [x])[0]!, t.b.mul(x, 2));
  },
  ...plain("Identity"),
  ...plain("Neg"),
  ...plain("Reciprocal", { low: 0.5, high: 2 }),
  ...plain("Sqrt", { low: 0.2, high: 2 }),
  ...plain("Exp"),
  ...plain("Log", { low: 0.2, high: 2 }),
  ...plain("Sin"),
  ...plain("Cos"),
};

export const ACTIVATION_CASES: Cases = {
  ...plain("Abs", { kinks: [0] }),
  ...plain("Relu", { kinks: [0] }),
  ...plain("LeakyRelu", { kinks: [0] }),
  ...plain("Sigmoid", { low: -4, high: 4 }),
  ...plain("Tanh", { low: -3, high: 3 }),
  ...plain("Erf", { low: -3, high: 3 }),
  ...plain("Softplus", { low: -4, high: 4 }),
  ...plain("HardSwish", { low: -4, high: 4, kinks: [-3, 3] }),
  ...plain("HardSigmoid", { low: -4, high: 4, kinks: [-2.5, 2.5] }),
  ...plain("Elu", { low: -2, high: 2, kinks: [0] }),
  ...plain("Selu", { low: -2, high: 2, kinks: [0] }),
  "LeakyRelu of negative slope": (t) =>
    t.b.node("LeakyRelu", [t.variable([2, 5], { kinks: [0] })], { alpha: float(-0.3) })[0]!,
  "PRelu per channel": (t) =>
    t.b.node("PRelu", [t.variable([2, 3, 2], { kinks: [0] }), t.variable([3, 1], { frozen: true })])[0]!,
  "HardSigmoid of MobileNetV3": (t) =>
    t.b.node("HardSigmoid", [t.variable([2, 5], { low: -4, high: 4, kinks: [-3, 3] })], {
      alpha: float(1 / 6),
      beta: float(0.5),
    })[0]!,
  "Elu with alpha": (t) => t.b.node("Elu", [t.variable([2, 5], { kinks: [0] })], { alpha: float(0.7) })[0]!,
  "Clip to 0 and 6": (t) => t.b.clip(t.variable([2, 9], { low: -3, high: 9, kinks: [0, 6] }), 0, 6),
  "Clip below only": (t) => t.b.node("Clip", [t.variable([2, 5], { kinks: [0.1] }), t.b.scalar(0.1)])[0]!,
  "Clip above only": (t) =>
    t.b.node("Clip", [t.variable([2, 5], { kinks: [0.1] }), undefined, t.b.scalar(0.1)])[0]!,
  "Erf as exported GELU": (t) => {
    const x = t.variable([2, 5], { low: -3, high: 3 });
    return t.b.mul(t.b.mul(x, t.b.add(t.b.erf(t.b.div(x, Math.SQRT2)), 1)), 0.5);
  },
  "Sigmoid as SiLU": (t) => {
    const x = t.variable([2, 5], { low: -4, high: 4 });
    return t.b.mul(x, t.b.sigmoid(x));
  },
  "Softplus as Mish": (t) => {
    const x = t.variable([2, 5], { low: -4, high: 4 });
    return t.b.mul(x, t.b.tanh(t.b.node("Softplus", [x])[0]!));
  },
  "Softmax last axis": (t) => t.b.softmax(t.variable([2, 3, 4], { low: -3, high: 3 })),
  "Softmax middle axis": (t) => t.b.softmax(t.variable([2, 3, 4], { low: -3, high: 3 }), 1),
  "LogSoftmax last axis": (t) => t.b.node("LogSoftmax", [t.variable([3, 5], { low: -3, high: 3 })])[0]!,
  "LogSoftmax first axis": (t) =>
    t.b.node("LogSoftmax", [t.variable([3, 5], { low: -3, high: 3 })], { axis: int(0) })[0]!,
};

/** Operators newer than opset 17, which onnxruntime does not take in the graphs written here. */
export const NEWER_CASES: Cases = {
  Gelu: (t) => t.b.node("Gelu", [t.variable([2, 5], { low: -3, high: 3 })])[0]!,
  "Gelu by tanh": (t) =>
    t.b.node("Gelu", [t.variable([2, 5], { low: -3, high: 3 })], { approximate: text("tanh") })[0]!,
  Mish: (t) => t.b.node("Mish", [t.variable([2, 5], { low: -4, high: 4 })])[0]!,
};

export const REDUCTION_CASES: Cases = {
  "ReduceSum all axes": (t) => t.b.reduceSum(t.variable([2, 3])),
  "ReduceSum all axes away": (t) => t.b.reduceSum(t.variable([2, 3]), undefined, false),
  "ReduceSum two axes away": (t) => t.b.reduceSum(t.variable([2, 3, 4]), [0, -1], false),
  "ReduceSum kept": (t) => t.b.reduceSum(t.variable([2, 3, 4]), [1]),
  ...reductionCases("ReduceMean"),
  ...reductionCases("ReduceMax"),
  ...reductionCases("ReduceMin"),
  ...reductionCases("ReduceL1"),
  ...reductionCases("ReduceL2"),
  ...reductionCases("ReduceSumSquare"),
  ...reductionCases("ReduceProd"),
  "ReduceProd with a zero": (t) => {
    // Masked, so that one row holds one zero, one two, one none.
    const mask = t.b.constant("float32", [3, 4], [1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1]);
    return t.b.node("ReduceProd", [t.b.mul(t.variable([3, 4]), mask)], { axes: ints([1]) })[0]!;
  },
  "CumSum": (t) => t.b.node("CumSum", [t.variable([3, 4]), t.b.constant("int64", [], [1])])[0]!,
  "CumSum exclusive": (t) =>
    t.b.node("CumSum", [t.variable([3, 4]), t.b.constant("int64", [], [0])], { exclusive: int(1) })[0]!,
  "CumSum from the end": (t) =>
    t.b.node("CumSum", [t.variable([2, 3, 4]), t.b.constant("int64", [], [-2])], {
      exclusive: int(1),
      reverse: int(1),
    })[0]!,
};

const batchNorm = (shape: readonly number[], frozen: boolean): Cases[string] => (t) => {
  const channels = [shape[1]!];
  return t.b.batchNorm(t.variable(shape), {
    scale: t.variable(channels, { low: 0.5, high: 2, frozen }),
    bias: t.variable(channels, { frozen }),
    mean: t.variable(channels, { frozen }),
    variance: t.variable(channels, { low: 0.5, high: 2, frozen }),
  }, 1e-3);
};

export const NORMALIZATION_CASES: Cases = {
  "BatchNormalization frozen": batchNorm([2, 3, 4, 2], true),
  "BatchNormalization all parameters": batchNorm([2, 3, 4, 2], false),
  "BatchNormalization of rows": batchNorm([4, 3], false),
  "BatchNormalization of sequences": batchNorm([2, 3, 5], false),
  "LayerNormalization last axis": (t) =>
    t.b.layerNorm(t.variable([2, 3, 8]), t.variable([8], { low: 0.5 }), t.variable([8])),
  "LayerNormalization two axes": (t) =>
    t.b.node("LayerNormalization", [t.variable([2, 3, 4]), t.variable([3, 4]), t.variable([3, 4])], {
      axis: int(1),
      epsilon: float(1e-3),
    })[0]!,
  "LayerNormalization without bias": (t) =>
    t.b.node("LayerNormalization", [t.variable([3, 6]), t.variable([6], { frozen: true })])[0]!,
  "ReduceMean as batch statistics": (t) => {
    const x = t.variable([3, 2, 2, 3]);
    const centred = t.b.sub(x, t.b.reduceMean(x, [0, 2, 3]));
    const variance = t.b.reduceMean(t.b.mul(centred, centred), [0, 2, 3]);
    const normed = t.b.div(centred, t.b.sqrt(t.b.add(variance, 1e-5)));
    return t.b.add(t.b.mul(normed, t.variable([2, 1, 1])), t.variable([2, 1, 1]));
  },
  InstanceNormalization: (t) =>
    t.b.node("InstanceNormalization", [t.variable([2, 3, 4, 2]), t.variable([3]), t.variable([3])])[0]!,
  "LRN of three channels": (t) =>
    t.b.node("LRN", [t.variable([2, 5, 2, 3])], { size: int(3), alpha: float(0.9), beta: float(0.6) })[0]!,
  "LRN of five channels, more than there are on a side": (t) =>
    t.b.node("LRN", [t.variable([1, 6, 2, 2])], { size: int(5), alpha: float(0.5), bias: float(2) })[0]!,
};

const gemm = (transA: number, transB: number, bias?: readonly number[]): Cases[string] => (t) =>
  t.b.node("Gemm", [
    t.variable(transA ? [4, 2] : [2, 4]),
    t.variable(transB ? [3, 4] : [4, 3]),
    ...(bias === undefined ? [] : [t.variable(bias)]),
  ], { transA: int(transA), transB: int(transB), alpha: float(0.7), beta: float(1.3) })[0]!;

const matmul = (a: readonly number[], c: readonly number[]): Cases => ({
  [`MatMul [${a}] by [${c}]`]: (t) => t.b.matmul(t.variable(a), t.variable(c)),
});

export const PRODUCT_CASES: Cases = {
  "Gemm plain": gemm(0, 0, [3]),
  "Gemm transA": gemm(1, 0, [2, 1]),
  "Gemm transB": gemm(0, 1, [2, 3]),
  "Gemm both": gemm(1, 1, []),
  "Gemm without C": gemm(0, 1),
  "Gemm as a layer": (t) =>
    t.b.gemm(t.variable([2, 4]), t.variable([3, 4], { frozen: true }), t.variable([3], { frozen: true }), {
      transB: true,
    }),
  ...matmul([2, 3], [3, 4]),
  ...matmul([2, 5, 3], [3, 4]),
  ...matmul([2, 3], [5, 3, 4]),
  ...matmul([2, 5, 3], [2, 3, 4]),
  ...matmul([2, 1, 5, 3], [4, 3, 2]),
  ...matmul([1, 2, 5, 3], [3, 1, 3, 2]),
  ...matmul([3], [3]),
  ...matmul([3], [3, 4]),
  ...matmul([2, 3], [3]),
  ...matmul([3], [2, 3, 4]),
  ...matmul([2, 5, 3], [3]),
  "MatMul as attention": (t) => {
    const [q, k, v] = [t.variable([1, 2, 4, 3]), t.variable([1, 2, 4, 3]), t.variable([1, 2, 4, 3])];
    const weights = t.b.softmax(t.b.mul(t.b.matmul(q, t.b.transpose(k, [0, 1, 3, 2])), 0.5));
    return t.b.matmul(weights, v);
  },
};
