/**
 * Cases of convolutions, pooling, interpolation and sampling at a grid.
 *
 * @module
 */
import { type Attributes, float, int, ints, text } from "../../../src/graph/types.ts";
import type { Cases, Draw } from "./trial.ts";

interface ConvCase {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: Attributes;
  readonly bias?: boolean;
  readonly frozen?: boolean;
}

const conv = ({ x, w, attributes = {}, bias = true, frozen = false }: ConvCase): Cases[string] => (t) => {
  const weight: Draw = { frozen };
  return t.b.node(
    "Conv",
    [t.variable(x), t.variable(w, weight), ...(bias ? [t.variable([w[0]!], weight)] : [])],
    { kernel_shape: ints(w.slice(2)), ...attributes },
  )[0]!;
};

export const CONVOLUTION_CASES: Cases = {
  "Conv 1x1": conv({ x: [1, 3, 4, 4], w: [2, 3, 1, 1] }),
  "Conv 1x1 batch of two": conv({ x: [2, 3, 4, 3], w: [2, 3, 1, 1] }),
  "Conv 1x1 stride 2": conv({ x: [2, 3, 5, 4], w: [2, 3, 1, 1], attributes: { strides: ints([2, 2]) } }),
  "Conv 1x1 padded": conv({ x: [1, 2, 3, 3], w: [2, 2, 1, 1], attributes: { pads: ints([1, 0, 0, 1]) } }),
  "Conv 3x3 pad 1": conv({ x: [2, 3, 5, 4], w: [4, 3, 3, 3], attributes: { pads: ints([1, 1, 1, 1]) } }),
  "Conv 3x3 frozen": conv({
    x: [1, 4, 5, 5],
    w: [3, 4, 3, 3],
    attributes: { pads: ints([1, 1, 1, 1]) },
    frozen: true,
  }),
  "Conv 3x3 no pads": conv({ x: [1, 2, 5, 6], w: [3, 2, 3, 3], bias: false }),
  "Conv 3x3 stride 2": conv({
    x: [2, 3, 7, 6],
    w: [4, 3, 3, 3],
    attributes: { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
  }),
  "Conv 7x7 stride 2 pad 3": conv({
    x: [1, 2, 7, 8],
    w: [1, 2, 7, 7],
    attributes: { strides: ints([2, 2]), pads: ints([3, 3, 3, 3]) },
  }),
  "Conv 7x7 stride 2 pad 3, whole steps": conv({
    x: [2, 2, 8, 6],
    w: [3, 2, 7, 7],
    attributes: { strides: ints([2, 2]), pads: ints([3, 3, 3, 3]) },
  }),
  "Conv 3x2 stride 2 by 1, whole steps": conv({
    x: [2, 2, 8, 5],
    w: [3, 2, 3, 3],
    attributes: { strides: ints([2, 1]), pads: ints([1, 1, 0, 1]) },
  }),
  "Conv stride 2 on 2x2, whole steps": conv({
    x: [1, 2, 6, 4],
    w: [3, 2, 2, 2],
    attributes: { strides: ints([2, 2]) },
  }),
  "Conv stride 3 by 1, whole steps": conv({
    x: [1, 2, 9, 4],
    w: [2, 2, 5, 3],
    attributes: { strides: ints([3, 1]), pads: ints([0, 1, 2, 1]) },
  }),
  "Conv stride 3 leaves cells unread": conv({
    x: [1, 2, 9, 10],
    w: [2, 2, 2, 2],
    attributes: { strides: ints([3, 3]) },
  }),
  "Conv 16x16 patches": conv({ x: [1, 3, 8, 8], w: [5, 3, 4, 4], attributes: { strides: ints([4, 4]) } }),
  "Conv dilated": conv({
    x: [1, 2, 7, 8],
    w: [3, 2, 3, 3],
    attributes: { dilations: ints([2, 2]), pads: ints([2, 2, 2, 2]) },
  }),
  "Conv dilated and strided": conv({
    x: [2, 2, 9, 8],
    w: [3, 2, 3, 3],
    attributes: { dilations: ints([2, 1]), strides: ints([2, 3]), pads: ints([1, 2, 2, 0]) },
  }),
  "Conv asymmetric pads and strides": conv({
    x: [1, 2, 6, 7],
    w: [3, 2, 3, 2],
    attributes: { pads: ints([0, 1, 2, 1]), strides: ints([2, 1]) },
  }),
  "Conv SAME_UPPER stride 2": conv({
    x: [1, 3, 6, 5],
    w: [2, 3, 3, 3],
    attributes: { auto_pad: text("SAME_UPPER"), strides: ints([2, 2]) },
  }),
  "Conv SAME_UPPER stride 2, whole steps": conv({
    x: [1, 3, 6, 8],
    w: [2, 3, 3, 5],
    attributes: { auto_pad: text("SAME_UPPER"), strides: ints([2, 2]) },
  }),
  "Conv SAME_LOWER stride 2, whole steps": conv({
    x: [1, 3, 6, 8],
    w: [2, 3, 3, 5],
    attributes: { auto_pad: text("SAME_LOWER"), strides: ints([2, 2]) },
  }),
  "Conv SAME_LOWER": conv({ x: [1, 2, 5, 5], w: [2, 2, 2, 4], attributes: { auto_pad: text("SAME_LOWER") } }),
  "Conv VALID": conv({ x: [1, 2, 5, 5], w: [2, 2, 3, 3], attributes: { auto_pad: text("VALID") } }),
  "Conv grouped": conv({
    x: [2, 4, 5, 5],
    w: [6, 2, 3, 3],
    attributes: { group: int(2), pads: ints([1, 1, 1, 1]) },
  }),
  "Conv grouped stride 2": conv({
    x: [1, 4, 6, 5],
    w: [4, 2, 3, 3],
    attributes: { group: int(2), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
  }),
  "Conv depthwise": conv({
    x: [2, 4, 5, 5],
    w: [4, 1, 3, 3],
    attributes: { group: int(4), pads: ints([1, 1, 1, 1]) },
  }),
  "Conv depthwise frozen": conv({
    x: [1, 4, 6, 5],
    w: [4, 1, 3, 3],
    attributes: { group: int(4), pads: ints([1, 1, 1, 1]) },
    frozen: true,
  }),
  "Conv depthwise stride 2": conv({
    x: [1, 4, 7, 6],
    w: [4, 1, 3, 3],
    attributes: { group: int(4), strides: ints([2, 2]), pads: ints([0, 0, 1, 1]) },
  }),
  "Conv grouped stride 2, whole steps": conv({
    x: [2, 4, 6, 4],
    w: [6, 2, 3, 3],
    attributes: { group: int(2), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
  }),
  "Conv depthwise 5x5 stride 2, whole steps, frozen": conv({
    x: [2, 4, 8, 6],
    w: [4, 1, 5, 5],
    attributes: { group: int(4), strides: ints([2, 2]), pads: ints([2, 2, 2, 2]) },
    frozen: true,
  }),
  "Conv depthwise multiplied, stride 2, whole steps, more padding than a step": conv({
    x: [1, 3, 6, 6],
    w: [6, 1, 3, 3],
    attributes: { group: int(3), strides: ints([2, 2]), pads: ints([2, 2, 0, 0]) },
  }),
  "Conv depthwise 5x5 dilated": conv({
    x: [1, 3, 9, 9],
    w: [3, 1, 5, 5],
    attributes: { group: int(3), dilations: ints([2, 2]), pads: ints([4, 3, 4, 2]) },
  }),
  "Conv depthwise with more padding than kernel": conv({
    x: [1, 3, 4, 4],
    w: [3, 1, 2, 2],
    attributes: { group: int(3), pads: ints([2, 2, 2, 2]) },
  }),
  "Conv depthwise multiplied, frozen, stride 2": conv({
    x: [1, 3, 5, 5],
    w: [9, 1, 3, 3],
    attributes: { group: int(3), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
    frozen: true,
  }),
  "Conv depthwise multiplied": conv({ x: [1, 3, 4, 4], w: [6, 1, 3, 3], attributes: { group: int(3) } }),
  "Conv 1-D": conv({ x: [2, 3, 9], w: [4, 3, 3], attributes: { strides: ints([2]), pads: ints([1, 0]) } }),
  "Conv 1-D depthwise": conv({
    x: [1, 3, 7],
    w: [3, 1, 3],
    attributes: { group: int(3), pads: ints([1, 1]) },
  }),
  "ConvTranspose stride 2": (t) =>
    t.b.node("ConvTranspose", [t.variable([2, 3, 3, 4]), t.variable([3, 2, 3, 3]), t.variable([2])], {
      kernel_shape: ints([3, 3]),
      strides: ints([2, 2]),
      pads: ints([1, 1, 1, 1]),
      output_padding: ints([1, 0]),
    })[0]!,
  "ConvTranspose grouped": (t) =>
    t.b.convTranspose(t.variable([1, 4, 3, 3]), t.variable([4, 2, 2, 2]), { group: 2, strides: [2, 2] }),
};

const pool = (op: string, x: readonly number[], attributes: Attributes): Cases[string] => (t) =>
  t.b.node(op, [t.variable(x, { apart: true })], attributes)[0]!;

const poolCases = (op: string): Cases => ({
  [`${op} 2x2`]: pool(op, [2, 2, 4, 6], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
  [`${op} 2x2 odd size`]: pool(op, [1, 2, 5, 7], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
  [`${op} 3x3 stride 2 pad 1`]: pool(op, [2, 3, 8, 7], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    pads: ints([1, 1, 1, 1]),
  }),
  [`${op} 3x3 stride 1`]: pool(op, [1, 2, 5, 5], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) }),
  [`${op} 3x2 asymmetric`]: pool(op, [1, 2, 7, 6], {
    kernel_shape: ints([3, 2]),
    strides: ints([1, 2]),
    pads: ints([0, 1, 2, 0]),
  }),
  [`${op} ceil_mode`]: pool(op, [1, 2, 6, 8], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    ceil_mode: int(1),
  }),
  [`${op} ceil_mode padded`]: pool(op, [1, 2, 6, 7], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    pads: ints([1, 1, 1, 1]),
    ceil_mode: int(1),
  }),
  [`${op} SAME_UPPER`]: pool(op, [1, 2, 5, 6], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    auto_pad: text("SAME_UPPER"),
  }),
  [`${op} 1-D`]: pool(op, [2, 3, 9], { kernel_shape: ints([3]), strides: ints([2]) }),
});

