/**
 * Folding of reductions.
 *
 * @module
 */
import { reducedAxes } from "../../shapes/movement.ts";
import { normalisedAxis } from "../../shapes/rule.ts";
import { intAttribute } from "../../types.ts";
import {
  createRounder,
  eachPlace,
  type Fold,
  type FoldInput,
  list,
  need,
  rowMajorStrides,
  Unfolded,
} from "./numbers.ts";

/** For each cell of the input the cell of the output that it goes to. */
function targets(node: FoldInput, visit: (to: number, from: number) => void, axes: readonly number[]): void {
  const x = need(node, 0);
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const strides = rowMajorStrides(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  eachPlace(x.shape, strides, 0, visit);
}

const reduce = (first: number, act: (so: number, value: number) => number, mean = false): Fold => (node) => {
  const x = need(node, 0);
  const { type, shape } = node.outputs[0]!;
  const inputs = node.inputs.map((
    input,
    i,
  ) => (input === undefined ? undefined : { name: `${i}`, ...input }));
  const axes = reducedAxes({ ...node, inputs, constant: (index) => list(node, index) });
  const data = node.room.take(shape).fill(first);
  targets(node, (to, from) => data[to] = act(data[to]!, x.data[from]!), axes);
  const count = data.length === 0 ? 1 : x.data.length / data.length;
  const round = createRounder(type);
  return [{ type, shape, data: data.map((value) => round(mean ? value / count : value)) }];
};

const argExtreme = (better: (a: number, b: number) => boolean): Fold => (node) => {
  const x = need(node, 0);
  const { type, shape } = node.outputs[0]!;
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), x.shape.length);
  const last = intAttribute(node.attributes, "select_last_index", 0) === 1;
  const data = node.room.take(shape).fill(-1);
  const best = new Float64Array(data.length);
  const along = rowMajorStrides(x.shape)[axis]!;
  targets(node, (to, from) => {
    const value = x.data[from]!;
    if (data[to]! >= 0 && !better(value, best[to]!) && !(last && value === best[to])) return;
    best[to] = value;
    data[to] = Math.floor(from / along) % x.shape[axis]!;
  }, [axis]);
  return [{ type, shape, data }];
};

/** Sums along an axis up to each cell. */
const cumulativeSum: Fold = (node) => {
  const x = need(node, 0);
  const axis = normalisedAxis(need(node, 1).data[0]!, x.shape.length);
  if (
    intAttribute(node.attributes, "exclusive", 0) === 1 || intAttribute(node.attributes, "reverse", 0) === 1
  ) {
    throw new Unfolded("its exclusive and reverse forms are not folded");
  }
  const data = node.room.take(x.shape);
  const along = rowMajorStrides(x.shape)[axis]!;
  const round = createRounder(x.type);
  x.data.forEach((value, i) => {
    const first = Math.floor(i / along) % x.shape[axis]! === 0;
    data[i] = first ? value : round(data[i - along]! + value);
  });
  return [{ type: x.type, shape: x.shape, data }];
};

/** Folding by operator. */
export const REDUCTION: Readonly<Record<string, Fold>> = {
  ReduceSum: reduce(0, (so, value) => so + value),
  ReduceMean: reduce(0, (so, value) => so + value, true),
  ReduceProd: reduce(1, (so, value) => so * value),
  ReduceMax: reduce(-Infinity, Math.max),
  ReduceMin: reduce(Infinity, Math.min),
  ReduceL1: reduce(0, (so, value) => so + Math.abs(value)),
  ReduceSumSquare: reduce(0, (so, value) => so + value * value),
  ArgMax: argExtreme((a, b) => a > b),
  ArgMin: argExtreme((a, b) => a < b),
  CumSum: cumulativeSum,
};
