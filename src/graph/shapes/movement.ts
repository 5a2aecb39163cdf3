/**
 * Shape rules of operators that move, cut, join or reduce data.
 *
 * @module
 */
import { elementCount, intAttribute, intsAttribute } from "../types.ts";
import {
  broadcast,
  normalisedAxis,
  required,
  requiredConstant,
  type RuleInput,
  type ShapeRule,
  shapeText,
} from "./rule.ts";

const transpose: ShapeRule = (node) => {
  const x = required(node, 0);
  const perm = intsAttribute(node.attributes, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  if (perm.length !== x.shape.length) {
    throw new TypeError(`perm ${shapeText(perm)} does not fit input ${shapeText(x.shape)}`);
  }
  return [{ type: x.type, shape: perm.map((axis) => x.shape[axis]!) }];
};

const reshape: ShapeRule = (node) => {
  const x = required(node, 0);
  const wanted = requiredConstant(node, 1);
  const allowZero = intAttribute(node.attributes, "allowzero", 0) === 1;
  const shape = wanted.map((size, i) => (size === 0 && !allowZero ? x.shape[i]! : size));
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const known = -elementCount(shape);
    shape[open] = known === 0 ? 0 : elementCount(x.shape) / known;
  }
  if (elementCount(shape) !== elementCount(x.shape) || shape.some((size) => !Number.isInteger(size))) {
    throw new TypeError(`${shapeText(x.shape)} cannot be reshaped to ${shapeText(wanted)}`);
  }
  return [{ type: x.type, shape }];
};

const flatten: ShapeRule = (node) => {
  const x = required(node, 0);
  const given = intAttribute(node.attributes, "axis", 1);
  const axis = given < 0 ? given + x.shape.length : given;
  return [{ type: x.type, shape: [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))] }];
};

const concat: ShapeRule = (node) => {
  const inputs = node.inputs.map((_, i) => required(node, i));
  const first = required(node, 0);
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), first.shape.length);
  let total = 0;
  for (const input of inputs) {
    if (
      input.shape.length !== first.shape.length ||
      input.shape.some((size, i) => i !== axis && size !== first.shape[i])
    ) {
      throw new TypeError(
        `${shapeText(first.shape)} and ${shapeText(input.shape)} cannot be joined along axis ${axis}`,
      );
    }
    total += input.shape[axis]!;
  }
  return [{ type: first.type, shape: first.shape.map((size, i) => (i === axis ? total : size)) }];
};

const split: ShapeRule = (node) => {
  const x = required(node, 0);
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  const part = Math.ceil(x.shape[axis]! / node.outputCount);
  const sizes = node.constant(1) ??
    Array.from({ length: node.outputCount }, (_, i) => Math.min(part, x.shape[axis]! - i * part));
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[axis]) {
    throw new TypeError(`${shapeText(x.shape)} cannot be split into ${shapeText(sizes)} along axis ${axis}`);
  }
  return sizes.map((size) => ({ type: x.type, shape: x.shape.map((old, i) => (i === axis ? size : old)) }));
};

/** A slice along one axis with its ends clamped as ONNX does. */
export interface ResolvedSlice {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

/** Resolves the starts, ends, axes and steps of a Slice against the shape that it cuts. */
export function resolveSlices(
  shape: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, i) => i),
  steps: readonly number[] = starts.map(() => 1),
): ResolvedSlice[] {
  return axes.map((given, i) => {
    const axis = normalisedAxis(given, shape.length);
    const size = shape[axis]!;
    const step = steps[i]!;
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const start = step > 0 ? clamp(starts[i]!, 0, size) : clamp(starts[i]!, 0, size - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, size) : clamp(ends[i]!, -1, size - 1);
    return { axis, start, step, size: Math.max(0, Math.ceil((end - start) / step)) };
  });
}

