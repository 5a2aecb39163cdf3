/**
 * Gradient rules of convolutions. No zeros are inserted. The input gradient of a strided convolution is a ConvTranspose
 * with the same weight tensor, whose layout already fits, or natively a convolution for each position between two steps.
 * That of a 1×1 convolution is a matrix product, and that of any other a convolution with the flipped weight.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { type SlidingWindow, slidingWindow } from "../../graph/shapes/convolution.ts";
import { elementCount, intAttribute, intsAttribute, textAttribute, type Value } from "../../graph/types.ts";
import { type GradientRule, requiredInput, reshaped, single, type SingleContext } from "../rule.ts";

/** Cells that a window covers along each axis. */
function extents(window: SlidingWindow): number[] {
  return window.kernel.map((size, i) => (size - 1) * window.dilations[i]! + 1);
}

// y = x ∗ W + β: dx = dy ∗ᵀ W, dW = x ∗ dy (see weightGradient), dβ = Σ dy over batch and space.
const conv: GradientRule = single((context) => {
  const { b, needs, x, dy } = context;
  const w = requiredInput(context, 1);
  const group = intAttribute(context.attributes, "group", 1);
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
  const w = requiredInput(context, 1);
  if (textAttribute(context.attributes, "auto_pad", "NOTSET").startsWith("SAME")) {
    throw new TypeError("its auto_pad is not supported: give pads");
  }
  if (intsAttribute(context.attributes, "output_shape") !== undefined) {
    throw new TypeError("its output_shape is not supported: give pads and output_padding");
  }
  const group = intAttribute(context.attributes, "group", 1);
  const window = slidingWindow(context.attributes, x.shape.slice(2), w.shape.slice(2));
  let dx: Value | undefined;
  if (needs[0]) {
    dx = b.conv(dy, w, undefined, { ...window, group });
    // An output padding of a stride or more gives rows that depend on no input.
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
  if (group === 1 && x.shape[0] === 1 && isPointwise(window)) {
    // Wᵀ·dy without a transposed copy of the weight.
    const product = b.gemm(
      b.reshape(w, [outputs, w.shape[1]!]),
      b.reshape(dy, [outputs, elementCount(dy.shape.slice(2))]),
      undefined,
      { transA: true },
    );
    return b.reshape(product, x.shape);
  }
  const flippedPads = window.pads.map((pad, i) => extent[i % rank]! - 1 - pad);
  if (window.strides.every((stride) => stride === 1) && flippedPads.every((pad) => pad >= 0)) {
    // The runtimes' Conv is better tuned than their ConvTranspose (64 to 64 channels at 56²: 4.7 and 6.7 ms on wasm,
    // 1.8 and 6.3 natively), and as a constant the flipped weight is made once, when the session is opened.
    return b.conv(dy, flipped(b, w, group), undefined, {
      dilations: window.dilations,
      pads: flippedPads,
      group,
    });
  }
  if (context.device === "native" && canInterleave(window, dy, x)) {
    return interleavedGradient(b, dy, flipped(b, w, group), window, group);
  }
  const outputPadding = extent.map((size, i) => {
    const covered = (dy.shape[i + 2]! - 1) * window.strides[i]! - window.pads[i]! - window.pads[i + rank]! +
      size;
    return x.shape[i + 2]! - covered;
  });
  return b.convTranspose(dy, w, { ...window, group, outputPadding });
}

/** Most places between two steps: patches of 16×16 would be 256 convolutions. */
const MOST_PLACES = 4;

/** Whether the input has two axes of whole steps, and the kernel meets every cell between two steps without a gap. */
function canInterleave({ kernel, strides, dilations, pads }: SlidingWindow, dy: Value, x: Value): boolean {
  return kernel.length === 2 && dilations.every((dilation) => dilation === 1) &&
    strides[0]! * strides[1]! <= MOST_PLACES &&
    kernel.every((size, i) =>
      pads[i]! + strides[i]! <= size && x.shape[i + 2] === dy.shape[i + 2]! * strides[i]!
    );
}

/**
 * The input gradient of a strided convolution, put together from s_y·s_x convolutions of dy: cells at the same place
 * between two steps meet the same part of the kernel. The native runtime has vectors for these, and none for a depthwise
 * ConvTranspose (4×144 channels at 28², 5×5: 3.3 and 9.3 ms; 128 to 64 channels at 28², 3×3: 4.9 and 5.2; 512 to 256
 * at 7²: 4.4 and 6.2).
 *
 * @param w The flipped weight.
 */
function interleavedGradient(
  b: Builder,
  dy: Value,
  w: Value,
  { kernel, strides, pads }: SlidingWindow,
  group: number,
): Value {
  const [batch, , height, width] = dy.shape as [number, number, number, number];
  const channels = w.shape[0]!;
  /** For each place of an axis the elements of the flipped kernel that it meets, and the borders that they need. */
  const places = (axis: number) =>
    Array.from({ length: strides[axis]! }, (_, place) => {
      const start = place - (kernel[axis]! - 1 - pads[axis]!);
      const met = Array.from({ length: kernel[axis]! }, (_, i) => i)
        .filter((i) => (start + i) % strides[axis]! === 0);
      const first = (start + met[0]!) / strides[axis]!;
      return { part: b.int64s(met), before: -first, after: first + met.length - 1 };
    });
  const [rows, columns] = [places(0), places(1)];
  const lines = rows.map((row) => {
    const cells = columns.map((column) => {
      const part = b.gather(b.gather(w, row.part, 2), column.part, 3);
      const found = b.conv(dy, part, undefined, {
        pads: [row.before, column.before, row.after, column.after],
        group,
      });
      return b.reshape(found, [batch, channels, height, width, 1]);
    });
    return b.reshape(b.concat(cells, 4), [batch, channels, height, 1, width * columns.length]);
  });
  return b.reshape(b.concat(lines, 3), [batch, channels, height * rows.length, width * columns.length]);
}

/** W as the adjoint convolution takes it: the kernel turned around, inputs and outputs exchanged per group. */
function flipped(b: Builder, w: Value, group: number): Value {
  const [outputs, inputs] = [w.shape[0]! / group, w.shape[1]!];
  const kernel = w.shape.slice(2);
  const size = elementCount(kernel);
  let result = b.reshape(w, [group, outputs, inputs, size]);
  if (size > 1) {
    result = b.gather(result, b.int64s(Array.from({ length: size }, (_, i) => size - 1 - i)), 3);
  }
  if (outputs > 1 || inputs > 1) result = b.transpose(result, [0, 2, 1, 3]);
  return b.reshape(result, [group * inputs, outputs, ...kernel]);
}

function isPointwise(window: SlidingWindow): boolean {
  return window.kernel.every((size) => size === 1) && window.strides.every((stride) => stride === 1) &&
    window.pads.every((pad) => pad === 0);
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
  const batch = x.shape[0]!;
  if (group === 1 && isPointwise(window)) {
    const space = elementCount(x.shape.slice(2));
    // One product over batch and space: a product per image and their sum took 2.5 times as long for 1280 channels
    // and a batch of 16, because each of the 16 results is as large as the weight.
    const rows = b.transpose(b.reshape(dy, [batch, shape[0]!, space]), [1, 0, 2]);
    const columns = b.transpose(b.reshape(x, [batch, shape[1]!, space]), [0, 2, 1]);
    const product = b.matmul(
      b.reshape(rows, [shape[0]!, batch * space]),
      b.reshape(columns, [batch * space, shape[1]!]),
    );
    return b.reshape(product, shape);
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
