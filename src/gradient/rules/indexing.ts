/**
 * Gradient rules of operators that pick by index: an element that was picked twice receives both gradients.
 *
 * @module
 */
import { normalisedAxis } from "../../graph/shapes/rule.ts";
import { elementCount, int, intAttribute, text, textAttribute, type Value } from "../../graph/types.ts";
import {
  type GradientRule,
  requiredInput,
  type RuleContext,
  single,
  type SingleContext,
  unary,
  zeros,
} from "../rule.ts";

// y = x[…, indices, …] along an axis: dx[…, i, …] = Σ of dy over the places with index i.
const gather: GradientRule = unary((context) => {
  const { b, attributes, x, dy } = context;
  const indices = requiredInput(context, 1);
  const axis = normalisedAxis(intAttribute(attributes, "axis", 0), x.shape.length);
  const [before, size, after] = [x.shape.slice(0, axis), x.shape[axis]!, x.shape.slice(axis + 1)];
  const picked = elementCount(indices.shape);
  const rows = b.reshape(dy, [elementCount(before), picked, elementCount(after)]);

  const known = b.numbers(indices)?.map((index) => (index < 0 ? index + size : index));
  if (known !== undefined && known.every((index, i) => index === known[0]! + i)) {
    // One cell, or a run of them (a class token, a piece): dy among zeros.
    const first = known[0] ?? 0;
    return b.reshape(b.pad(rows, [0, first, 0, 0, size - first - picked, 0]), x.shape);
  }
  if (context.device !== "webgpu") {
    const wide = b.expand(b.reshape(indices, [1, picked, 1]), rows.shape);
    return b.reshape(scatterAdd(context, [rows.shape[0]!, size, rows.shape[2]!], wide, rows, 1), x.shape);
  }
  // WebGPU adds by a product with one-hot rows: its scatter would run on the CPU.
  return b.reshape(b.matmul(oneHotColumns(context, indices, size), rows), x.shape);
});

/** [size, picked] with a 1 where column p's index names the row. */
function oneHotColumns({ b, x }: SingleContext, indices: Value, size: number): Value {
  const picked = elementCount(indices.shape);
  const known = b.numbers(indices);
  if (known !== undefined) {
    const data = new Float64Array(size * picked);
    known.forEach((index, p) => data[(index < 0 ? index + size : index) * picked + p] = 1);
    return b.constant(x.type, [size, picked], data);
  }
  // Gathered from 0, 1, 2, …, to avoid int64 arithmetic, for which WebGPU has no kernels; a negative index comes out
  // counted from the front. Floats represent them exactly up to 2^24.
  const counting = b.constant(x.type, [size], Float64Array.from({ length: size }, (_, i) => i));
  const column = b.reshape(b.gather(counting, indices), [1, picked]);
  const one = b.constant(x.type, [], [1]);
  return b.where(b.equal(b.reshape(counting, [size, 1]), column), one, b.constant(x.type, [], [0]));
}

// y[p] = x[p with indices[p] on the axis]: dx = dy scattered there and added.
const gatherElements: GradientRule = unary((context) => {
  const axis = normalisedAxis(intAttribute(context.attributes, "axis", 0), context.x.shape.length);
  return scatterAdd(context, context.x.shape, requiredInput(context, 1), context.dy, axis);
});

/** Zeros of a shape with each update added along `axis` where its index says. */
export function scatterAdd(
  { b, dy }: Pick<SingleContext, "b" | "dy">,
  shape: readonly number[],
  indices: Value,
  updates: Value,
  axis: number,
): Value {
  return b.node("ScatterElements", [zeros(b, shape, dy.type), indices, updates], {
    axis: int(axis),
    reduction: text("add"),
  })[0]!;
}

// y[p] = x[indices[p]]: dx = dy put there, added.
const gatherNd: GradientRule = unary((context) => {
  const { b, attributes, x, dy } = context;
  if (intAttribute(attributes, "batch_dims", 0) !== 0) throw new TypeError("its batch_dims is not 0");
  return b.node("ScatterND", [zeros(b, x.shape, dy.type), requiredInput(context, 1), dy], {
    reduction: text("add"),
  })[0]!;
});

/** Whether a scatter adds to a value, or replaces it. */
function scatterAdds({ attributes }: Pick<RuleContext, "attributes">): boolean {
  const reduction = textAttribute(attributes, "reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    throw new TypeError(`its reduction ${reduction} cannot be differentiated`);
  }
  return reduction === "add";
}

// y = x with updates at indices: dx = dy with zeros there (dy, where they were added), d(updates) = dy from there.
const scatterNd: GradientRule = single((context) => {
  const { b, needs, dy } = context;
  const [indices, updates] = [requiredInput(context, 1), requiredInput(context, 2)];
  const kept = () =>
    scatterAdds(context) ? dy : b.node("ScatterND", [dy, indices, zeros(b, updates.shape, dy.type)])[0]!;
  return [
    needs[0] ? kept() : undefined,
    undefined,
    needs[2] ? b.node("GatherND", [dy, indices])[0]! : undefined,
  ];
});

// The same along one axis.
const scatterElements: GradientRule = single((context) => {
  const { b, needs, dy, x } = context;
  const [indices, updates] = [requiredInput(context, 1), requiredInput(context, 2)];
  const axis = int(normalisedAxis(intAttribute(context.attributes, "axis", 0), x.shape.length));
  const kept = () =>
    scatterAdds(context)
      ? dy
      : b.node("ScatterElements", [dy, indices, zeros(b, updates.shape, dy.type)], { axis })[0]!;
  return [
    needs[0] ? kept() : undefined,
    undefined,
    needs[2] ? b.node("GatherElements", [dy, indices], { axis })[0]! : undefined,
  ];
});

// y = the k greatest along an axis: dx = dy where they came from.
const topK: GradientRule = single((context) => {
  const { b, attributes, inputs, x, dy } = context;
  const axis = normalisedAxis(intAttribute(attributes, "axis", -1), x.shape.length);
  const indices = context.outputs[1] ?? b.node("TopK", inputs, attributes, { outputs: 2 })[1]!;
  return [scatterAdd(context, x.shape, indices, dy, axis)];
});

/** Rules by operator. */
export const INDEXING: Readonly<Record<string, GradientRule>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  TopK: topK,
};
