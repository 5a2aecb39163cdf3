/**
 * Operators of the reference interpreter that move, join, split, pick and order data.
 *
 * @module
 */
import { build, count, element, type NdArray, offset, positive, reshape } from "./array.ts";
import type { Operator } from "./mod.ts";

export const split: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.int("axis", 0), x.shape.length);
  const parts = c.node.outputs.length;
  const part = Math.ceil(x.shape[axis]! / parts);
  const sizes = c.optional(1) === undefined
    ? Array.from({ length: parts }, (_, i) => Math.min(part, x.shape[axis]! - i * part))
    : [...c.input(1).data];
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return build(
      x.shape.map((old, i) => (i === axis ? size : old)),
      (index) => element(x, index.map((p, i) => (i === axis ? p + from : p))),
    );
  });
};

export const concat: Operator = (c) => {
  const parts = c.inputs();
  const axis = positive(c.int("axis", 0), parts[0]!.shape.length);
  return build(c.outputShape, (index) => {
    let at = index[axis]!;
    let which = 0;
    while (at >= parts[which]!.shape[axis]!) at -= parts[which++]!.shape[axis]!;
    return element(parts[which]!, index.map((p, i) => (i === axis ? at : p)));
  });
};

export const slice: Operator = (c) => {
  const x = c.input(0);
  const starts = c.input(1).data;
  const from = x.shape.map(() => 0);
  const step = x.shape.map(() => 1);
  starts.forEach((start, i) => {
    const axis = positive(c.optional(3)?.data[i] ?? i, x.shape.length);
    step[axis] = c.optional(4)?.data[i] ?? 1;
    const last = x.shape[axis]! - (step[axis]! < 0 ? 1 : 0);
    from[axis] = Math.min(Math.max(positive(start, x.shape[axis]!), 0), last);
  });
  return build(c.outputShape, (index) => element(x, index.map((p, i) => from[i]! + p * step[i]!)));
};

export const pad: Operator = (c) => {
  const x = c.input(0);
  const before = x.shape.map(() => 0);
  const pads = c.input(1).data;
  const axes = c.optional(3)?.data ?? x.shape.map((_, i) => i);
  axes.forEach((axis, i) => before[positive(axis, x.shape.length)] = pads[i]!);
  const value = c.optional(2)?.data[0] ?? 0;
  const mode = c.text("mode", "constant");
  return build(c.outputShape, (index) => {
    const at = index.map((p, i) => p - before[i]!);
    if (mode === "constant") return at.every((p, i) => p >= 0 && p < x.shape[i]!) ? element(x, at) : value;
    return element(
      x,
      at.map((p, i) => {
        const last = x.shape[i]! - 1;
        if (mode === "edge") return Math.min(Math.max(p, 0), last);
        return p < 0 ? -p : p > last ? 2 * last - p : p;
      }),
    );
  });
};

export const gather: Operator = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  const picked = indices.shape.length;
  return build(c.outputShape, (index) => {
    const at = indices.data[offset(indices.shape, index.slice(axis, axis + picked))]!;
    return element(x, [...index.slice(0, axis), positive(at, x.shape[axis]!), ...index.slice(axis + picked)]);
  });
};

export const gatherElements: Operator = (c) => {
  const [x, indices] = [c.input(0), c.input(1)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  return build(indices.shape, (index) => {
    const at = positive(element(indices, index), x.shape[axis]!);
    return element(x, index.map((p, i) => (i === axis ? at : p)));
  });
};

export const scatterElements: Operator = (c) => {
  const [x, indices, updates] = [c.input(0), c.input(1), c.input(2)];
  const axis = positive(c.int("axis", 0), x.shape.length);
  const y = { shape: x.shape, data: x.data.slice() };
  const adds = c.text("reduction", "none") === "add";
  build(indices.shape, (index) => {
    const at = positive(element(indices, index), x.shape[axis]!);
    const to = offset(x.shape, index.map((p, i) => (i === axis ? at : p)));
    y.data[to] = (adds ? y.data[to]! : 0) + element(updates, index);
    return 0;
  });
  return y;
};

/** Where a run of indices along the last axis points to, and how many elements lie there. */
function pointed(x: NdArray, indices: NdArray): { starts: number[]; size: number } {
  const depth = indices.shape.at(-1)!;
  const size = count(x.shape.slice(depth));
  const starts = Array.from({ length: indices.data.length / depth }, (_, row) => {
    let at = 0;
    for (let i = 0; i < depth; i++) {
      at = at * x.shape[i]! + positive(indices.data[row * depth + i]!, x.shape[i]!);
    }
    return at * size;
  });
  return { starts, size };
}

export const gatherNd: Operator = (c) => {
  const x = c.input(0);
  const { starts, size } = pointed(x, c.input(1));
  const data = starts.flatMap((start) => Array.from(x.data.slice(start, start + size)));
  return { shape: c.outputShape, data: Float64Array.from(data) };
};

export const scatterNd: Operator = (c) => {
  const x = c.input(0);
  const { starts, size } = pointed(x, c.input(1));
  const adds = c.text("reduction", "none") === "add";
  const y = { shape: x.shape, data: x.data.slice() };
  starts.forEach((start, row) => {
    for (let i = 0; i < size; i++) {
      y.data[start + i] = (adds ? y.data[start + i]! : 0) + c.input(2).data[row * size + i]!;
    }
  });
  return y;
};

export const topK: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.int("axis", -1), x.shape.length);
  const sign = c.int("largest", 1) === 1 ? 1 : -1;
  const ranked = (index: readonly number[]) => {
    const value = (p: number) => sign * element(x, index.map((q, i) => (i === axis ? p : q)));
    return Array.from({ length: x.shape[axis]! }, (_, p) => p).sort((a, b) => value(b) - value(a) || a - b);
  };
  const indices = build(c.outputShape, (index) => ranked(index)[index[axis]!]!);
  const values = build(
    c.outputShape,
    (index) => element(x, index.map((p, i) => (i === axis ? element(indices, index) : p))),
  );
  return [values, indices];
};

export const cumSum: Operator = (c) => {
  const x = c.input(0);
  const axis = positive(c.input(1).data[0]!, x.shape.length);
  const [exclusive, reverse] = [c.int("exclusive", 0), c.int("reverse", 0) === 1];
  return build(x.shape, (index) => {
    let sum = 0;
    for (let p = 0; p < x.shape[axis]!; p++) {
      const distance = reverse ? p - index[axis]! : index[axis]! - p;
      if (distance >= exclusive) sum += element(x, index.map((q, i) => (i === axis ? p : q)));
    }
    return sum;
  });
};

export const transpose: Operator = (c) => {
  const x = c.input(0);
  const perm = c.ints("perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  return build(c.outputShape, (index) => element(x, x.shape.map((_, axis) => index[perm.indexOf(axis)]!)));
};

export const sameData: Operator = (c) => reshape(c.input(0), c.outputShape);