export const POOLING_CASES: Cases = {
  ...poolCases("MaxPool"),
  "MaxPool dilated": pool("MaxPool", [1, 2, 7, 7], { kernel_shape: ints([2, 2]), dilations: ints([2, 3]) }),
  "MaxPool of one channel": pool("MaxPool", [1, 1, 4, 4], {
    kernel_shape: ints([2, 2]),
    strides: ints([2, 2]),
  }),
  "MaxPool of negative cells": (t) =>
    t.b.maxPool(t.variable([1, 2, 5, 5], { apart: true, low: -3, high: -1 }), [3, 3], {
      strides: [2, 2],
      pads: [1, 1, 1, 1],
    }),
  ...poolCases("AveragePool"),
  "AveragePool counting pads": pool("AveragePool", [1, 2, 6, 7], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    pads: ints([1, 1, 1, 1]),
    count_include_pad: int(1),
  }),
  "AveragePool counting pads with ceil_mode": pool("AveragePool", [1, 2, 6, 8], {
    kernel_shape: ints([3, 3]),
    strides: ints([2, 2]),
    pads: ints([1, 1, 1, 1]),
    count_include_pad: int(1),
    ceil_mode: int(1),
  }),
  "GlobalAveragePool": (t) => t.b.globalAveragePool(t.variable([2, 3, 4, 5])),
  "GlobalMaxPool": pool("GlobalMaxPool", [2, 3, 4, 5], {}),
};