const slice: ShapeRule = (node) => {
  const x = required(node, 0);
  const shape = [...x.shape];
  const slices = resolveSlices(
    x.shape,
    requiredConstant(node, 1),
    requiredConstant(node, 2),
    node.constant(3),
    node.constant(4),
  );
  for (const { axis, size } of slices) shape[axis] = size;
  return [{ type: x.type, shape }];
};

const pad: ShapeRule = (node) => {
  const x = required(node, 0);
  const pads = requiredConstant(node, 1);
  const rank = x.shape.length;
  const axes = node.constant(3)?.map((axis) => normalisedAxis(axis, rank)) ?? x.shape.map((_, i) => i);
  const shape = [...x.shape];
  axes.forEach((axis, i) => shape[axis] = shape[axis]! + pads[i]! + pads[i + axes.length]!);
  return [{ type: x.type, shape }];
};

const squeeze: ShapeRule = (node) => {
  const x = required(node, 0);
  const axes = (node.constant(1) ?? x.shape.flatMap((size, i) => (size === 1 ? [i] : []))).map((axis) =>
    normalisedAxis(axis, x.shape.length)
  );
  if (axes.some((axis) => x.shape[axis] !== 1)) {
    throw new TypeError(`axes ${shapeText(axes)} of ${shapeText(x.shape)} cannot be squeezed`);
  }
  return [{ type: x.type, shape: x.shape.filter((_, i) => !axes.includes(i)) }];
};

const unsqueeze: ShapeRule = (node) => {
  const x = required(node, 0);
  const given = requiredConstant(node, 1);
  const rank = x.shape.length + given.length;
  const axes = given.map((axis) => normalisedAxis(axis, rank));
  const rest = [...x.shape];
  const shape = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
  return [{ type: x.type, shape }];
};

const gather: ShapeRule = (node) => {
  const [x, indices] = [required(node, 0), required(node, 1)];
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  return [{ type: x.type, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
};

const gatherElements: ShapeRule = (
  node,
) => [{ type: required(node, 0).type, shape: required(node, 1).shape }];

const likeFirst: ShapeRule = (node) => {
  const { type, shape } = required(node, 0);
  return [{ type, shape }];
};

const expand: ShapeRule = (node) => {
  const x = required(node, 0);
  return [{ type: x.type, shape: broadcast(x.shape, requiredConstant(node, 1)) }];
};

const tile: ShapeRule = (node) => {
  const x = required(node, 0);
  const repeats = requiredConstant(node, 1);
  return [{ type: x.type, shape: x.shape.map((size, i) => size * repeats[i]!) }];
};

const resize: ShapeRule = (node) => {
  const x = required(node, 0);
  const sizes = node.constant(3);
  if (sizes !== undefined) return [{ type: x.type, shape: [...sizes] }];
  const scales = requiredConstant(node, 2);
  return [{ type: x.type, shape: x.shape.map((size, i) => Math.floor(size * scales[i]!)) }];
};

const gridSample: ShapeRule = (node) => {
  const [x, grid] = [required(node, 0), required(node, 1)];
  if (x.shape.length !== 4 || grid.shape.length !== 4 || grid.shape[3] !== 2) {
    throw new TypeError(
      `it takes an input [N, C, H, W] and a grid [N, H', W', 2], not ${shapeText(x.shape)} and ${
        shapeText(grid.shape)
      }`,
    );
  }
  if (x.shape[0] !== grid.shape[0]) {
    throw new TypeError(`input ${shapeText(x.shape)} and grid ${shapeText(grid.shape)} are not of one batch`);
  }
  return [{ type: x.type, shape: [...x.shape.slice(0, 2), grid.shape[1]!, grid.shape[2]!] }];
};

const shapeOf: ShapeRule = (node) => {
  const rank = required(node, 0).shape.length;
  const start = intAttribute(node.attributes, "start", 0);
  const end = intAttribute(node.attributes, "end", rank);
  const at = (value: number) => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  return [{ type: "int64", shape: [Math.max(0, at(end) - at(start))] }];
};

const constantOfShape: ShapeRule = (node) => {
  const value = node.attributes["value"];
  const type = value?.type === "tensor" ? value.value.type : "float32";
  const shape = requiredConstant(node, 0);
  if (shape.some((size) => size < 0)) throw new TypeError(`its shape is ${shapeText(shape)}`);
  return [{ type, shape: [...shape] }];
};

const range: ShapeRule = (node) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => requiredConstant(node, i)[0]!);
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  return [{ type: required(node, 0).type, shape: [count] }];
};

