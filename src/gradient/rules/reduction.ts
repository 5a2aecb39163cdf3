/**
 * Gradient rules of reductions: the gradient is broadcast over the reduced axes.
 *
 * @module
 */
import { reducedAxes } from "../../graph/shapes/movement.ts";
import { int, intAttribute, ints, type Value } from "../../graph/types.ts";
import {
  expanded,
  type GradientRule,
  passed,
  reshaped,
  signNode,
  type SingleContext,
  unary,
} from "../rule.ts";

/** The reduced axes, and `value` (in y's shape) with those axes present as 1. */
function kept(context: SingleContext, value: Value): { axes: readonly number[]; value: Value } {
  const { b, inputs, attributes, x } = context;
  const axes = reducedAxes({
    op: context.node.op,
    attributes,
    inputs,
    outputCount: 1,
    constant: (index) => (inputs[index] === undefined ? undefined : b.numbers(inputs[index])),
  });
  return { axes, value: reshaped(b, value, x.shape.map((size, i) => (axes.includes(i) ? 1 : size))) };
}

/** dy with the reduced axes present as 1: broadcasts against x. */
function spread(context: SingleContext): Value {
  return kept(context, context.dy).value;
}

// y = Σ x: dx = dy, spread.
const sum: GradientRule = unary((context) => expanded(context.b, spread(context), context.x.shape));

// y = Σ x / n: dx = dy/n, spread.
const mean: GradientRule = unary((context) => {
  const { b, x } = context;
  const { axes, value } = kept(context, context.dy);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return expanded(b, count === 1 ? value : b.mul(value, 1 / count), x.shape);
});

// y = max x, min x: dx = dy·[x = y]/(how often x = y): ties share, as PyTorch's amax has it.
const extreme: GradientRule = unary((context) => {
  const { b, x } = context;
  const { axes, value: y } = kept(context, context.y);
  if (axes.length === 0) return context.dy;
  const attains = b.equal(x, y);
  const count = b.reduceSum(passed(b, attains, b.constant(x.type, [], [1])), axes);
  return passed(b, attains, b.div(spread(context), count));
});

// y = Σ|x|: dx = dy·sign x.
const l1: GradientRule = unary((context) =>
  context.b.mul(spread(context), signNode(context.b, context.x, context.device))
);

// y = √Σx²: dx = dy·x/y.
const l2: GradientRule = unary((context) =>
  context.b.mul(context.x, context.b.div(spread(context), kept(context, context.y).value))
);

// y = Σx²: dx = dy·2x.
const sumSquare: GradientRule = unary((context) =>
  context.b.mul(context.b.mul(spread(context), 2), context.x)
);

// y = Π x: dx_i = dy·Π_{j≠i} x_j: the product over x_i, or, where x_i is the only 0, the product of the others.
const product: GradientRule = unary((context) => {
  const { b, x } = context;
  const { axes, value: dy } = kept(context, context.dy);
  const [zero, one] = [b.constant(x.type, [], [0]), b.constant(x.type, [], [1])];
  const isZero = b.equal(x, 0);
  const others = b.where(isZero, one, x);
  const whole = b.node("ReduceProd", [others], { axes: ints(axes), keepdims: int(1) })[0]!;
  const zeroCount = b.reduceSum(b.where(isZero, one, zero), axes);
  const none = b.where(b.equal(zeroCount, 0), whole, zero);
  const single = b.where(b.equal(zeroCount, 1), whole, zero);
  return b.mul(dy, b.where(isZero, expanded(b, single, x.shape), b.div(none, others)));
});

// y_i = Σ_{j≤i} x_j along an axis: dx_j = Σ_{i≥j} dy_i, the same sum from the other end.
const cumulativeSum: GradientRule = unary(({ b, attributes, inputs, dy }) => {
  const reverse = int(1 - intAttribute(attributes, "reverse", 0));
  return b.node("CumSum", [dy, inputs[1]], { ...attributes, reverse })[0]!;
});

/** Rules by operator. */
export const REDUCTION: Readonly<Record<string, GradientRule>> = {
  ReduceSum: sum,
  ReduceMean: mean,
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceL1: l1,
  ReduceL2: l2,
  ReduceSumSquare: sumSquare,
  ReduceProd: product,
  CumSum: cumulativeSum,
  // y = mean of x over the spatial axes: dx = dy/n, spread.
  GlobalAveragePool: unary(({ b, x, dy }) =>
    expanded(b, b.mul(dy, 1 / x.shape.slice(2).reduce((product, size) => product * size, 1)), x.shape)
  ),
  // y = max of x over the spatial axes: as ReduceMax.
  GlobalMaxPool: unary(({ b, x, y, dy }) => {
    const attains = b.equal(x, y);
    const axes = x.shape.flatMap((_, i) => (i >= 2 ? [i] : []));
    const count = b.reduceSum(passed(b, attains, b.constant(x.type, [], [1])), axes);
    return passed(b, attains, b.div(dy, count));
  }),
};