const resize = (
  x: readonly number[],
  sizes: readonly number[],
  attributes: Attributes,
): Cases[string] =>
(t) => t.b.node("Resize", [t.variable(x), undefined, undefined, t.b.int64s(sizes)], attributes)[0]!;

const linear = (mode: string): Cases => ({
  [`Resize linear ${mode} up`]: resize([1, 2, 3, 4], [1, 2, 6, 9], {
    mode: text("linear"),
    coordinate_transformation_mode: text(mode),
  }),
  [`Resize linear ${mode} down`]: resize([1, 2, 7, 6], [1, 2, 3, 4], {
    mode: text("linear"),
    coordinate_transformation_mode: text(mode),
  }),
});

export const RESIZE_CASES: Cases = {
  ...linear("half_pixel"),
  ...linear("pytorch_half_pixel"),
  ...linear("align_corners"),
  ...linear("asymmetric"),
  "Resize linear x2 by scales": (t) =>
    t.b.node("Resize", [t.variable([2, 3, 4, 4]), undefined, t.b.constant("float32", [4], [1, 1, 2, 2])], {
      mode: text("linear"),
    })[0]!,
  "Resize linear by a fractional scale": (t) =>
    t.b.node(
      "Resize",
      [t.variable([1, 1, 5, 5]), undefined, t.b.constant("float32", [4], [1, 1, 1.5, 1.7])],
      {
        mode: text("linear"),
      },
    )[0]!,
  "Resize nearest up": resize([1, 2, 3, 4], [1, 2, 6, 8], {
    mode: text("nearest"),
    coordinate_transformation_mode: text("asymmetric"),
    nearest_mode: text("floor"),
  }),
  "Resize nearest half_pixel": resize([1, 2, 5, 4], [1, 2, 3, 7], { mode: text("nearest") }),
  "Resize nearest ceil": resize([1, 2, 5, 4], [1, 2, 8, 3], {
    mode: text("nearest"),
    coordinate_transformation_mode: text("asymmetric"),
    nearest_mode: text("ceil"),
  }),
  "Resize cubic": resize([1, 1, 5, 4], [1, 1, 8, 10], { mode: text("cubic"), cubic_coeff_a: float(-0.5) }),
  "Resize cubic excluding outside": resize([1, 1, 5, 4], [1, 1, 8, 10], {
    mode: text("cubic"),
    exclude_outside: int(1),
  }),
};

