/**
 * Shape rules of convolutions, pooling, normalisation and matrix products.
 *
 * @module
 */
import { intAttribute, intsAttribute, textAttribute } from "../types.ts";
import { broadcast, required, type RuleInput, type ShapeRule, shapeText } from "./rule.ts";

/** A sliding window over the spatial axes, its paddings resolved: begins first, then ends, as ONNX has them. */
export interface SlidingWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Reads strides, dilations and pads (explicit or by `auto_pad`) of a convolution or pooling. */
export function slidingWindow(
  attributes: RuleInput["attributes"],
  spatial: readonly number[],
  kernel: readonly number[],
): SlidingWindow {
  const rank = spatial.length;
  const ones = new Array<number>(rank).fill(1);
  const strides = intsAttribute(attributes, "strides") ?? ones;
  const dilations = intsAttribute(attributes, "dilations") ?? ones;
  const autoPad = textAttribute(attributes, "auto_pad", "NOTSET");
  if (autoPad === "NOTSET") {
    const pads = intsAttribute(attributes, "pads") ?? new Array<number>(2 * rank).fill(0);
    return { kernel, strides, dilations, pads };
  }
  const pads = new Array<number>(2 * rank).fill(0);
  if (autoPad !== "VALID") {
    for (let i = 0; i < rank; i++) {
      const extent = (kernel[i]! - 1) * dilations[i]! + 1;
      const out = Math.ceil(spatial[i]! / strides[i]!);
      const total = Math.max(0, (out - 1) * strides[i]! + extent - spatial[i]!);
      const less = Math.floor(total / 2);
      pads[i] = autoPad === "SAME_UPPER" ? less : total - less;
      pads[i + rank] = total - pads[i]!;
    }
  }
  return { kernel, strides, dilations, pads };
}

/** Spatial size after a sliding window. */
export function windowedSize(spatial: readonly number[], window: SlidingWindow, ceil = false): number[] {
  const rank = spatial.length;
  return spatial.map((size, i) => {
    const extent = (window.kernel[i]! - 1) * window.dilations[i]! + 1;
    const span = size + window.pads[i]! + window.pads[i + rank]! - extent;
    const steps = span / window.strides[i]!;
    let out = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // With ceil_mode a window may not start beyond the input and its left padding.
    if (ceil && (out - 1) * window.strides[i]! >= size + window.pads[i]!) out--;
    if (out < 1) {
      throw new TypeError(`a window of ${shapeText(window.kernel)} does not fit into ${shapeText(spatial)}`);
    }
    return out;
  });
}

const conv: ShapeRule = (node) => {
  const [x, w] = [required(node, 0), required(node, 1)];
  if (x.shape.length < 3 || x.shape.length !== w.shape.length) {
    throw new TypeError(
      `input ${shapeText(x.shape)} and kernel ${shapeText(w.shape)} do not have the same rank`,
    );
  }
  const group = intAttribute(node.attributes, "group", 1);
  if (x.shape[1] !== w.shape[1]! * group || w.shape[0]! % group !== 0) {
    throw new TypeError(
      `input ${shapeText(x.shape)} does not fit kernel ${shapeText(w.shape)} with ${group} group(s)`,
    );
  }
  const bias = node.inputs[2];
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== w.shape[0])) {
    throw new TypeError(`bias ${shapeText(bias.shape)} does not fit kernel ${shapeText(w.shape)}`);
  }
  const spatial = x.shape.slice(2);
  const window = slidingWindow(node.attributes, spatial, w.shape.slice(2));
  return [{ type: x.type, shape: [x.shape[0]!, w.shape[0]!, ...windowedSize(spatial, window)] }];
};

const convTranspose: ShapeRule = (node) => {
  const [x, w] = [required(node, 0), required(node, 1)];
  const group = intAttribute(node.attributes, "group", 1);
  if (x.shape[1] !== w.shape[0]) {
    throw new TypeError(`input ${shapeText(x.shape)} does not fit kernel ${shapeText(w.shape)}`);
  }
  const spatial = x.shape.slice(2);
  const window = slidingWindow(node.attributes, spatial, w.shape.slice(2));
  const extra = intsAttribute(node.attributes, "output_padding") ?? spatial.map(() => 0);
  const rank = spatial.length;
  const out = spatial.map((size, i) =>
    (size - 1) * window.strides[i]! + extra[i]! + (window.kernel[i]! - 1) * window.dilations[i]! + 1 -
    window.pads[i]! - window.pads[i + rank]!
  );
  return [{ type: x.type, shape: [x.shape[0]!, w.shape[1]! * group, ...out] }];
};

const pool: ShapeRule = (node) => {
  const x = required(node, 0);
  const kernel = intsAttribute(node.attributes, "kernel_shape");
  if (kernel === undefined) throw new TypeError("kernel_shape is missing");
  const spatial = x.shape.slice(2);
  const window = slidingWindow(node.attributes, spatial, kernel);
  const ceil = intAttribute(node.attributes, "ceil_mode", 0) === 1;
  const shape = [...x.shape.slice(0, 2), ...windowedSize(spatial, window, ceil)];
  return node.outputCount > 1
    ? [{ type: x.type, shape }, { type: "int64", shape }]
    : [{ type: x.type, shape }];
};

const globalPool: ShapeRule = (node) => {
  const x = required(node, 0);
  return [{ type: x.type, shape: [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)] }];
};

const normalised: ShapeRule = (node) => {
  const x = required(node, 0);
  return [{ type: x.type, shape: x.shape }];
};

const batchNormalization: ShapeRule = (node) => {
  const x = required(node, 0);
  for (let i = 1; i < 5; i++) {
    const parameter = required(node, i);
    if (parameter.shape.length !== 1 || parameter.shape[0] !== x.shape[1]) {
      throw new TypeError(
        `${parameter.name} ${shapeText(parameter.shape)} does not fit input ${shapeText(x.shape)}`,
      );
    }
  }
  return [{ type: x.type, shape: x.shape }];
};

const gemm: ShapeRule = (node) => {
  const [a, b] = [required(node, 0), required(node, 1)];
  const [transA, transB] = [
    intAttribute(node.attributes, "transA", 0),
    intAttribute(node.attributes, "transB", 0),
  ];
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw new TypeError(`Gemm takes matrices, not ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
  const [m, k] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [k2, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (k !== k2) throw new TypeError(`${shapeText(a.shape)} and ${shapeText(b.shape)} cannot be multiplied`);
  return [{ type: a.type, shape: [m, n] }];
};

const matmul: ShapeRule = (node) => {
  const [a, b] = [required(node, 0), required(node, 1)];
  const left = a.shape.length === 1 ? [1, a.shape[0]!] : a.shape;
  const right = b.shape.length === 1 ? [b.shape[0]!, 1] : b.shape;
  if (left.at(-1) !== right.at(-2)) {
    throw new TypeError(`${shapeText(a.shape)} and ${shapeText(b.shape)} cannot be multiplied`);
  }
  const shape = broadcast(left.slice(0, -2), right.slice(0, -2));
  if (a.shape.length > 1) shape.push(left.at(-2)!);
  if (b.shape.length > 1) shape.push(right.at(-1)!);
  return [{ type: a.type, shape }];
};

/** Rules by operator. */
export const CONVOLUTION: Readonly<Record<string, ShapeRule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  BatchNormalization: batchNormalization,
  InstanceNormalization: normalised,
  GroupNormalization: normalised,
  LayerNormalization: normalised,
  LRN: normalised,
  Gemm: gemm,
  MatMul: matmul,
};
