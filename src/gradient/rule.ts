/**
 * The interface of gradient rules: a rule maps a node and the gradients of its outputs to the gradients of its inputs,
 * as new nodes. Also helpers for several rules.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import { shapeText } from "../graph/shapes/rule.ts";
import { type Attributes, type DataType, elementCount, type Node, type Value } from "../graph/types.ts";

/** Device for the gradient graph; some rules choose the form that is fast there. */
export type GradientDevice = "webgpu" | "wasm" | "native";

/** Input of a rule. */
export interface RuleContext {
  /** Receives the gradient's nodes; their names start with `grad/NODE/`. */
  readonly b: Builder;
  /** The node to differentiate. */
  readonly node: Node;
  /** Its attributes. */
  readonly attributes: Attributes;
  /** Inputs in order; `undefined` for an omitted optional input. */
  readonly inputs: readonly (Value | undefined)[];
  /** Outputs in order; `undefined` for an omitted output. */
  readonly outputs: readonly (Value | undefined)[];
  /** Which inputs need a gradient; the others' must not be computed. */
  readonly needs: readonly boolean[];
  /** Gradient of each output, in its shape; `undefined` if the objective does not depend on it. */
  readonly dy: readonly (Value | undefined)[];
  /** Device for the gradient. */
  readonly device: GradientDevice;
}

/** Gradients of the inputs, each in its input's shape; `undefined` means zero or not needed. */
export type GradientRule = (context: RuleContext) => readonly (Value | undefined)[];

/** A rule's context when only the first output carries a gradient. */
export interface SingleContext extends Omit<RuleContext, "dy"> {
  /** First input. */
  readonly x: Value;
  /** First output. */
  readonly y: Value;
  /** Gradient of the first output. */
  readonly dy: Value;
}

/** A rule that differentiates through the first output only; a gradient at any other is an error. */
export function single(rule: (context: SingleContext) => readonly (Value | undefined)[]): GradientRule {
  return (context) => {
    const further = context.dy.findIndex((value, i) => i > 0 && value !== undefined);
    if (further > 0) throw new TypeError(`its output ${further} cannot be differentiated`);
    const dy = context.dy[0];
    const y = context.outputs[0];
    if (dy === undefined || y === undefined) return [];
    return rule({ ...context, x: requiredInput(context, 0), y, dy });
  };
}

/** A rule of a function of one value: gives that value's gradient; further inputs must need none. */
export function unary(rule: (context: SingleContext) => Value): GradientRule {
  return single((context) => {
    const further = context.needs.findIndex((needed, i) => i > 0 && needed);
    if (further > 0) throw new TypeError(`no gradient towards its input ${further}`);
    return [rule(context)];
  });
}

/** The input at `index`, which the operator requires. */
export function requiredInput(context: Pick<RuleContext, "inputs">, index: number): Value {
  const value = context.inputs[index];
  if (value === undefined) throw new TypeError(`input ${index} is missing`);
  return value;
}

/** Numbers of the input at `index`, which must be a known constant, or `undefined` if it is omitted. */
export function constantInput(
  context: Pick<RuleContext, "b" | "inputs">,
  index: number,
): readonly number[] | undefined {
  const value = context.inputs[index];
  // An empty tensor (Resize's roi) represents an omitted optional input.
  if (value === undefined || elementCount(value.shape) === 0) return undefined;
  const numbers = context.b.numbers(value);
  if (numbers === undefined) {
    throw new TypeError(`its input ${index} (${value.name}) is not a known constant`);
  }
  return numbers;
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], c: readonly number[]): boolean {
  return a.length === c.length && a.every((size, i) => size === c[i]);
}

/** Reshapes, or returns the value itself if the shape is already right. */
export function reshaped(b: Builder, value: Value, shape: readonly number[]): Value {
  return sameShape(value.shape, shape) ? value : b.reshape(value, shape);
}

/** Broadcasts to `shape`, or gives the value itself. */
export function expanded(b: Builder, value: Value, shape: readonly number[]): Value {
  return sameShape(value.shape, shape) ? value : b.expand(value, shape);
}

/** Adjoint of broadcasting: sums `value` down to `shape`, which can be broadcast to the value's shape. */
export function reducedTo(b: Builder, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  const lead = value.shape.length - shape.length;
  const axes = value.shape.flatMap((
    size,
    i,
  ) => (size !== 1 && (i < lead || shape[i - lead] === 1) ? [i] : []));
  return reshaped(b, axes.length === 0 ? value : b.reduceSum(value, axes), shape);
}

/** Zeros of a shape. An Expand, so that the model file stays small; the runtime folds it. */
export function zeros(b: Builder, shape: readonly number[], type: DataType = "float32"): Value {
  return expanded(b, b.constant(type, [], [0]), shape);
}

/** `dy` where the condition is true, else 0. */
export function passed(b: Builder, condition: Value, dy: Value): Value {
  return b.where(condition, dy, b.constant(dy.type, [], [0]));
}

/** Sign of x. WebGPU has no Sign kernel: the node would fall back to the CPU. */
export function signNode(b: Builder, x: Value, device: GradientDevice): Value {
  if (device !== "webgpu") return b.sign(x);
  const zero = b.constant(x.type, [], [0]);
  const negative = b.where(b.less(x, 0), b.constant(x.type, [], [-1]), zero);
  return b.where(b.greater(x, 0), b.constant(x.type, [], [1]), negative);
}

/**
 * Applies a constant matrix M [rows, columns] along one axis: out[…, c, …] = Σ_r value[…, r, …]·M[r, c].
 * Adjoints of interpolation and of non-constant padding are of this form.
 */
export function multipliedAlong(
  b: Builder,
  value: Value,
  axis: number,
  matrix: { readonly rows: number; readonly columns: number; readonly data: Float64Array },
): Value {
  const { rows, columns, data } = matrix;
  if (value.shape[axis] !== rows) {
    throw new TypeError(`a matrix of ${rows} rows does not fit axis ${axis} of ${shapeText(value.shape)}`);
  }
  const before = value.shape.slice(0, axis);
  const after = value.shape.slice(axis + 1);
  const shape = [...before, columns, ...after];
  if (elementCount(after) === 1) {
    const right = b.constant(value.type, [rows, columns], data);
    return reshaped(b, b.matmul(reshaped(b, value, [elementCount(before), rows]), right), shape);
  }
  // Transposed here, once, rather than in the graph.
  const transposed = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) transposed[c * rows + r] = data[r * columns + c]!;
  }
  const left = b.constant(value.type, [columns, rows], transposed);
  return reshaped(
    b,
    b.matmul(left, reshaped(b, value, [elementCount(before), rows, elementCount(after)])),
    shape,
  );
}