interface SampleCase {
  readonly x: readonly [number, number, number, number];
  /** Rows and columns of the grid. */
  readonly points: readonly [number, number];
  readonly attributes?: Attributes;
  /** Numbers of the grid lie between −reach and reach. */
  readonly reach?: number;
  readonly frozen?: "x" | "grid";
}

/**
 * The square of what is read, so that its gradient holds what the runtime reads itself. The grid's numbers keep away
 * from those where another cell is read: there central differences see two slopes, or a step.
 */
const sample = ({ x, points, attributes = {}, reach = 1.8, frozen }: SampleCase): Cases[string] => (t) => {
  const aligned = attributes["align_corners"]?.value === 1;
  const shift = attributes["mode"]?.value === "nearest" ? 0.5 : 0;
  const kinks = x.slice(2).flatMap((size) =>
    Array.from({ length: 12 * size + 1 }, (_, i) => i - 6 * size + shift).map((at) =>
      aligned ? 2 * at / Math.max(1, size - 1) - 1 : (2 * at + 1) / size - 1
    )
  );
  const image = t.variable(x, { frozen: frozen === "x" });
  const grid = t.variable([x[0], ...points, 2], {
    low: -reach,
    high: reach,
    kinks,
    frozen: frozen === "grid",
  });
  const y = t.b.node("GridSample", [image, grid], attributes)[0]!;
  return t.b.mul(y, y);
};

const sampleCases = (mode: string): Cases =>
  Object.fromEntries(
    ["zeros", "border", "reflection"].flatMap((padding) =>
      [0, 1].map((aligned) => [
        `GridSample ${mode} ${padding}${aligned ? " aligned" : ""}`,
        sample({
          x: [2, 3, 4, 5],
          points: [4, 3],
          attributes: {
            mode: text(mode),
            padding_mode: text(padding),
            align_corners: int(aligned),
          },
        }),
      ])
    ),
  );

export const SAMPLING_CASES: Cases = {
  ...sampleCases("bilinear"),
  ...sampleCases("nearest"),
  "GridSample by default": sample({ x: [1, 2, 3, 4], points: [2, 5] }),
  "GridSample at a frozen grid": sample({ x: [1, 2, 3, 4], points: [2, 5], frozen: "grid" }),
  "GridSample of a frozen image": sample({ x: [1, 2, 3, 4], points: [2, 5], frozen: "x" }),
  "GridSample of a few cells at many points": sample({ x: [1, 2, 2, 2], points: [7, 6], reach: 0.9 }),
  "GridSample reflected several times": sample({
    x: [1, 2, 3, 4],
    points: [3, 4],
    attributes: { padding_mode: text("reflection") },
    reach: 5,
  }),
  "GridSample reflected several times, aligned": sample({
    x: [1, 2, 3, 4],
    points: [3, 4],
    attributes: { padding_mode: text("reflection"), align_corners: int(1) },
    reach: 5,
  }),
  "GridSample nearest reflected several times": sample({
    x: [1, 2, 3, 4],
    points: [3, 4],
    attributes: { mode: text("nearest"), padding_mode: text("reflection") },
    reach: 5,
  }),
  "GridSample of one row, border, aligned": sample({
    x: [1, 2, 1, 4],
    points: [3, 4],
    attributes: { padding_mode: text("border"), align_corners: int(1) },
  }),
};
