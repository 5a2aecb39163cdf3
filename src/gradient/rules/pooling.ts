/**
 * Gradient rules of pooling windows: overlapping, padded, dilated, of any size, with ceil_mode.
 *
 * @module
 */
import { type SlidingWindow, slidingWindow } from "../../graph/shapes/convolution.ts";
import { elementCount, int, intAttribute, intsAttribute, type Value } from "../../graph/types.ts";
import { type GradientRule, reshaped, type SingleContext, unary, zeros } from "../rule.ts";

/** Stands for −∞ in padding: one that may be multiplied by zero. */
const LOWEST = -3.4e38;

/** The window of a pooling node; its end pads made those that its output really uses (ceil_mode, remainders). */
function poolWindow(
  { attributes, x, y }: SingleContext,
): SlidingWindow & { outputPadding: readonly number[] } {
  const kernel = intsAttribute(attributes, "kernel_shape")!;
  const rank = kernel.length;
  const window = slidingWindow(attributes, x.shape.slice(2), kernel);
  const needed = kernel.map((size, i) =>
    (y.shape[i + 2]! - 1) * window.strides[i]! + (size - 1) * window.dilations[i]! + 1 - x.shape[i + 2]! -
    window.pads[i]!
  );
  return {
    ...window,
    pads: [...window.pads.slice(0, rank), ...needed.map((size) => Math.max(0, size))],
    // Cells at the end that no window reaches.
    outputPadding: needed.map((size) => Math.max(0, -size)),
  };
}

// y = max over the window: dx gets dy at the window's first maximum (row by row), as in PyTorch.
const maxPool: GradientRule = unary((context) =>
  context.device === "webgpu" ? maxPoolByPatches(context) : maxPoolByIndices(context)
);

/** The runtime says where each maximum was; its indices count through the whole tensor. */
function maxPoolByIndices({ b, attributes, x, dy }: SingleContext): Value {
  const found = b.node("MaxPool", [x], { ...attributes, storage_order: int(0) }, { outputs: 2 });
  const flat = [elementCount(dy.shape)];
  const scattered = b.node(
    "ScatterElements",
    [zeros(b, [elementCount(x.shape)], x.type), b.reshape(found[1]!, flat), b.reshape(dy, flat)],
    { axis: int(0), reduction: { type: "string", value: "add" } },
  )[0]!;
  return b.reshape(scattered, x.shape);
}

/**
 * Without indices, which WebGPU does not have: a convolution with one-hot kernels lays the cells of each window side
 * by side; the first that equals the maximum takes dy; the transposed convolution brings it back.
 */
function maxPoolByPatches(context: SingleContext): Value {
  const { b, x, y, dy } = context;
  const window = poolWindow(context);
  const planes = x.shape[0]! * x.shape[1]!;
  const cells = elementCount(window.kernel);
  const oneHot = b.constant(
    x.type,
    [cells, 1, ...window.kernel],
    Float64Array.from({ length: cells * cells }, (_, i) => (i % (cells + 1) === 0 ? 1 : 0)),
  );
  const asPlanes = (value: Value) => reshaped(b, value, [planes, 1, ...value.shape.slice(2)]);

  let image = asPlanes(x);
  const { pads, outputPadding, ...rest } = window;
  if (pads.some((size) => size > 0)) {
    const rank = window.kernel.length;
    image = b.pad(image, [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)], LOWEST);
  }
  const patches = b.conv(image, oneHot, undefined, rest);
  // Cells that attain the maximum are ranked, the first one highest.
  const rank = b.constant(
    x.type,
    [1, cells, ...window.kernel.map(() => 1)],
    Float64Array.from({ length: cells }, (_, i) => cells - i),
  );
  const score = b.where(b.equal(patches, asPlanes(y)), rank, 0);
  const first = b.equal(score, b.reduceMax(score, [1]));
  const shares = b.where(first, asPlanes(dy), 0);
  const back = b.convTranspose(shares, oneHot, { ...rest, pads, outputPadding });
  return b.reshape(back, x.shape);
}

// y = mean over the window: dx = dy/count, spread over the window by a transposed convolution with ones.
const averagePool: GradientRule = unary((context) => {
  const { b, x, dy } = context;
  const window = poolWindow(context);
  const planes = x.shape[0]! * x.shape[1]!;
  const ones = b.constant(
    x.type,
    [1, 1, ...window.kernel],
    new Float64Array(elementCount(window.kernel)).fill(1),
  );
  const share = reshaped(b, b.mul(dy, reciprocalCounts(context, window)), [planes, 1, ...dy.shape.slice(2)]);
  return b.reshape(b.convTranspose(share, ones, window), x.shape);
});

/** 1/(number of cells that a window divides by), broadcastable against y; one number where all are equal. */
function reciprocalCounts({ b, attributes, x, y }: SingleContext, window: SlidingWindow): Value {
  const rank = window.kernel.length;
  const declared = slidingWindow(attributes, x.shape.slice(2), window.kernel).pads;
  const padCounts = intAttribute(attributes, "count_include_pad", 0) === 1;
  const perAxis = window.kernel.map((size, axis) => {
    const length = x.shape[axis + 2]!;
    // Padding that ceil_mode adds after the declared one never counts.
    const low = padCounts ? -window.pads[axis]! : 0;
    const high = padCounts ? length + declared[axis + rank]! : length;
    return Array.from({ length: y.shape[axis + 2]! }, (_, q) => {
      let count = 0;
      for (let k = 0; k < size; k++) {
        const at = q * window.strides[axis]! - window.pads[axis]! + k * window.dilations[axis]!;
        if (at >= low && at < high) count++;
      }
      return count;
    });
  });
  const counts = perAxis.reduce(
    (product, axis) => product.flatMap((left) => axis.map((count) => left * count)),
    [1],
  );
  const reciprocals = counts.map((count) => 1 / count);
  if (reciprocals.every((value) => value === reciprocals[0])) {
    return b.constant(x.type, [], [reciprocals[0]!]);
  }
  return b.constant(x.type, [1, 1, ...y.shape.slice(2)], reciprocals);
}

/** Rules by operator. */
export const POOLING: Readonly<Record<string, GradientRule>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
};
