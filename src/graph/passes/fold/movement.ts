/**
 * Folding of operators that make, move, cut, join and pick data. Shapes come from the shape rules.
 *
 * @module
 */
import { decodeNumbers } from "../../constants.ts";
import { resolveSlices } from "../../shapes/movement.ts";
import { normalisedAxis, shapeText } from "../../shapes/rule.ts";
import { elementCount, intAttribute, intsAttribute, textAttribute } from "../../types.ts";
import {
  broadcastStrides,
  eachPlace,
  type Fold,
  type FoldInput,
  list,
  need,
  type Numbers,
  rowMajorStrides,
  Unfolded,
  viewed,
} from "./numbers.ts";

/** The same numbers in another shape. */
const reshaped: Fold = (node) => [{ ...need(node, 0), shape: node.outputs[0]!.shape }];

const transpose: Fold = (node) => {
  const x = need(node, 0);
  const strides = rowMajorStrides(x.shape);
  const perm = intsAttribute(node.attributes, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  return [viewed(node.room, x, node.outputs[0]!.shape, perm.map((axis) => strides[axis]!))];
};

const expand: Fold = (node) => {
  const { shape } = node.outputs[0]!;
  return [viewed(node.room, need(node, 0), shape, broadcastStrides(need(node, 0).shape, shape))];
};

const slice: Fold = (node) => {
  const x = need(node, 0);
  const strides = rowMajorStrides(x.shape);
  let offset = 0;
  const cuts = resolveSlices(x.shape, list(node, 1)!, list(node, 2)!, list(node, 3), list(node, 4));
  for (const { axis, start, step } of cuts) {
    offset += start * strides[axis]!;
    strides[axis] = strides[axis]! * step;
  }
  return [viewed(node.room, x, node.outputs[0]!.shape, strides, offset)];
};

const split: Fold = (node) => {
  const x = need(node, 0);
  const strides = rowMajorStrides(x.shape);
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  let start = 0;
  return node.outputs.map(({ shape }) => {
    const part = viewed(node.room, x, shape, strides, start * strides[axis]!);
    start += shape[axis]!;
    return part;
  });
};

const concat: Fold = (node) => {
  const { type, shape } = node.outputs[0]!;
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), shape.length);
  const data = node.room.take(shape);
  const strides = rowMajorStrides(shape);
  let start = 0;
  node.inputs.forEach((_, i) => {
    const x = need(node, i);
    eachPlace(x.shape, strides, start * strides[axis]!, (place, cell) => data[place] = x.data[cell]!);
    start += x.shape[axis]!;
  });
  return [{ type, shape, data }];
};

const tile: Fold = (node) => {
  const x = need(node, 0);
  const { type, shape } = node.outputs[0]!;
  const data = node.room.take(shape);
  const strides = rowMajorStrides(x.shape);
  const own = rowMajorStrides(shape);
  for (let cell = 0; cell < data.length; cell++) {
    let place = 0;
    shape.forEach((size, axis) => {
      place += (Math.floor(cell / own[axis]!) % size % x.shape[axis]!) * strides[axis]!;
    });
    data[cell] = x.data[place]!;
  }
  return [{ type, shape, data }];
};

const pad: Fold = (node) => {
  const x = need(node, 0);
  if (textAttribute(node.attributes, "mode", "constant") !== "constant") {
    throw new Unfolded("its mode is not folded");
  }
  const { type, shape } = node.outputs[0]!;
  const pads = list(node, 1)!;
  const axes = (list(node, 3) ?? x.shape.map((_, i) => i)).map((axis) =>
    normalisedAxis(axis, x.shape.length)
  );
  if (pads.some((size) => size < 0)) throw new Unfolded("its pads are negative");
  const data = node.room.take(shape).fill(node.inputs[2]?.data[0] ?? 0);
  const strides = rowMajorStrides(shape);
  const offset = axes.reduce((sum, axis, i) => sum + pads[i]! * strides[axis]!, 0);
  eachPlace(x.shape, strides, offset, (place, cell) => data[place] = x.data[cell]!);
  return [{ type, shape, data }];
};

/** An index counted from the front. */
function inRange(index: number, size: number): number {
  const resolved = index < 0 ? index + size : index;
  if (!(resolved >= 0 && resolved < size)) throw new RangeError(`index ${index} is out of range for ${size}`);
  return resolved;
}

const gather: Fold = (node) => {
  const [x, indices] = [need(node, 0), need(node, 1)];
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  const { type, shape } = node.outputs[0]!;
  const data = node.room.take(shape);
  const [before, size] = [elementCount(x.shape.slice(0, axis)), x.shape[axis]!];
  const after = elementCount(x.shape.slice(axis + 1));
  const picked = Array.from(indices.data, (index) => inRange(index, size) * after);
  let at = 0;
  for (let i = 0; i < before; i++) {
    const start = i * size * after;
    for (const place of picked) {
      // Single numbers, of which a weight has millions, faster than views of one.
      if (after === 1) data[at] = x.data[start + place]!;
      else data.set(x.data.subarray(start + place, start + place + after), at);
      at += after;
    }
  }
  return [{ type, shape, data }];
};

const gatherElements: Fold = (node) => {
  const [x, indices] = [need(node, 0), need(node, 1)];
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  const data = node.room.take(indices.shape);
  const strides = rowMajorStrides(x.shape);
  const along = strides[axis]!;
  eachPlace(indices.shape, strides.with(axis, 0), 0, (place, cell) => {
    data[cell] = x.data[place + inRange(indices.data[cell]!, x.shape[axis]!) * along]!;
  });
  return [{ type: x.type, shape: indices.shape, data }];
};

