/**
 * Gradient rules of operators that move, cut and join data: each moves dy back to where its elements came from.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { type ResolvedSlice, resolveSlices } from "../../graph/shapes/movement.ts";
import { normalisedAxis } from "../../graph/shapes/rule.ts";
import { elementCount, intAttribute, intsAttribute, textAttribute, type Value } from "../../graph/types.ts";
import {
  constantInput,
  type GradientRule,
  multipliedAlong,
  reducedTo,
  reshaped,
  single,
  unary,
  zeros,
} from "../rule.ts";

// y = x in another shape: dx = dy in x's.
const reshape: GradientRule = unary(({ b, x, dy }) => reshaped(b, dy, x.shape));

// y = xᵀ: dx = dy by the inverse permutation.
const transpose: GradientRule = unary(({ b, attributes, x, dy }) => {
  const perm = intsAttribute(attributes, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  return b.transpose(dy, perm.map((_, axis) => perm.indexOf(axis)));
});

// y = a ‖ b ‖ …: each gets its piece of dy.
const concat: GradientRule = single(({ b, attributes, needs, inputs, dy }) => {
  const axis = normalisedAxis(intAttribute(attributes, "axis", 0), dy.shape.length);
  const sizes = inputs.map((input) => input!.shape[axis]!);
  if (needs.every((needed) => needed)) return sizes.length === 1 ? [dy] : b.split(dy, axis, sizes);
  let start = 0;
  return sizes.map((size, i) => {
    start += size;
    return needs[i] ? b.slice(dy, axis, start - size, start) : undefined;
  });
});

// (a, b, …) = pieces of x: dx = da ‖ db ‖ …, zeros for pieces that are not used.
const split: GradientRule = ({ b, attributes, inputs, outputs, dy }) => {
  const x = inputs[0]!;
  const axis = normalisedAxis(intAttribute(attributes, "axis", 0), x.shape.length);
  const pieces = outputs.map((output, i) => {
    if (output === undefined) throw new TypeError(`its output ${i} has no name`);
    return dy[i] ?? zeros(b, output.shape, x.type);
  });
  return [pieces.length === 1 ? pieces[0] : b.concat(pieces, axis)];
};

// y = x[start:end:step] along some axes: dx is dy among zeros.
const slice: GradientRule = unary((context) => {
  const { b, x, dy } = context;
  const cuts = resolveSlices(
    x.shape,
    constantInput(context, 1)!,
    constantInput(context, 2)!,
    constantInput(context, 3),
    constantInput(context, 4),
  );
  let result = dy;
  for (const cut of cuts) {
    if (cut.step < 0) result = b.slice(result, cut.axis, -1, -cut.size - 1, -1);
    if (Math.abs(cut.step) > 1) result = stretched(b, result, cut);
  }
  // All axes in one Pad: the start of each piece, and what is missing after it.
  const before = x.shape.map(() => 0);
  for (const { axis, start, step, size } of cuts) before[axis] = step > 0 ? start : start + (size - 1) * step;
  const after = x.shape.map((size, axis) => size - before[axis]! - result.shape[axis]!);
  return padded(b, result, before, after);
});

/** Puts |step| − 1 zeros between the cells along an axis. */
function stretched(b: Builder, value: Value, { axis, step }: ResolvedSlice): Value {
  const [before, size, after] = [value.shape.slice(0, axis), value.shape[axis]!, value.shape.slice(axis + 1)];
  const gap = Math.abs(step);
  const cells = b.reshape(value, [elementCount(before), size, 1, elementCount(after)]);
  const apart = b.reshape(b.pad(cells, [0, 0, 0, 0, 0, 0, gap - 1, 0]), [...before, size * gap, ...after]);
  return b.slice(apart, axis, 0, (size - 1) * gap + 1);
}

/** Pads by zeros; a negative width cuts. */
function padded(b: Builder, value: Value, before: readonly number[], after: readonly number[]): Value {
  let result = value;
  value.shape.forEach((size, axis) => {
    const [low, high] = [Math.max(0, -before[axis]!), Math.max(0, -after[axis]!)];
    if (low + high > 0) result = b.slice(result, axis, low, size - high);
  });
  const pads = [...before, ...after].map((size) => Math.max(0, size));
  return pads.some((size) => size > 0) ? b.pad(result, pads) : result;
}

// y = x with a border: a constant one is cut off again; any other is linear in x, and its adjoint is applied.
const pad: GradientRule = single((context) => {
  const { b, attributes, needs, x, dy } = context;
  const rank = x.shape.length;
  const given = constantInput(context, 1)!;
  const axes = constantInput(context, 3)?.map((axis) => normalisedAxis(axis, rank)) ??
    x.shape.map((_, i) => i);
  const before = x.shape.map((_, axis) => (axes.includes(axis) ? given[axes.indexOf(axis)]! : 0));
  const after = x.shape.map((
    _,
    axis,
  ) => (axes.includes(axis) ? given[axes.indexOf(axis) + axes.length]! : 0));
  const mode = textAttribute(attributes, "mode", "constant");
  if (mode === "constant") {
    if (needs[2]) throw new TypeError("no gradient towards the value it pads with");
    return [padded(b, dy, before.map((size) => -size), after.map((size) => -size))];
  }
  let result = dy;
  x.shape.forEach((size, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return;
    const rows = result.shape[axis]!;
    const data = new Float64Array(rows * size);
    for (let r = 0; r < rows; r++) data[r * size + repeatedCell(r - before[axis]!, size, mode)] = 1;
    result = multipliedAlong(b, result, axis, { rows, columns: size, data });
  });
  return [result];
});

/** The cell of a padded axis that position `at` (0 is the first inner cell) repeats. */
function repeatedCell(at: number, size: number, mode: string): number {
  switch (mode) {
    case "edge":
      return Math.min(Math.max(at, 0), size - 1);
    case "wrap":
      return ((at % size) + size) % size;
    case "reflect": {
      const period = Math.max(1, 2 * (size - 1));
      const folded = ((at % period) + period) % period;
      return Math.min(folded, period - folded);
    }
    default:
      throw new TypeError(`its mode ${mode} is not supported`);
  }
}

// y = x broadcast: dx = dy summed over what was broadcast.
const expand: GradientRule = unary(({ b, x, dy }) => reducedTo(b, dy, x.shape));

// y = x repeated: dx = Σ of dy over the repetitions.
const tile: GradientRule = unary((context) => {
  const { b, x, dy } = context;
  const repeats = constantInput(context, 1)!;
  const shape = x.shape.flatMap((size, axis) => [repeats[axis]!, size]);
  const axes = repeats.flatMap((count, axis) => (count === 1 ? [] : [2 * axis]));
  return axes.length === 0 ? dy : b.reshape(b.reduceSum(b.reshape(dy, shape), axes), x.shape);
});

/** Rules by operator. */
export const MOVEMENT: Readonly<Record<string, GradientRule>> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Expand: expand,
  Tile: tile,
};
