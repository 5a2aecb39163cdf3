/**
 * Upgrades of reductions: in the builder's version ReduceSum's axes are an input, all others' an attribute.
 *
 * @module
 */
import { int, intAttribute, ints, intsAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, knownAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import { withoutUndefined } from "../../../text/without_undefined.ts";

/** Axes, wherever this version has them; `undefined` for all. */
function reducedAxes(node: RewriteInput): readonly number[] | undefined {
  const given = knownAt(node, 1) ?? intsAttribute(node.attributes, "axes");
  return given === undefined || given.length === 0 ? undefined : given;
}

/** Whether nothing is reduced: no axes, and the attribute that says so. */
function keeps(node: RewriteInput): boolean {
  return reducedAxes(node) === undefined && intAttribute(node.attributes, "noop_with_empty_axes", 0) === 1;
}

const OWN = ["axes", "noop_with_empty_axes"];

const reduceSum: Rewrite = (node) => {
  const x = inputAt(node, 0);
  if (keeps(node)) return [x];
  const axes = reducedAxes(node);
  return {
    attributes: attributesWith(node.attributes, OWN),
    inputs: axes === undefined ? [x] : [x, node.w.int64s(axes)],
  };
};

const reduce: Rewrite = (node) => {
  const x = inputAt(node, 0);
  if (keeps(node)) return [x];
  const axes = reducedAxes(node);
  const added = withoutUndefined({ axes: axes && ints(axes) });
  return { attributes: attributesWith(node.attributes, OWN, added), inputs: [x] };
};

/** log Σ x, and log Σ eˣ around its largest. */
const reduceLog = (ofExponentials: boolean): Rewrite => (node) => {
  const { w } = node;
  const x = inputAt(node, 0);
  if (keeps(node)) return [ofExponentials ? x : w.log(x)];
  const axes = reducedAxes(node) ?? x.shape.map((_, i) => i);
  let result: Value;
  if (ofExponentials) {
    const largest = w.reduceMax(x, axes);
    result = w.add(w.log(w.reduceSum(w.exp(w.sub(x, largest)), axes)), largest);
  } else result = w.log(w.reduceSum(x, axes));
  return [intAttribute(node.attributes, "keepdims", 1) === 1 ? result : w.squeeze(result, axes)];
};

/** Rules by operator. */
export const REDUCTION: Readonly<Record<string, Rewrite>> = {
  ReduceSum: reduceSum,
  ...Object.fromEntries(
    ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"].map(
      (op) => [op, reduce],
    ),
  ),
  ReduceLogSum: reduceLog(false),
  ReduceLogSumExp: reduceLog(true),
  // A mean over the spatial axes by another name, where they are all: [N, C, H, W] to [N, C, 1, 1].
  GlobalLpPool: (node) => {
    const x = inputAt(node, 0);
    const p = intAttribute(node.attributes, "p", 2);
    if (p !== 1 && p !== 2) throw new TypeError(`its p is ${p}, not 1 or 2`);
    const axes = ints(x.shape.flatMap((_, i) => (i >= 2 ? [i] : [])));
    return { op: p === 1 ? "ReduceL1" : "ReduceL2", attributes: { axes, keepdims: int(1) } };
  },
};