/** Where row `row` of an index tensor [..., k] points in `shape`, its first k axes indexed. */
function rowPlace(
  indices: Numbers,
  row: number,
  shape: readonly number[],
  strides: readonly number[],
): number {
  const depth = indices.shape.at(-1)!;
  let place = 0;
  for (let i = 0; i < depth; i++) {
    place += inRange(indices.data[row * depth + i]!, shape[i]!) * strides[i]!;
  }
  return place;
}

const scatterNd: Fold = (node) => {
  const [x, indices, updates] = [need(node, 0), need(node, 1), need(node, 2)];
  if (textAttribute(node.attributes, "reduction", "none") !== "none") {
    throw new Unfolded("its reduction is not folded");
  }
  const depth = indices.shape.at(-1)!;
  const data = node.room.take(x.shape);
  data.set(x.data);
  const width = elementCount(x.shape.slice(depth));
  const rows = elementCount(indices.shape.slice(0, -1));
  if (updates.data.length !== rows * width) {
    throw new TypeError(`updates ${shapeText(updates.shape)} do not fit indices ${shapeText(indices.shape)}`);
  }
  const strides = rowMajorStrides(x.shape);
  for (let row = 0; row < rows; row++) {
    data.set(
      updates.data.subarray(row * width, (row + 1) * width),
      rowPlace(indices, row, x.shape, strides),
    );
  }
  return [{ type: x.type, shape: x.shape, data }];
};

const gatherNd: Fold = (node) => {
  const [x, indices] = [need(node, 0), need(node, 1)];
  if (intAttribute(node.attributes, "batch_dims", 0) !== 0) {
    throw new Unfolded("its batch_dims are not folded");
  }
  const { type, shape } = node.outputs[0]!;
  const data = node.room.take(shape);
  const width = elementCount(x.shape.slice(indices.shape.at(-1)!));
  const strides = rowMajorStrides(x.shape);
  for (let row = 0; row * width < data.length; row++) {
    const from = rowPlace(indices, row, x.shape, strides);
    data.set(x.data.subarray(from, from + width), row * width);
  }
  return [{ type, shape, data }];
};

const range: Fold = (node) => {
  const [start, limit, delta] = [need(node, 0), need(node, 1), need(node, 2)];
  const step = delta.data[0]!;
  const count = Math.max(0, Math.ceil((limit.data[0]! - start.data[0]!) / step));
  if (!Number.isFinite(count)) {
    throw new RangeError(
      step === 0 ? "its delta is 0" : "its start, limit and delta give no number of values",
    );
  }
  const data = node.room.take([count]);
  for (let i = 0; i < count; i++) data[i] = start.data[0]! + i * step;
  return [{ type: start.type, shape: [count], data }];
};

const constantOfShape: Fold = (node) => {
  const { type, shape } = node.outputs[0]!;
  const value = node.attributes["value"];
  const known = value?.type === "tensor" && value.value.data.kind === "inline" ? value.value.data : undefined;
  const filler = known === undefined ? 0 : decodeNumbers(type, known.bytes)[0] ?? 0;
  return [{ type, shape, data: node.room.take(shape).fill(filler) }];
};

/** Indices of what is not zero, [rank, count]. */
const nonZero: Fold = (node) => {
  const x = need(node, 0);
  const strides = rowMajorStrides(x.shape);
  const found = Array.from(x.data.keys()).filter((i) => x.data[i] !== 0);
  const shape = [x.shape.length, found.length];
  const data = node.room.take(shape);
  x.shape.forEach((size, axis) => {
    found.forEach((cell, i) => data[axis * found.length + i] = Math.floor(cell / strides[axis]!) % size);
  });
  return [{ type: "int64", shape, data }];
};

/** Upper or lower triangle of the last two axes. */
const trilu: Fold = (node) => {
  const x = need(node, 0);
  const upper = intAttribute(node.attributes, "upper", 1) === 1;
  const k = node.inputs[1]?.data[0] ?? 0;
  const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const data = node.room.take(x.shape);
  data.forEach((_, i) => {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    if (upper ? column - row >= k : column - row <= k) data[i] = x.data[i]!;
  });
  return [{ type: x.type, shape: x.shape, data }];
};

const oneHot: Fold = (node: FoldInput) => {
  const [indices, values] = [need(node, 0), need(node, 2)];
  const { type, shape } = node.outputs[0]!;
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", -1), shape.length);
  const depth = shape[axis]!;
  const data = node.room.take(shape).fill(values.data[0]!);
  const strides = rowMajorStrides(shape);
  eachPlace(indices.shape, strides.filter((_, i) => i !== axis), 0, (place, cell) => {
    const index = indices.data[cell]!;
    const resolved = index < 0 ? index + depth : index;
    if (resolved >= 0 && resolved < depth) data[place + resolved * strides[axis]!] = values.data[1]!;
  });
  return [{ type, shape, data }];
};

/** Folding by operator. */
export const MOVEMENT: Readonly<Record<string, Fold>> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transpose,
  Expand: expand,
  Slice: slice,
  Split: split,
  Concat: concat,
  Tile: tile,
  Pad: pad,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterND: scatterNd,
  GatherND: gatherNd,
  Range: range,
  ConstantOfShape: constantOfShape,
  NonZero: nonZero,
  Trilu: trilu,
  OneHot: oneHot,
};
