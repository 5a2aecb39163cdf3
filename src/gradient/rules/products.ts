/**
 * Gradient rules of matrix products. A weight is never copied transposed, because Gemm can transpose it.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { elementCount, float, floatAttribute, int, intAttribute, type Value } from "../../graph/types.ts";
import { type GradientRule, reducedTo, requiredInput, reshaped, single } from "../rule.ts";

/** α·op(a)·op(c) by Gemm. */
function product(b: Builder, a: Value, transA: boolean, c: Value, transB: boolean, alpha = 1): Value {
  return b.node("Gemm", [a, c], {
    transA: int(transA ? 1 : 0),
    transB: int(transB ? 1 : 0),
    ...(alpha === 1 ? {} : { alpha: float(alpha) }),
  })[0]!;
}

// Y = α·A′·B′ + β·C: dA′ = α·dY·B′ᵀ, dB′ = α·A′ᵀ·dY, dC = β·dY summed to C's shape.
const gemm: GradientRule = single((context) => {
  const { b, attributes, needs, dy } = context;
  const [a, c] = [requiredInput(context, 0), requiredInput(context, 1)];
  const transA = intAttribute(attributes, "transA", 0) === 1;
  const transB = intAttribute(attributes, "transB", 0) === 1;
  const alpha = floatAttribute(attributes, "alpha", 1);
  const beta = floatAttribute(attributes, "beta", 1);
  let dBias: Value | undefined;
  if (needs[2]) {
    const sum = reducedTo(b, dy, requiredInput(context, 2).shape);
    dBias = beta === 1 ? sum : b.mul(sum, beta);
  }
  return [
    !needs[0]
      ? undefined
      : transA
      ? product(b, c, transB, dy, true, alpha)
      : product(b, dy, false, c, !transB, alpha),
    !needs[1]
      ? undefined
      : transB
      ? product(b, dy, true, a, transA, alpha)
      : product(b, a, !transA, dy, false, alpha),
    dBias,
  ];
});

// Y = A·B per batch entry: dA = dY·Bᵀ, dB = Aᵀ·dY, each summed over the batch axes that were broadcast.
const matmul: GradientRule = single((context) => {
  const { b, needs } = context;
  const [a, c] = [requiredInput(context, 0), requiredInput(context, 1)];
  // A vector is a row on the left and a column on the right; its axis is missing in Y.
  const left = a.shape.length === 1 ? [1, a.shape[0]!] : a.shape;
  const right = c.shape.length === 1 ? [c.shape[0]!, 1] : c.shape;
  const batch = context.y.shape.slice(
    0,
    context.y.shape.length - (a.shape.length > 1 ? 1 : 0) - (c.shape.length > 1 ? 1 : 0),
  );
  const [m, k, n] = [left.at(-2)!, left.at(-1)!, right.at(-1)!];
  if (right.length === 2) {
    // One matrix for all rows of A: both gradients are a single product over the rows of the whole batch.
    const rows = elementCount(batch) * m;
    const dy = reshaped(b, context.dy, [rows, n]);
    const dA = needs[0] ? product(b, dy, false, reshaped(b, c, right), true) : undefined;
    const dB = needs[1] ? product(b, reshaped(b, a, [rows, k]), true, dy, false) : undefined;
    return [
      dA === undefined ? undefined : reshaped(b, dA, a.shape),
      dB === undefined ? undefined : reshaped(b, dB, c.shape),
    ];
  }
  const dy = reshaped(b, context.dy, [...batch, m, n]);
  let dA: Value | undefined;
  let dB: Value | undefined;
  if (needs[0]) {
    const all = b.matmul(dy, transposed(b, reshaped(b, c, right)));
    dA = reshaped(b, reducedTo(b, all, left), a.shape);
  }
  if (needs[1]) {
    const all = b.matmul(transposed(b, reshaped(b, a, left)), dy);
    dB = reshaped(b, reducedTo(b, all, right), c.shape);
  }
  return [dA, dB];
});

/** Swaps the last two axes. */
function transposed(b: Builder, value: Value): Value {
  const rank = value.shape.length;
  const perm = value.shape.map((_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return b.transpose(value, perm);
}

/** Rules by operator. */
export const PRODUCTS: Readonly<Record<string, GradientRule>> = { Gemm: gemm, MatMul: matmul };