const gatherNd: ShapeRule = (node) => {
  const [x, indices] = [required(node, 0), required(node, 1)];
  const batch = intAttribute(node.attributes, "batch_dims", 0);
  const rest = x.shape.slice(batch + indices.shape.at(-1)!);
  return [{ type: x.type, shape: [...indices.shape.slice(0, -1), ...rest] }];
};

const oneHot: ShapeRule = (node) => {
  const indices = required(node, 0);
  const depth = requiredConstant(node, 1)[0]!;
  const axis = intAttribute(node.attributes, "axis", -1);
  const at = axis < 0 ? axis + indices.shape.length + 1 : axis;
  return [{
    type: required(node, 2).type,
    shape: [...indices.shape.slice(0, at), depth, ...indices.shape.slice(at)],
  }];
};

/** Axes that a reduction works over: an input since opset 13 or 18, an attribute before. */
export function reducedAxes(node: RuleInput): number[] {
  const x = required(node, 0);
  const given = node.inputs[1] !== undefined
    ? requiredConstant(node, 1)
    : intsAttribute(node.attributes, "axes");
  if (given === undefined || given.length === 0) {
    return intAttribute(node.attributes, "noop_with_empty_axes", 0) === 1 ? [] : x.shape.map((_, i) => i);
  }
  return given.map((axis) => normalisedAxis(axis, x.shape.length));
}

const reduce: ShapeRule = (node) => {
  const x = required(node, 0);
  const axes = reducedAxes(node);
  const keep = intAttribute(node.attributes, "keepdims", 1) === 1;
  const shape = keep
    ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !axes.includes(i));
  return [{ type: x.type, shape }];
};

const argExtreme: ShapeRule = (node) => {
  const x = required(node, 0);
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  const keep = intAttribute(node.attributes, "keepdims", 1) === 1;
  const shape = keep
    ? x.shape.map((size, i) => (i === axis ? 1 : size))
    : x.shape.filter((_, i) => i !== axis);
  return [{ type: "int64", shape }];
};

const topK: ShapeRule = (node) => {
  const x = required(node, 0);
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", -1), x.shape.length);
  const k = requiredConstant(node, 1)[0]!;
  const shape = x.shape.map((size, i) => (i === axis ? k : size));
  return [{ type: x.type, shape }, { type: "int64", shape }];
};

/** Rules by operator. */
export const MOVEMENT: Readonly<Record<string, ShapeRule>> = {
  Transpose: transpose,
  Reshape: reshape,
  Flatten: flatten,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterElements: likeFirst,
  Expand: expand,
  Tile: tile,
  Resize: resize,
  GridSample: gridSample,
  Shape: shapeOf,
  Size: () => [{ type: "int64", shape: [] }],
  ConstantOfShape: constantOfShape,
  Range: range,
  GatherND: gatherNd,
  ScatterND: likeFirst,
  CumSum: likeFirst,
  Trilu: likeFirst,
  OneHot: oneHot,
  ArgMax: argExtreme,
  ArgMin: argExtreme,
  TopK: topK,
  ...Object.fromEntries(
    [
      "ReduceMean",
      "ReduceSum",
      "ReduceMax",
      "ReduceMin",
      "ReduceProd",
      "ReduceL1",
      "ReduceL2",
      "ReduceSumSquare",
    ]
      .map((op) => [op, reduce]),
  ),
};
