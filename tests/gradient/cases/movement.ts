/**
 * Cases of operators that move, cut, join and pick data.
 *
 * @module
 */
import { int, text } from "../../../src/graph/types.ts";
import type { Cases } from "./trial.ts";

const slice = (
  x: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes?: readonly number[],
  steps?: readonly number[],
): Cases[string] =>
(t) =>
  t.b.node("Slice", [
    t.variable(x),
    t.b.int64s(starts),
    t.b.int64s(ends),
    axes === undefined ? undefined : t.b.int64s(axes),
    ...(steps === undefined ? [] : [t.b.int64s(steps)]),
  ])[0]!;

const padded = (mode: string): Cases => ({
  [`Pad ${mode}`]: (t) =>
    t.b.node("Pad", [t.variable([2, 4, 5]), t.b.int64s([0, 1, 2, 0, 3, 1])], { mode: text(mode) })[0]!,
});

export const MOVEMENT_CASES: Cases = {
  "Concat all": (t) => t.b.concat([t.variable([2, 3]), t.variable([2, 1]), t.variable([2, 2])], 1),
  "Concat one frozen": (t) =>
    t.b.concat([t.variable([2, 3]), t.variable([4, 3], { frozen: true }), t.variable([1, 3])], -2),
  "Concat a value with itself": (t) => {
    const x = t.variable([2, 3]);
    return t.b.concat([x, x], 0);
  },
  "Split all used": (t) => {
    const [first, second] = t.b.split(t.variable([2, 5]), 1, [2, 3]);
    return [t.b.exp(first!), t.b.mul(second!, 2)];
  },
  "Split second used": (t) => t.b.exp(t.b.split(t.variable([6, 2]), 0, [1, 3, 2])[1]!),
  "Split evenly": (t) => t.b.node("Split", [t.variable([6, 2])], { axis: int(0) }, { outputs: 3 }),
  "Slice one axis": (t) => t.b.slice(t.variable([3, 5]), 1, 1, 4),
  "Slice several axes": slice([4, 5, 6], [1, 0, -3], [3, 2, 100], [0, 1, 2]),
  "Slice default axes": slice([4, 5], [1, 2], [3, 4]),
  "Slice step 2": slice([2, 7], [1], [7], [1], [2]),
  "Slice step 3 on two axes": slice([8, 7], [0, 1], [8, 7], [0, 1], [3, 2]),
  "Slice reversed": slice([2, 5], [-1], [-100], [1], [-1]),
  "Slice reversed by 2": slice([2, 6], [4], [0], [1], [-2]),
  "Slice reversed on two axes": slice([4, 5], [3, -2], [0, -100], [0, 1], [-2, -1]),
  "Pad constant": (t) => t.b.pad(t.variable([2, 3]), [1, 0, 2, 1], 0.5),
  "Pad that cuts": (t) => t.b.pad(t.variable([4, 5]), [-1, 2, 1, -2]),
  ...padded("reflect"),
  ...padded("edge"),
  "Transpose given": (t) => t.b.transpose(t.variable([2, 3, 4]), [1, 2, 0]),
  "Transpose default": (t) => t.b.node("Transpose", [t.variable([2, 3, 4])])[0]!,
  "Reshape": (t) => t.b.reshape(t.variable([2, 3, 4]), [4, -1]),
  "Flatten": (t) => t.b.flatten(t.variable([2, 3, 4]), 2),
  "Squeeze": (t) => t.b.squeeze(t.variable([2, 1, 3, 1]), [1, -1]),
  "Unsqueeze": (t) => t.b.unsqueeze(t.variable([2, 3]), [0, -1]),
  "Expand": (t) => t.b.expand(t.variable([3, 1]), [2, 3, 4]),
  "Expand a scalar": (t) => t.b.expand(t.variable([]), [2, 3]),
  "Tile": (t) => t.b.node("Tile", [t.variable([2, 3]), t.b.int64s([1, 3])])[0]!,
  "Gather a token": (t) => t.b.gather(t.variable([2, 5, 3]), t.b.constant("int64", [], [0]), 1),
  "Gather from the end": (t) => t.b.gather(t.variable([5, 3]), t.b.constant("int64", [], [-1]), 0),
  "Gather a run": (t) => t.b.gather(t.variable([2, 5]), t.b.int64s([1, 2, 3]), 1),
  "Gather some, one twice": (t) =>
    t.b.gather(t.variable([5, 3]), t.b.constant("int64", [2, 2], [4, 1, -4, 0]), 0),
  "Gather in the middle": (t) => t.b.gather(t.variable([2, 5, 3]), t.b.int64s([3, 3, -5]), 1),
  "Gather by an input": (t) => t.b.gather(t.variable([5, 3]), t.indices([3], [4, -1, 2]), 0),
  "Gather by an input, last axis": (t) =>
    t.b.gather(t.variable([2, 5]), t.indices([2, 2], [1, 1, 0, -2]), -1),
  "Shape carries nothing": (t) => {
    const x = t.variable([2, 3]);
    const size = t.b.reduceSum(t.b.cast(t.b.node("Shape", [x])[0]!, "float32"));
    return t.b.mul(x, size);
  },
};

/** Runs everywhere, but on WebGPU its gradient falls back to the CPU: no network here uses it. */
export const FALLING_BACK_CASES: Cases = {
  "GatherElements": (t) =>
    t.b.node(
      "GatherElements",
      [t.variable([3, 4]), t.b.constant("int64", [2, 4], [0, 2, 1, 1, 2, 2, 0, -2])],
      {
        axis: int(0),
      },
    )[0]!,
  "GatherND": (t) =>
    t.b.node("GatherND", [t.variable([3, 4, 2]), t.b.constant("int64", [3, 2], [2, 1, 0, 3, 2, 1])])[0]!,
  "ScatterElements": (t) =>
    t.b.node(
      "ScatterElements",
      [t.variable([3, 4]), t.b.constant("int64", [2, 2], [0, 2, 1, 1]), t.variable([2, 2])],
      { axis: int(0) },
    )[0]!,
  "ScatterElements adding": (t) =>
    t.b.node(
      "ScatterElements",
      [t.variable([2, 4]), t.b.constant("int64", [2, 3], [0, 2, 0, 1, 1, -1]), t.variable([2, 3])],
      { axis: int(1), reduction: text("add") },
    )[0]!,
  "ScatterND": (t) =>
    t.b.node("ScatterND", [
      t.variable([3, 4, 2]),
      t.b.constant("int64", [2, 2], [2, 1, 0, 3]),
      t.variable([2, 2]),
    ])[0]!,
  "ScatterND adding": (t) =>
    t.b.node("ScatterND", [
      t.variable([3, 2]),
      t.b.constant("int64", [3, 1], [2, 0, 2]),
      t.variable([3, 2]),
    ], { reduction: text("add") })[0]!,
  "TopK": (t) =>
    t.b.node("TopK", [t.variable([3, 5], { apart: true }), t.b.int64s([2])], {}, { outputs: 2 })[0]!,
  "TopK least on the first axis": (t) =>
    t.b.node("TopK", [t.variable([4, 3], { apart: true }), t.b.int64s([3])], {
      axis: int(0),
      largest: int(0),
    }, { outputs: 2 })[0]!,
};
