/**
 * Gradient rules of normalisations and of softmax.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { normalisedAxis } from "../../graph/shapes/rule.ts";
import { floatAttribute, intAttribute, type Value } from "../../graph/types.ts";
import {
  type GradientRule,
  multipliedAlong,
  reducedTo,
  requiredInput,
  reshaped,
  single,
  type SingleContext,
  unary,
} from "../rule.ts";

// y = softmax(x): dx = y·(dy − Σ dy·y).
const softmax: GradientRule = unary(({ b, attributes, y, dy }) => {
  const axis = normalisedAxis(intAttribute(attributes, "axis", -1), y.shape.length);
  const weighted = b.mul(dy, y);
  return b.sub(weighted, b.mul(y, b.reduceSum(weighted, [axis])));
});

// y = log softmax(x): dx = dy − eʸ·Σ dy.
const logSoftmax: GradientRule = unary(({ b, attributes, y, dy }) => {
  const axis = normalisedAxis(intAttribute(attributes, "axis", -1), y.shape.length);
  return b.sub(dy, b.mul(b.exp(y), b.reduceSum(dy, [axis])));
});

/**
 * x̂ = (x − mean)·r with r = 1/√(variance + ε) over `axes`, and the adjoint of that map:
 * dx = r·(g − mean g − x̂·mean(g·x̂)).
 */
function standardized(
  b: Builder,
  x: Value,
  axes: readonly number[],
  epsilon: number,
): { xHat: Value; adjoint: (g: Value) => Value } {
  const centred = b.sub(x, b.reduceMean(x, axes));
  const variance = b.reduceMean(b.mul(centred, centred), axes);
  const r = b.div(1, b.sqrt(b.add(variance, epsilon)));
  const xHat = b.mul(centred, r);
  const adjoint = (g: Value): Value => {
    const along = b.mul(xHat, b.reduceMean(b.mul(g, xHat), axes));
    return b.mul(b.sub(b.sub(g, b.reduceMean(g, axes)), along), r);
  };
  return { xHat, adjoint };
}

/** Gradients of x, scale and bias of y = x̂·scale + bias; `scaleShape` is how both broadcast against x. */
function normalized(
  context: SingleContext,
  axes: readonly number[],
  scaleShape: readonly number[],
): readonly (Value | undefined)[] {
  const { b, needs, x, dy } = context;
  const scale = requiredInput(context, 1);
  let dx: Value | undefined;
  let dScale: Value | undefined;
  if (needs[0] || needs[1]) {
    const { xHat, adjoint } = standardized(b, x, axes, floatAttribute(context.attributes, "epsilon", 1e-5));
    if (needs[0]) dx = adjoint(b.mul(dy, reshaped(b, scale, scaleShape)));
    if (needs[1]) dScale = reshaped(b, reducedTo(b, b.mul(dy, xHat), scaleShape), scale.shape);
  }
  const bias = context.inputs[2];
  const dBias = needs[2] && bias !== undefined
    ? reshaped(b, reducedTo(b, dy, scaleShape), bias.shape)
    : undefined;
  return [dx, dScale, dBias];
}

// y = x̂·scale + bias, x̂ standardized over the axes from `axis` on: see standardized().
const layerNormalization: GradientRule = single((context) => {
  const rank = context.x.shape.length;
  const first = normalisedAxis(intAttribute(context.attributes, "axis", -1), rank);
  const axes = context.x.shape.flatMap((_, i) => (i >= first ? [i] : []));
  return normalized(context, axes, requiredInput(context, 1).shape);
});

// y = x̂·scale + bias, x̂ standardized per sample and channel: see standardized().
const instanceNormalization: GradientRule = single((context) => {
  const { shape } = context.x;
  const axes = shape.flatMap((_, i) => (i >= 2 ? [i] : []));
  return normalized(context, axes, [shape[1]!, ...axes.map(() => 1)]);
});

// y = (x − μ)·s·r + β, r = 1/√(v + ε), frozen statistics: dx = dy·s·r, ds = Σ dy·(x − μ)·r, dβ = Σ dy,
// dμ = −s·r·Σ dy, dv = −½·s·r³·Σ dy·(x − μ).
const batchNormalization: GradientRule = single((context) => {
  const { b, needs, x, dy } = context;
  if (intAttribute(context.attributes, "training_mode", 0) === 1) {
    throw new TypeError(
      "training_mode is on: compose batch statistics of ReduceMean, Sub, Mul, Sqrt and Div",
    );
  }
  const [scale, mean, variance] = [
    requiredInput(context, 1),
    requiredInput(context, 3),
    requiredInput(context, 4),
  ];
  const perChannel = [x.shape[1]!, ...x.shape.slice(2).map(() => 1)];
  const spread = (value: Value) => reshaped(b, value, perChannel);
  const summed = (value: Value) => reshaped(b, reducedTo(b, value, perChannel), scale.shape);

  // Of weights alone: the runtime folds it into one constant per channel.
  const r = b.div(1, b.sqrt(b.add(variance, floatAttribute(context.attributes, "epsilon", 1e-5))));
  const factor = b.mul(scale, r);
  const dx = needs[0] ? b.mul(dy, spread(factor)) : undefined;
  const total = needs[2] || needs[3] ? summed(dy) : undefined;
  const moment = needs[1] || needs[4] ? summed(b.mul(dy, b.sub(x, spread(mean)))) : undefined;
  return [
    dx,
    needs[1] ? b.mul(moment!, r) : undefined,
    total,
    needs[3] ? b.neg(b.mul(total!, factor)) : undefined,
    needs[4] ? b.mul(b.mul(moment!, b.mul(factor, b.mul(r, r))), -0.5) : undefined,
  ];
});

// y_c = x_c·D_c^−β with D_c = k + α/n·Σ x_j² over the n channels j around c: the direct part is dy·D^−β, and every
// channel j near c receives −2αβ/n·x_j·(dy·x·D^(−β−1))_c.
const localResponse: GradientRule = unary(({ b, attributes, x, dy }) => {
  const size = intAttribute(attributes, "size", 1);
  const alpha = floatAttribute(attributes, "alpha", 1e-4);
  const beta = floatAttribute(attributes, "beta", 0.75);
  const channels = x.shape[1]!;
  // near[j, c] = 1 where channel j counts for c.
  const near = (j: number, c: number) => j >= c - ((size - 1) >> 1) && j <= c + (size >> 1) ? 1 : 0;
  const band = (transposed: boolean) => ({
    rows: channels,
    columns: channels,
    data: Float64Array.from({ length: channels * channels }, (_, i) => {
      const [row, column] = [Math.floor(i / channels), i % channels];
      return transposed ? near(column, row) : near(row, column);
    }),
  });
  const sums = multipliedAlong(b, b.mul(x, x), 1, band(false));
  const d = b.add(b.mul(sums, alpha / size), floatAttribute(attributes, "bias", 1));
  const direct = b.mul(dy, b.pow(d, -beta));
  const shared = multipliedAlong(b, b.div(b.mul(direct, x), d), 1, band(true));
  return b.sub(direct, b.mul(b.mul(x, shared), 2 * alpha * beta / size));
});

/** Rules by operator. */
export const NORMALIZATION: Readonly<Record<string, GradientRule>> = {
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  BatchNormalization: batchNormalization,
  LRN: localResponse,
};
