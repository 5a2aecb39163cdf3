/**
 * The operators that this project uses, as typed functions over a builder's `node`: opset 17's forms.
 *
 * @module
 */
import { DATA_TYPE_CODES } from "./shapes/elementwise.ts";
import {
  type Attribute,
  type Attributes,
  type DataType,
  float,
  int,
  ints,
  text,
  type Value,
} from "./types.ts";

/** How a node is named and how many outputs it has. */
export interface NodeOptions {
  /** Outputs of the node; 1 by default. */
  readonly outputs?: number;
  /** Name of the node and stem of its outputs' names; made from the operator by default. */
  readonly name?: string;
}

/** An operand: a value, or a number that becomes a rank-0 constant of the other operand's type. */
export type Operand = Value | number;

/** A convolution's geometry; strides, dilations and group 1, pads 0 by default. Pads: begins, then ends. */
export interface ConvOptions {
  /** Step per spatial axis. */
  readonly strides?: readonly number[];
  /** Zeros around the input. */
  readonly pads?: readonly number[];
  /** Distance of the kernel's elements per spatial axis. */
  readonly dilations?: readonly number[];
  /** Groups that channels are divided into. */
  readonly group?: number;
}

/** A pooling window's geometry. */
export interface PoolOptions {
  /** Step per spatial axis, 1 by default. */
  readonly strides?: readonly number[];
  /** Padding: begins, then ends; 0 by default. */
  readonly pads?: readonly number[];
  /** Whether a window that is only partly inside counts. */
  readonly ceilMode?: boolean;
  /** Average pooling only: whether padding counts in the divisor. */
  readonly countIncludePad?: boolean;
}

/** Parameters of a batch normalisation in inference. */
export interface BatchNormParameters {
  /** Factor per channel, [C]. */
  readonly scale: Value;
  /** Offset per channel, [C]. */
  readonly bias: Value;
  /** Running mean, [C]. */
  readonly mean: Value;
  /** Running variance, [C]. */
  readonly variance: Value;
}

/** How an interpolation maps coordinates. */
export interface ResizeOptions {
  /** "linear" by default. */
  readonly mode?: "linear" | "nearest" | "cubic";
  /** "half_pixel" by default. */
  readonly coordinates?: "half_pixel" | "pytorch_half_pixel" | "align_corners" | "asymmetric";
}

