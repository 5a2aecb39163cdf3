/**
 * Checks which operators keep the images of a batch separate, and on which axis the batch must be. A graph can be
 * rebuilt for another batch size only if no operator mixes images.
 *
 * @module
 */
import { ELEMENTWISE } from "../../shapes/elementwise.ts";
import { reducedAxes } from "../../shapes/movement.ts";
import { normalisedAxis } from "../../shapes/rule.ts";
import { intAttribute, type Node, type Value } from "../../types.ts";

/** A node, and on which axis of each input the batch lies; `undefined` where an input is the same for all images. */
export interface BatchedNode {
  readonly node: Node;
  readonly inputs: readonly (Value | undefined)[];
  readonly axes: readonly (number | undefined)[];
  /** Numbers of the input at `index` where they are known. */
  constant(index: number): readonly number[] | undefined;
}

/** Throws TypeError where the operator would mix images. */
type Check = (batched: BatchedNode) => void;

const mixes = (): never => {
  throw new TypeError("it works across the images of a batch");
};

/** All inputs but these are the same for all images. */
function only({ axes }: BatchedNode, ...allowed: readonly number[]): void {
  if (axes.some((axis, i) => axis !== undefined && !allowed.includes(i))) mixes();
}

const first: Check = (batched) => only(batched, 0);

/** Channels come second, and the batch before them. */
const leading: Check = (batched) => {
  only(batched, 0);
  if (batched.axes[0] !== 0) mixes();
};

/** Works along one axis, which is not the batch. */
const along = (fallback: number): Check => (batched) => {
  only(batched, 0);
  const axis = normalisedAxis(
    intAttribute(batched.node.attributes, "axis", fallback),
    batched.inputs[0]!.shape.length,
  );
  if (axis === batched.axes[0]) mixes();
};

const elementwise: Check = ({ inputs, axes }) => {
  const fromEnd = axes.flatMap((axis, i) => (axis === undefined ? [] : [axis - inputs[i]!.shape.length]));
  if (fromEnd.some((axis) => axis !== fromEnd[0])) mixes();
};

const gemm: Check = (batched) => {
  only(batched, 0);
  if (batched.axes[0] !== intAttribute(batched.node.attributes, "transA", 0)) mixes();
};

const matmul: Check = ({ inputs, axes }) => {
  const place = (i: number) => (axes[i] === undefined ? undefined : axes[i]! - inputs[i]!.shape.length);
  const [left, right] = [place(0), place(1)];
  if (left !== undefined && right !== undefined) {
    // A product per entry of the batch.
    if (left !== right || left >= -2) mixes();
  } else if (left === -1 || (right === -2 || (right === -1 && inputs[1]!.shape.length === 1))) mixes();
};

const concat: Check = ({ node, inputs, axes }) => {
  const rank = inputs[0]!.shape.length;
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), rank);
  const present = axes.filter((each) => each !== undefined);
  if (present.includes(axis) || present.some((each) => each !== present[0])) mixes();
};

const reduce: Check = (batched) => {
  const { node, inputs, axes } = batched;
  only(batched, 0);
  const reduced = reducedAxes({ ...node, inputs, outputCount: 1, constant: (i) => batched.constant(i) });
  if (reduced.includes(axes[0]!)) mixes();
};

const slice: Check = (batched) => {
  only(batched, 0);
  const rank = batched.inputs[0]!.shape.length;
  const axes = batched.constant(3) ?? batched.constant(1)!.map((_, i) => i);
  if (axes.some((axis) => normalisedAxis(axis, rank) === batched.axes[0])) mixes();
};

const pad: Check = (batched) => {
  only(batched, 0);
  const [rank, axis] = [batched.inputs[0]!.shape.length, batched.axes[0]!];
  const pads = batched.constant(1)!;
  if (pads[axis] !== 0 || pads[axis + rank] !== 0) mixes();
};

const layerNormalization: Check = (batched) => {
  only(batched, 0);
  const axis = normalisedAxis(
    intAttribute(batched.node.attributes, "axis", -1),
    batched.inputs[0]!.shape.length,
  );
  if (batched.axes[0]! >= axis) mixes();
};

const each = (check: Check, ...ops: readonly string[]): [string, Check][] => ops.map((op) => [op, check]);

const CHECKS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(each(elementwise, ...Object.keys(ELEMENTWISE))),
  ...Object.fromEntries([
    ...each(
      leading,
      "Conv",
      "ConvTranspose",
      "MaxPool",
      "AveragePool",
      "LpPool",
      "GlobalAveragePool",
      "GlobalMaxPool",
    ),
    ...each(leading, "BatchNormalization", "InstanceNormalization", "LRN", "Resize"),
    ...each(along(-1), "Softmax", "LogSoftmax", "TopK"),
    ...each(along(0), "Split", "Gather", "GatherElements", "ArgMax", "ArgMin"),
    ...each(first, "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Identity"),
    ...each(
      reduce,
      "ReduceMean",
      "ReduceSum",
      "ReduceMax",
      "ReduceMin",
      "ReduceProd",
      "ReduceL1",
      "ReduceL2",
    ),
    ...each(reduce, "ReduceSumSquare"),
  ]),
  CumSum: (batched) => {
    only(batched, 0);
    if (normalisedAxis(batched.constant(1)![0]!, batched.inputs[0]!.shape.length) === batched.axes[0]) {
      mixes();
    }
  },
  Gemm: gemm,
  MatMul: matmul,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  LayerNormalization: layerNormalization,
  Shape: () => {},
  Size: () => {},
};

/** Operators that have a batch rule. */
export const BATCHED_OPERATORS: readonly string[] = Object.keys(CHECKS);

/**
 * Refuses a node that would mix the images of a batch, or that is not known to keep them apart.
 *
 * @throws {TypeError} When it does.
 */
export function keepsApart(batched: BatchedNode): void {
  if (batched.axes.every((axis) => axis === undefined)) return;
  const { op } = batched.node;
  if (!Object.hasOwn(CHECKS, op)) {
    throw new TypeError("it is not known to keep the images of a batch apart");
  }
  CHECKS[op]!(batched);
}
