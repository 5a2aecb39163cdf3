/**
 * AdamW with amsgrad (Loshchilov and Hutter 2019; Reddi et al. 2018) as graph nodes, in PyTorch's order of
 * operations. Per parameter w with gradient g:
 *
 *     w    ← w·(1 − lr·λ)
 *     m    ← β₁·m + (1 − β₁)·g          first moment
 *     v    ← β₂·v + (1 − β₂)·g²         second moment
 *     v̂    ← max(v̂, v)                  the largest so far, not corrected for its start at zero
 *     w    ← w − lr/(1 − β₁ᵗ) · m / (√v̂/√(1 − β₂ᵗ) + ε)
 *
 * The host computes the numbers that change from step to step in float64 (`adamwScalars`), because 1 − β₂ in float32
 * would be wrong in the fifth digit.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { elementCount, type Value } from "../../graph/types.ts";

/** PyTorch's default beta2. */
const BETA2 = 0.999;
/** PyTorch's default epsilon. */
const EPSILON = 1e-8;

/** Names of the rank-0 inputs that a graph with the optimiser has. */
export const ADAMW_SCALARS = [
  /** 1 − lr·λ */
  "keep",
  /** β₁ */
  "beta1",
  /** 1 − β₁ */
  "beta1_rest",
  /** β₂ */
  "beta2",
  /** 1 − β₂ */
  "beta2_rest",
  /** lr / (1 − β₁ᵗ) */
  "step_size",
  /** √(1 − β₂ᵗ) */
  "second_correction",
] as const;

/** One of the numbers that the optimiser takes at each step. */
export type AdamwScalar = typeof ADAMW_SCALARS[number];

/** The settings of one optimiser step. */
export interface AdamwSettings {
  /** Counted from 0. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  /** 0.999 by default. */
  readonly beta2?: number;
  /** λ: parameters shrink by lr·λ. */
  readonly weightDecay: number;
}

/** The numbers to feed at a step. */
export function adamwScalars(settings: AdamwSettings): Record<AdamwScalar, number> {
  const { step, learningRate, beta1, weightDecay } = settings;
  const beta2 = settings.beta2 ?? BETA2;
  const count = step + 1;
  return {
    keep: 1 - learningRate * weightDecay,
    beta1,
    beta1_rest: 1 - beta1,
    beta2,
    beta2_rest: 1 - beta2,
    step_size: learningRate / (1 - beta1 ** count),
    second_correction: Math.sqrt(1 - beta2 ** count),
  };
}

/** Declares the scalars as rank-0 float32 inputs of the graph. */
export function scalarInputs(b: Builder): Record<AdamwScalar, Value> {
  const entries = ADAMW_SCALARS.map((name) => [name, b.input(name, "float32", [])] as const);
  return Object.fromEntries(entries) as Record<AdamwScalar, Value>;
}

/** The moments of one parameter, each in the parameter's shape. */
export interface Moments {
  /** m. */
  readonly first: Value;
  /** v. */
  readonly second: Value;
  /** v̂, the largest v so far. */
  readonly largest: Value;
}

/** One update: the parameter and its moments after it. */
export function adamw(
  b: Builder,
  parameter: Value,
  gradient: Value,
  moments: Moments,
  scalars: Readonly<Record<AdamwScalar, Value>>,
): Moments & { readonly parameter: Value } {
  const [w, g, m, v, most] = [parameter, gradient, moments.first, moments.second, moments.largest]
    .map((value) => flat(b, value)) as [Value, Value, Value, Value, Value];
  const shaped = (value: Value) => b.reshape(value, parameter.shape);

  const first = b.add(b.mul(m, scalars.beta1), b.mul(g, scalars.beta1_rest));
  const second = b.add(b.mul(v, scalars.beta2), b.mul(b.mul(g, g), scalars.beta2_rest));
  const largest = b.max(most, second);
  const spread = b.add(b.div(b.sqrt(largest), scalars.second_correction), EPSILON);
  const step = b.mul(b.div(first, spread), scalars.step_size);
  return {
    parameter: shaped(b.sub(b.mul(w, scalars.keep), step)),
    first: shaped(first),
    second: shaped(second),
    largest: shaped(largest),
  };
}

/** The update of a parameter whose gradient is always exactly zero: weight decay only. */
export function decayed(
  b: Builder,
  parameter: Value,
  scalars: Readonly<Record<AdamwScalar, Value>>,
): Value {
  return b.mul(parameter, scalars.keep);
}

/** As a vector: on the CPU, combining a scalar with [1000, 960, 1, 1] is 14 times slower than with [960000]. */
function flat(b: Builder, value: Value): Value {
  return b.reshape(value, [elementCount(value.shape)]);
}