/** Typed operators of a builder. Shapes follow ONNX; reductions keep their axes unless told otherwise. */
export interface Operators {
  /** Convolution of [N, C, ...] with a kernel [M, C / group, ...]. */
  conv(x: Value, w: Value, bias?: Value, options?: ConvOptions): Value;
  /** Transposed convolution of [N, C, ...] with a kernel [C, M / group, ...]. */
  convTranspose(x: Value, w: Value, options?: ConvOptions & { outputPadding?: readonly number[] }): Value;
  /** Batch normalisation in inference over axis 1; epsilon 1e-5 by default. */
  batchNorm(x: Value, parameters: BatchNormParameters, epsilon?: number): Value;
  /** Layer normalisation over the last axis; epsilon 1e-5 by default. */
  layerNorm(x: Value, scale: Value, bias: Value, epsilon?: number): Value;
  /** Maximum over a sliding window. */
  maxPool(x: Value, kernel: readonly number[], options?: PoolOptions): Value;
  /** Mean over a sliding window. */
  averagePool(x: Value, kernel: readonly number[], options?: PoolOptions): Value;
  /** Mean over all spatial axes: [N, C, ...] to [N, C, 1, ...]. */
  globalAveragePool(x: Value): Value;
  /** `a · b + c` of matrices, each transposed where asked. */
  gemm(a: Value, b: Value, c?: Value, options?: { transA?: boolean; transB?: boolean }): Value;
  /** Matrix product; leading axes are broadcast. */
  matmul(a: Value, b: Value): Value;
  /** Sum. */
  add(a: Operand, b: Operand): Value;
  /** Difference. */
  sub(a: Operand, b: Operand): Value;
  /** Product. */
  mul(a: Operand, b: Operand): Value;
  /** Quotient. */
  div(a: Operand, b: Operand): Value;
  /** Power. */
  pow(a: Operand, b: Operand): Value;
  /** Larger of two. */
  max(a: Operand, b: Operand): Value;
  /** Smaller of two. */
  min(a: Operand, b: Operand): Value;
  /** `max(x, 0)`. */
  relu(x: Value): Value;
  /** `x` held in [low, high]. */
  clip(x: Value, low: number, high: number): Value;
  /** `max(0, min(1, x/6 + 1/2))`, as PyTorch and MobileNetV3 have it. */
  hardSigmoid(x: Value): Value;
  /** `x · max(0, min(1, x/6 + 1/2))`. */
  hardSwish(x: Value): Value;
  /** `1 / (1 + exp(−x))`. */
  sigmoid(x: Value): Value;
  /** Hyperbolic tangent. */
  tanh(x: Value): Value;
  /** Error function. */
  erf(x: Value): Value;
  /** Exponential. */
  exp(x: Value): Value;
  /** Natural logarithm. */
  log(x: Value): Value;
  /** Square root. */
  sqrt(x: Value): Value;
  /** `−x`. */
  neg(x: Value): Value;
  /** Magnitude. */
  abs(x: Value): Value;
  /** −1, 0 or 1. Not on WebGPU: it falls back to the CPU. */
  sign(x: Value): Value;
  /** The value itself, under another name. */
  identity(x: Value): Value;
  /** Softmax along an axis, the last by default. */
  softmax(x: Value, axis?: number): Value;
  /** Whether `a > b`. */
  greater(a: Operand, b: Operand): Value;
  /** Whether `a < b`. */
  less(a: Operand, b: Operand): Value;
  /** Whether `a = b`. */
  equal(a: Operand, b: Operand): Value;
  /** `a` where the condition holds, else `b`. */
  where(condition: Value, a: Operand, b: Operand): Value;
  /** Another element type. */
  cast(x: Value, type: DataType): Value;
  /** Axes in another order. */
  transpose(x: Value, perm: readonly number[]): Value;
  /** Another shape; one −1 is worked out, 0 keeps a dimension. */
  reshape(x: Value, shape: readonly number[]): Value;
  /** A matrix: axes before `axis` are rows, the rest columns; 1 by default. */
  flatten(x: Value, axis?: number): Value;
  /** Without axes of size 1. */
  squeeze(x: Value, axes: readonly number[]): Value;
  /** With new axes of size 1. */
  unsqueeze(x: Value, axes: readonly number[]): Value;
  /** Joined along an axis. */
  concat(values: readonly Value[], axis: number): Value;
  /** Cut into parts of given sizes along an axis. */
  split(x: Value, axis: number, sizes: readonly number[]): Value[];
  /** From start to before end along one axis. */
  slice(x: Value, axis: number, start: number, end: number, step?: number): Value;
  /** Surrounded by a constant, 0 by default; pads: begins, then ends, per axis. */
  pad(x: Value, pads: readonly number[], value?: number): Value;
  /** Rows at int64 indices along an axis, 0 by default. */
  gather(x: Value, indices: Value, axis?: number): Value;
  /** Broadcast to a shape. */
  expand(x: Value, shape: readonly number[]): Value;
  /** Interpolated to sizes; linear with half-pixel centres by default. */
  resize(x: Value, sizes: readonly number[], options?: ResizeOptions): Value;
  /** Sum over axes, all by default. */
  reduceSum(x: Value, axes?: readonly number[], keep?: boolean): Value;
  /** Mean over axes, all by default. */
  reduceMean(x: Value, axes?: readonly number[], keep?: boolean): Value;
  /** Maximum over axes, all by default. */
  reduceMax(x: Value, axes?: readonly number[], keep?: boolean): Value;
  /** Minimum over axes, all by default. */
  reduceMin(x: Value, axes?: readonly number[], keep?: boolean): Value;
  /** Index of the maximum along an axis, int64. */
  argMax(x: Value, axis: number, keep?: boolean): Value;
}

