/**
 * Gradient rules of convolutions. No zeros are ever inserted: a strided convolution's input gradient is a
 * ConvTranspose with the very same weight tensor, whose layout already fits.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { type SlidingWindow, slidingWindow } from "../../graph/shapes/convolution.ts";
import { intOf, intsOf, sizeOf, textOf, type Value } from "../../graph/types.ts";
import { type GradientRule, inputOf, reshaped, single, type SingleContext } from "../rule.ts";

/** Cells that a window covers along each axis. */
function extents(window: SlidingWindow): number[] {
  return window.kernel.map((size, i) => (size - 1) * window.dilations[i]! + 1);
}

// y = x ∗ W + β: dx = dy ∗ᵀ W, dW = x ∗ dy (see weightGradient), dβ = Σ dy over batch and space.
const conv: GradientRule = single((context) => {
  const { b, needs, x, dy } = context;
  const w = inputOf(context, 1);
  const group = intOf(context.attributes, "group", 1);
  const window = slidingWindow(context.attributes, x.shape.slice(2), w.shape.slice(2));
  return [
    needs[0] ? inputGradient(context, dy, w, window, group) : undefined,
    needs[1] ? weightGradient(b, x, dy, w.shape, window, group) : undefined,
    needs[2] ? biasGradient(b, dy) : undefined,
  ];
});

// y = x ∗ᵀ W + β is the adjoint of a convolution of y: dx = dy ∗ W, dW = dy ∗ x, dβ = Σ dy.
const convTranspose: GradientRule = single((context) => {
  const { b, needs, x, dy } = context;
  const w = inputOf(context, 1);
  if (textOf(context.attributes, "auto_pad", "NOTSET").startsWith("SAME")) {
    throw new TypeError("its auto_pad is not supported: give pads");
  }
  if (intsOf(context.attributes, "output_shape") !== undefined) {
    throw new TypeError("its output_shape is not supported: give pads and output_padding");
  }
  const group = intOf(context.attributes, "group", 1);
  const window = slidingWindow(context.attributes, x.shape.slice(2), w.shape.slice(2));
  let dx: Value | undefined;
  if (needs[0]) {
    dx = b.conv(dy, w, undefined, { ...window, group });
    // An output padding of a stride or more gives rows that no input has made.
    dx = cropped(b, dx, x.shape);
  }
  return [
    dx,
    needs[1] ? weightGradient(b, dy, x, w.shape, window, group) : undefined,
    needs[2] ? biasGradient(b, dy) : undefined,
  ];
});

function biasGradient(b: Builder, dy: Value): Value {
  return b.reduceSum(dy, dy.shape.flatMap((_, i) => (i === 1 ? [] : [i])), false);
}

/** dx[n, i, p] = Σ dy[n, o, q]·W[o, i, k] over all (q, k) with q·stride + k·dilation − pad = p. */
function inputGradient(
  context: SingleContext,
  dy: Value,
  w: Value,
  window: SlidingWindow,
  group: number,
): Value {
  const { b, x } = context;
  const extent = extents(window);
  const rank = extent.length;
  const outputs = w.shape[0]!;
  if (context.device === "webgpu" && w.shape[1] === 1 && outputs > group && group > 1) {
    // WebGPU's ConvTranspose takes any kernel of one channel per group for a depthwise one, and is wrong for a
    // channel multiplier (1.30): one depthwise gradient per copy of the channels.
    const copies = outputs / group;
    return Array.from({ length: copies }, (_, i) =>
      inputGradient(
        context,
        b.slice(dy, 1, i, outputs, copies),
        b.slice(w, 0, i, outputs, copies),
        window,
        group,
      )).reduce((sum, part) => b.add(sum, part));
  }
  const flippedPads = window.pads.map((pad, i) => extent[i % rank]! - 1 - pad);
  const depthwise = group > 1 && group === x.shape[1] && group === outputs;
  if (depthwise && window.strides.every((stride) => stride === 1) && flippedPads.every((pad) => pad >= 0)) {
    // The runtime's depthwise Conv is tuned, its grouped ConvTranspose is not (2.5 times slower on wasm).
    return b.conv(dy, flipped(b, w), undefined, { dilations: window.dilations, pads: flippedPads, group });
  }
  const outputPadding = extent.map((size, i) => {
    const covered = (dy.shape[i + 2]! - 1) * window.strides[i]! - window.pads[i]! - window.pads[i + rank]! +
      size;
    return x.shape[i + 2]! - covered;
  });
  return b.convTranspose(dy, w, { ...window, group, outputPadding });
}

/** W with its kernel turned around, for kernels of depthwise convolutions: small, and constant if W is. */
function flipped(b: Builder, w: Value): Value {
  const [channels, perGroup] = [w.shape[0]!, w.shape[1]!];
  const size = sizeOf(w.shape.slice(2));
  const backwards = b.int64s(Array.from({ length: size }, (_, i) => size - 1 - i));
  return b.reshape(b.gather(b.reshape(w, [channels, perGroup, size]), backwards, 2), w.shape);
}

/** dW[o, i, k] = Σ dy[n, o, q]·x[n, i, q·stride + k·dilation − pad] over n and q. */
function weightGradient(
  b: Builder,
  x: Value,
  dy: Value,
  shape: readonly number[],
  window: SlidingWindow,
  group: number,
): Value {
  const pointwise = group === 1 && window.kernel.every((size) => size === 1) &&
    window.strides.every((stride) => stride === 1) && window.pads.every((pad) => pad === 0);
  const batch = x.shape[0]!;
  if (pointwise) {
    const space = sizeOf(x.shape.slice(2));
    const rows = b.reshape(dy, [batch, shape[0]!, space]);
    const columns = b.transpose(b.reshape(x, [batch, shape[1]!, space]), [0, 2, 1]);
    const each = b.matmul(rows, columns);
    return b.reshape(batch === 1 ? each : b.reduceSum(each, [0]), shape);
  }
  // A convolution of x by dy in which batch and channels change places, and stride and dilation too.
  const inPerGroup = x.shape[1]! / group;
  const outPerGroup = dy.shape[1]! / group;
  const image = b.reshape(
    swapped(b, b.reshape(x, [batch, group, inPerGroup, ...x.shape.slice(2)]), [2, 1, 0]),
    [inPerGroup, group * batch, ...x.shape.slice(2)],
  );
  const kernel = b.reshape(
    swapped(b, b.reshape(dy, [batch, group, outPerGroup, ...dy.shape.slice(2)]), [1, 2, 0]),
    [group * outPerGroup, batch, ...dy.shape.slice(2)],
  );
  const found = b.conv(image, kernel, undefined, {
    strides: window.dilations,
    dilations: window.strides,
    pads: window.pads,
    group,
  });
  return swapped(b, cropped(b, found, [inPerGroup, group * outPerGroup, ...shape.slice(2)]), [1, 0]);
}

/** Permutes the first axes and leaves the others where they are. */
function swapped(b: Builder, value: Value, first: readonly number[]): Value {
  return b.transpose(value, value.shape.map((_, i) => first[i] ?? i));
}

/** The first elements along each spatial axis, where there are more than `shape` has. */
function cropped(b: Builder, value: Value, shape: readonly number[]): Value {
  let result = value;
  for (let axis = 2; axis < shape.length; axis++) {
    if (result.shape[axis]! > shape[axis]!) result = b.slice(result, axis, 0, shape[axis]!);
  }
  return reshaped(b, result, shape);
}

/** Rules by operator. */
export const CONVOLUTION: Readonly<Record<string, GradientRule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
};
