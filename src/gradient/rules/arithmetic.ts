/**
 * Gradient rules of arithmetic with broadcasting: sums, products, powers, choices.
 *
 * @module
 */
import type { Value } from "../../graph/types.ts";
import {
  constantInput,
  type GradientRule,
  passed,
  reducedTo,
  requiredInput,
  single,
  unary,
} from "../rule.ts";

// y = a + b: da = dy, db = dy, each summed over the axes that were broadcast.
const add: GradientRule = single(({ b, needs, inputs, dy }) =>
  inputs.map((input, i) => (needs[i] ? reducedTo(b, dy, input!.shape) : undefined))
);

// y = a − b: da = dy, db = −dy.
const sub: GradientRule = single((context) => {
  const { b, needs, dy } = context;
  return [
    needs[0] ? reducedTo(b, dy, requiredInput(context, 0).shape) : undefined,
    needs[1] ? b.neg(reducedTo(b, dy, requiredInput(context, 1).shape)) : undefined,
  ];
});

// y = a·b: da = dy·b, db = dy·a.
const mul: GradientRule = single((context) => {
  const { b, needs, dy } = context;
  const [left, right] = [requiredInput(context, 0), requiredInput(context, 1)];
  return [
    needs[0] ? reducedTo(b, b.mul(dy, right), left.shape) : undefined,
    needs[1] ? reducedTo(b, b.mul(dy, left), right.shape) : undefined,
  ];
});

// y = a/b: da = dy/b, db = −dy·y/b.
const div: GradientRule = single((context) => {
  const { b, needs, dy, y } = context;
  const [left, right] = [requiredInput(context, 0), requiredInput(context, 1)];
  const quotient = b.div(dy, right);
  return [
    needs[0] ? reducedTo(b, quotient, left.shape) : undefined,
    needs[1] ? b.neg(reducedTo(b, b.mul(quotient, y), right.shape)) : undefined,
  ];
});

// y = x^p: dx = dy·p·x^(p−1), dp = dy·y·log x (x > 0).
const pow: GradientRule = single((context) => {
  const { b, needs, dy, x, y } = context;
  const exponent = requiredInput(context, 1);
  const known = b.numbers(exponent);
  let dx: Value | undefined;
  if (needs[0]) {
    const p = known?.length === 1 ? known[0]! : undefined;
    const slope = p === 2
      ? b.mul(x, 2)
      : p === 3
      ? b.mul(b.mul(x, x), 3)
      : p !== undefined
      ? b.mul(b.pow(x, p - 1), p)
      : b.mul(b.pow(x, b.sub(exponent, 1)), exponent);
    dx = reducedTo(b, b.mul(dy, slope), x.shape);
  }
  const dp = needs[1] ? reducedTo(b, b.mul(dy, b.mul(y, b.log(x))), exponent.shape) : undefined;
  return [dx, dp];
});

// y = max(a, b, …), min(…): the gradient goes to the first input that attains y.
const extreme: GradientRule = single(({ b, needs, inputs, dy, y }) => {
  let rest = dy;
  return inputs.map((input, i) => {
    const last = needs.lastIndexOf(true);
    if (i > last) return undefined;
    const attains = b.equal(input!, y);
    const own = needs[i] ? reducedTo(b, passed(b, attains, rest), input!.shape) : undefined;
    if (i < last) rest = b.where(attains, 0, rest);
    return own;
  });
});

// y = c ? a : b: da = c ? dy : 0, db = c ? 0 : dy.
const where: GradientRule = (context) => {
  const { b, needs } = context;
  const dy = context.dy[0];
  if (dy === undefined) return [];
  const condition = requiredInput(context, 0);
  return [
    undefined,
    needs[1] ? reducedTo(b, passed(b, condition, dy), requiredInput(context, 1).shape) : undefined,
    needs[2] ? reducedTo(b, b.where(condition, 0, dy), requiredInput(context, 2).shape) : undefined,
  ];
};

// y = (a + b + … )/n: each dy/n.
const mean: GradientRule = single(({ b, needs, inputs, dy }) => {
  const share = inputs.length === 1 ? dy : b.mul(dy, 1 / inputs.length);
  return inputs.map((input, i) => (needs[i] ? reducedTo(b, share, input!.shape) : undefined));
});

// y = dropout(x) in inference, the identity: dx = dy.
const dropout: GradientRule = unary((context) => {
  if ((constantInput(context, 2)?.[0] ?? 0) !== 0) throw new TypeError("its training_mode is on");
  return context.dy;
});

/** Rules by operator. */
export const ARITHMETIC: Readonly<Record<string, GradientRule>> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: div,
  Pow: pow,
  Max: extreme,
  Min: extreme,
  Sum: add,
  Mean: mean,
  Where: where,
  Dropout: dropout,
  // y = x: dx = dy.
  Identity: unary(({ dy }) => dy),
  // y = x in another type: dx = dy in x's type.
  Cast: unary(({ b, x, dy }) => (dy.type === x.type ? dy : b.cast(dy, x.type))),
  // y = −x: dx = −dy.
  Neg: unary(({ b, dy }) => b.neg(dy)),
  // y = 1/x: dx = −dy·y².
  Reciprocal: unary(({ b, dy, y }) => b.neg(b.mul(dy, b.mul(y, y)))),
  // y = √x: dx = dy/(2y).
  Sqrt: unary(({ b, dy, y }) => b.div(b.mul(dy, 0.5), y)),
  // y = eˣ: dx = dy·y.
  Exp: unary(({ b, dy, y }) => b.mul(dy, y)),
  // y = log x: dx = dy/x.
  Log: unary(({ b, x, dy }) => b.div(dy, x)),
  // y = sin x: dx = dy·cos x.
  Sin: unary(({ b, x, dy }) => b.mul(dy, b.node("Cos", [x])[0]!)),
  // y = cos x: dx = −dy·sin x.
  Cos: unary(({ b, x, dy }) => b.neg(b.mul(dy, b.node("Sin", [x])[0]!))),
};
