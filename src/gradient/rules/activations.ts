/**
 * Gradient rules of activation functions. If possible, a rule uses the output y, so that the forward pass can fuse the
 * activation into the convolution before it.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { float, floatAttribute, textAttribute, type Value } from "../../graph/types.ts";
import { type GradientRule, passed, signNode, single, unary } from "../rule.ts";

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

// y = max(x, 0): dx = dy·[y > 0].
const relu: GradientRule = unary(({ b, dy, y, device }) =>
  // y ≥ 0, so a step at 0 is the mask; a product with it is faster than a selection (4×96×112²: wasm 10.3 and 13.9 ms,
  // native 4.6 and 9.1). WebGPU has no Sign.
  device === "webgpu" ? passed(b, b.greater(y, 0), dy) : b.mul(positive(b, y, device), dy)
);

/** 1 where y > 0 and 0 where y = 0, for y ≥ 0. */
function positive(b: Builder, y: Value, device: "wasm" | "native"): Value {
  // Sign is not vectorised natively: 12.1 ms in place of 4.6 for 4×96×112². min(y·3e38, 1) is: it is 1 for every y > 0
  // but the subnormal ones. On wasm both take the same time.
  return device === "wasm"
    ? b.sign(y)
    : b.node("HardSigmoid", [y], { alpha: float(3e38), beta: float(0) })[0]!;
}

// y = x > 0 ? x : αx: dx = dy·(x > 0 ? 1 : α).
const leakyRelu: GradientRule = unary(({ b, attributes, x, y, dy }) => {
  const alpha = floatAttribute(attributes, "alpha", 0.01);
  return b.where(b.greater(alpha > 0 ? y : x, 0), dy, b.mul(dy, alpha));
});

// y = x > 0 ? x : s·x: dx = dy·(x > 0 ? 1 : s).
const pRelu: GradientRule = unary(({ b, inputs, x, dy }) =>
  b.where(b.greater(x, 0), dy, b.mul(dy, inputs[1]!))
);

// y = min(max(x, l), h): dx = dy·[l < y < h], as PyTorch's hardtanh has it.
const clip: GradientRule = single((context) => {
  const { b, needs, dy, y } = context;
  if (needs[1] || needs[2]) throw new TypeError("no gradient towards its bounds");
  if (context.attributes["min"] !== undefined || context.attributes["max"] !== undefined) {
    throw new TypeError("its bounds are attributes, as before opset 11");
  }
  const [low, high] = [context.inputs[1], context.inputs[2]];
  if (context.device !== "webgpu" && low !== undefined && high !== undefined && b.numbers(low)?.[0] === 0) {
    // One step at y·(h − y) = 0 in place of two comparisons and two selections (4×96×112²: wasm 14.6 and 22.1 ms,
    // native 8.0 and 17.5).
    return [b.mul(positive(b, b.mul(y, b.sub(high, y)), context.device), dy)];
  }
  const below = high === undefined ? dy : passed(b, b.less(y, high), dy);
  return [low === undefined ? below : passed(b, b.greater(y, low), below)];
});

// y = max(0, min(1, αx + β)): dx = dy·α·[0 < y < 1].
const hardSigmoid: GradientRule = unary(({ b, attributes, y, dy }) => {
  const scaled = b.mul(dy, floatAttribute(attributes, "alpha", 0.2));
  return passed(b, b.greater(y, 0), passed(b, b.less(y, 1), scaled));
});

// y = x·max(0, min(1, x/6 + 1/2)): dx = dy·(x ≤ −3 ? 0 : x ≥ 3 ? 1 : x/3 + 1/2).
const hardSwish: GradientRule = unary(({ b, x, dy }) => {
  const between = b.mul(dy, b.add(b.mul(x, 1 / 3), 0.5));
  return passed(b, b.greater(x, -3), b.where(b.less(x, 3), between, dy));
});

// y = x > 0 ? x : α(eˣ − 1): dx = dy·(x > 0 ? 1 : y + α).
const elu: GradientRule = unary(({ b, attributes, x, y, dy }) =>
  b.where(b.greater(x, 0), dy, b.mul(dy, b.add(y, floatAttribute(attributes, "alpha", 1))))
);

// y = γ·(x > 0 ? x : α(eˣ − 1)): dx = dy·(x > 0 ? γ : y + γα).
const selu: GradientRule = unary(({ b, attributes, x, y, dy }) => {
  const alpha = floatAttribute(attributes, "alpha", 1.67326319217681884765625);
  const gamma = floatAttribute(attributes, "gamma", 1.05070102214813232421875);
  return b.mul(dy, b.where(b.greater(x, 0), gamma, b.add(y, gamma * alpha)));
});

// y = x·Φ(x): dx = dy·(Φ(x) + x·φ(x)), Φ by erf; the tanh form u = √(2/π)(x + 0.044715x³) by the product rule.
const gelu: GradientRule = unary(({ b, attributes, x, dy }) => {
  if (textAttribute(attributes, "approximate", "none") === "none") {
    const cdf = b.mul(b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = b.mul(b.exp(b.mul(b.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return b.mul(dy, b.add(cdf, b.mul(x, density)));
  }
  const root = Math.sqrt(2 / Math.PI);
  const square = b.mul(x, x);
  const t = b.tanh(b.mul(b.mul(x, b.add(b.mul(square, 0.044715), 1)), root));
  const inner = b.mul(b.add(b.mul(square, 3 * 0.044715), 1), root);
  const left = b.mul(b.add(t, 1), 0.5);
  const right = b.mul(b.mul(x, 0.5), b.mul(b.sub(1, b.mul(t, t)), inner));
  return b.mul(dy, b.add(left, right));
});

// y = x·tanh(s), s = softplus(x): dx = dy·(tanh s + x·(1 − tanh² s)·σ(x)).
const mish: GradientRule = unary(({ b, x, dy }) => {
  const t = b.tanh(softplus(b, x));
  const slope = b.mul(b.mul(x, b.sigmoid(x)), b.sub(1, b.mul(t, t)));
  return b.mul(dy, b.add(t, slope));
});

function softplus(b: Builder, x: Value): Value {
  return b.node("Softplus", [x])[0]!;
}

/** Rules by operator. */
export const ACTIVATIONS: Readonly<Record<string, GradientRule>> = {
  Relu: relu,
  LeakyRelu: leakyRelu,
  PRelu: pRelu,
  Clip: clip,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Elu: elu,
  Selu: selu,
  Gelu: gelu,
  Mish: mish,
  // y = |x|: dx = dy·sign x.
  Abs: unary(({ b, x, dy, device }) => b.mul(dy, signNode(b, x, device))),
  // y = σ(x): dx = dy·y·(1 − y).
  Sigmoid: unary(({ b, y, dy }) => b.mul(dy, b.mul(y, b.sub(1, y)))),
  // y = tanh x: dx = dy·(1 − y²).
  Tanh: unary(({ b, y, dy }) => b.mul(dy, b.sub(1, b.mul(y, y)))),
  // y = erf x: dx = dy·2/√π·e^(−x²).
  Erf: unary(({ b, x, dy }) => b.mul(dy, b.mul(b.exp(b.neg(b.mul(x, x))), TWO_OVER_SQRT_PI))),
  // y = log(1 + eˣ): dx = dy·σ(x).
  Softplus: unary(({ b, x, dy }) => b.mul(dy, b.sigmoid(x))),
  // Step functions: the gradient is zero wherever there is one.
  Sign: () => [],
  Floor: () => [],
  Ceil: () => [],
  Round: () => [],
};