/** What operators need of a builder: constants and nodes. */
export interface NodeSink {
  /** A constant kept in the graph; equal small constants are one value. */
  constant(type: DataType, shape: readonly number[], numbers: ArrayLike<number>): Value;
  /** A rank-1 int64 constant, as shapes and axes are given. */
  int64s(values: readonly number[]): Value;
  /** Adds a node and gives its outputs. An `undefined` input is an optional one left out. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Attributes,
    options?: NodeOptions,
  ): Value[];
}

/** Leaves out what is not given. */
function given(attributes: Record<string, Attribute | undefined>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes;
}

function optionalInts(value: readonly number[] | undefined): Attribute | undefined {
  return value === undefined ? undefined : ints(value);
}

/** The operators over one builder's `node`. */
export function operatorsOver(b: NodeSink): Operators {
  const one = (op: string, inputs: readonly (Value | undefined)[], attributes?: Attributes): Value =>
    b.node(op, inputs, attributes)[0]!;
  const unary = (op: string) => (x: Value): Value => one(op, [x]);
  const operand = (
    x: Operand,
    type: DataType,
  ): Value => (typeof x === "number" ? b.constant(type, [], [x]) : x);
  const pair = (a: Operand, c: Operand): [Value, Value] => {
    const type = typeof a !== "number" ? a.type : typeof c !== "number" ? c.type : "float32";
    return [operand(a, type), operand(c, type)];
  };
  const binary = (op: string) => (a: Operand, c: Operand): Value => one(op, pair(a, c));
  /** Axes are an attribute of these until opset 18. */
  const reduction = (op: string) => (x: Value, axes?: readonly number[], keep = true): Value =>
    one(op, [x], given({ axes: optionalInts(axes), keepdims: int(keep ? 1 : 0) }));
  const pooling =
    (op: string, extra: (options: PoolOptions) => Record<string, Attribute | undefined>) =>
    (x: Value, kernel: readonly number[], options: PoolOptions = {}): Value =>
      one(
        op,
        [x],
        given({
          kernel_shape: ints(kernel),
          strides: optionalInts(options.strides),
          pads: optionalInts(options.pads),
          ceil_mode: options.ceilMode ? int(1) : undefined,
          ...extra(options),
        }),
      );

  return {
    conv: (x, w, bias, options = {}) =>
      one(
        "Conv",
        bias === undefined ? [x, w] : [x, w, bias],
        given({
          kernel_shape: ints(w.shape.slice(2)),
          strides: optionalInts(options.strides),
          pads: optionalInts(options.pads),
          dilations: optionalInts(options.dilations),
          group: options.group === undefined ? undefined : int(options.group),
        }),
      ),
    convTranspose: (x, w, options = {}) =>
      one(
        "ConvTranspose",
        [x, w],
        given({
          kernel_shape: ints(w.shape.slice(2)),
          strides: optionalInts(options.strides),
          pads: optionalInts(options.pads),
          dilations: optionalInts(options.dilations),
          group: options.group === undefined ? undefined : int(options.group),
          output_padding: optionalInts(options.outputPadding),
        }),
      ),
    batchNorm: (x, { scale, bias, mean, variance }, epsilon = 1e-5) =>
      one("BatchNormalization", [x, scale, bias, mean, variance], { epsilon: float(epsilon) }),
    layerNorm: (x, scale, bias, epsilon = 1e-5) =>
      one("LayerNormalization", [x, scale, bias], { axis: int(-1), epsilon: float(epsilon) }),
    maxPool: pooling("MaxPool", () => ({})),
    averagePool: pooling("AveragePool", (options) => ({
      count_include_pad: options.countIncludePad ? int(1) : undefined,
    })),
    globalAveragePool: unary("GlobalAveragePool"),
    gemm: (a, c, bias, options = {}) =>
      one(
        "Gemm",
        bias === undefined ? [a, c] : [a, c, bias],
        given({
          transA: options.transA ? int(1) : undefined,
          transB: options.transB ? int(1) : undefined,
        }),
      ),
    matmul: (a, c) => one("MatMul", [a, c]),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    max: binary("Max"),
    min: binary("Min"),
    relu: unary("Relu"),
    clip: (x, low, high) => one("Clip", [x, operand(low, x.type), operand(high, x.type)]),
    hardSigmoid: (x) => one("HardSigmoid", [x], { alpha: float(1 / 6), beta: float(0.5) }),
    hardSwish: unary("HardSwish"),
    sigmoid: unary("Sigmoid"),
    tanh: unary("Tanh"),
    erf: unary("Erf"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    neg: unary("Neg"),
    abs: unary("Abs"),
    sign: unary("Sign"),
    identity: unary("Identity"),
    softmax: (x, axis = -1) => one("Softmax", [x], { axis: int(axis) }),
    greater: binary("Greater"),
    less: binary("Less"),
    equal: binary("Equal"),
    where: (condition, a, c) => one("Where", [condition, ...pair(a, c)]),
    cast: (x, type) => one("Cast", [x], { to: int(DATA_TYPE_CODES[type]) }),
    transpose: (x, perm) => one("Transpose", [x], { perm: ints(perm) }),
    reshape: (x, shape) => one("Reshape", [x, b.int64s(shape)]),
    flatten: (x, axis = 1) => one("Flatten", [x], { axis: int(axis) }),
    squeeze: (x, axes) => one("Squeeze", [x, b.int64s(axes)]),
    unsqueeze: (x, axes) => one("Unsqueeze", [x, b.int64s(axes)]),
    concat: (values, axis) => one("Concat", values, { axis: int(axis) }),
    split: (x, axis, sizes) =>
      b.node("Split", [x, b.int64s(sizes)], { axis: int(axis) }, { outputs: sizes.length }),
    slice: (x, axis, start, end, step = 1) =>
      one("Slice", [x, b.int64s([start]), b.int64s([end]), b.int64s([axis]), b.int64s([step])]),
    pad: (x, pads, value = 0) => one("Pad", [x, b.int64s(pads), operand(value, x.type)]),
    gather: (x, indices, axis = 0) => one("Gather", [x, indices], { axis: int(axis) }),
    expand: (x, shape) => one("Expand", [x, b.int64s(shape)]),
    resize: (x, sizes, options = {}) =>
      one("Resize", [x, undefined, undefined, b.int64s(sizes)], {
        mode: text(options.mode ?? "linear"),
        coordinate_transformation_mode: text(options.coordinates ?? "half_pixel"),
      }),
    reduceSum: (x, axes, keep = true) =>
      one("ReduceSum", axes === undefined ? [x] : [x, b.int64s(axes)], { keepdims: int(keep ? 1 : 0) }),
    reduceMean: reduction("ReduceMean"),
    reduceMax: reduction("ReduceMax"),
    reduceMin: reduction("ReduceMin"),
    argMax: (x, axis, keep = true) => one("ArgMax", [x], { axis: int(axis), keepdims: int(keep ? 1 : 0) }),
  };
}
