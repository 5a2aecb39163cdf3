/**
 * Follows rows and columns of the image through a graph: one rule per kind of operator, from the axes of its inputs to
 * those of its outputs. What no rule knows has axes of which nothing is known.
 *
 * @module
 */
import { decodeNumbers } from "../../graph/constants.ts";
import { reducedAxes } from "../../graph/shapes/movement.ts";
import { normalisedAxis } from "../../graph/shapes/rule.ts";
import {
  elementCount,
  type Graph,
  intAttribute,
  intsAttribute,
  type Node,
  type Value,
} from "../../graph/types.ts";
import {
  type Axes,
  type Axis,
  axisSize,
  cutAxis,
  gridAxis,
  imagesAxis,
  isOfGrid,
  joinedAxis,
  mergedAxes,
  onlyOf,
  plainAxes,
  plainAxis,
  reshapedAxes,
} from "./axes.ts";

/** A node, and the axes of its inputs. */
export interface AxisContext {
  readonly node: Node;
  /** Inputs in order; `undefined` for an omitted optional input. */
  readonly inputs: readonly (Value | undefined)[];
  /** Axes of each input. */
  readonly axes: readonly Axes[];
  /** Outputs in order. */
  readonly outputs: readonly (Value | undefined)[];
  /** Numbers of the input at `index` where they are known. */
  numbers(index: number): readonly number[] | undefined;
}

/** From the axes of the inputs to those of the first outputs. */
type AxisRule = (context: AxisContext) => readonly Axes[];

/** Axes of every value that depends on an image [1, 3, H, W]. */
export function followAxes(graph: Graph, image: string): ReadonlyMap<string, Axes> {
  const [count, channels, height, width] = graph.values.get(image)!.shape as [number, number, number, number];
  const found = new Map<string, Axes>([[
    image,
    [imagesAxis(count), plainAxis(channels), gridAxis("rows", height), gridAxis("columns", width)],
  ]]);
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => found.has(name))) continue;
    const context = axisContext(graph, node, found);
    const made = knownAxes(context);
    context.outputs.forEach((output, i) => {
      if (output === undefined) return;
      const axes = made[i];
      const fits = axes?.length === output.shape.length &&
        axes.every((axis, at) => axisSize(axis) === output.shape[at]);
      found.set(output.name, fits ? axes : plainAxes(output.shape));
    });
  }
  return found;
}

/** A node of a graph and the axes of its inputs. */
export function axisContext(graph: Graph, node: Node, known: ReadonlyMap<string, Axes>): AxisContext {
  const inputs = node.inputs.map((name) => graph.values.get(name));
  return {
    node,
    inputs,
    axes: inputs.map((value) => value === undefined ? [] : known.get(value.name) ?? plainAxes(value.shape)),
    outputs: node.outputs.map((name) => graph.values.get(name)),
    numbers: (index) => {
      const constant = graph.initializers.get(inputs[index]?.name ?? "");
      return constant?.data.kind === "inline" && constant.type !== "string"
        ? decodeNumbers(constant.type, constant.data.bytes)
        : undefined;
    },
  };
}

/**
 * Whether output `index` of a Slice, Gather or Split holds nothing of the grid but at most one place of it: a class
 * token, registers.
 */
export function picksBesideGrid(
  { node, axes, inputs, outputs, numbers }: AxisContext,
  index: number,
): boolean {
  if (!["Slice", "Gather", "Split"].includes(node.op)) return false;
  const cut = axes[0]!.findIndex(isOfGrid);
  if (cut < 0) return false;
  const { before, after } = axes[0]![cut]!;
  const size = axisSize(axes[0]![cut]!);
  const picked = node.op === "Gather"
    ? elementCount(inputs[1]!.shape)
    : outputs[index]!.shape.length === axes[0]!.length
    ? outputs[index]!.shape[cut]!
    : 1;
  if (picked <= 1) return true;
  const places = numbers(1);
  const first = node.op === "Split"
    ? outputs.slice(0, index).reduce((sum, output) => sum + (output?.shape[cut] ?? 0), 0)
    : places === undefined
    ? undefined
    : Math.min(...places.map((place) => place < 0 ? place + size : place));
  return first !== undefined && (first + picked <= before || first >= size - after);
}

function knownAxes(context: AxisContext): readonly Axes[] {
  const { node, axes, inputs, outputs } = context;
  const rule = Object.hasOwn(RULES, node.op) ? RULES[node.op] : undefined;
  if (rule !== undefined) return rule(context);
  const [x, y] = [inputs[0], outputs[0]];
  // Operators that work element by element, or along an axis that they keep.
  if (y === undefined) return [];
  const broadcast = inputs.every((value) => value === undefined || value.shape.length <= y.shape.length);
  if (ELEMENTWISE.has(node.op) && broadcast) return [mergedAxes(axes, y.shape)];
  return x !== undefined && x.shape.join() === y.shape.join() ? [axes[0]!] : [];
}

const ELEMENTWISE = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Pow",
  "PRelu",
  "Max",
  "Min",
  "Sum",
  "Mean",
  "Where",
]);

const reshape: AxisRule = ({ axes, outputs }) => [reshapedAxes(axes[0]!, outputs[0]!.shape)];

const transpose: AxisRule = ({ node, axes }) => {
  const perm = intsAttribute(node.attributes, "perm") ?? axes[0]!.map((_, i) => i).reverse();
  return [perm.map((from) => axes[0]![from]!)];
};

const concat: AxisRule = ({ node, axes, outputs }) => {
  const { shape } = outputs[0]!;
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), shape.length);
  // One image several times, to fill a batch.
  if (axis === 0 && node.inputs.every((name) => name === node.inputs[0])) {
    return [axes[0]!.with(0, imagesAxis(shape[0]!))];
  }
  return [
    shape.map((size, i) =>
      i === axis
        ? joinedAxis(axes.map((each) => each[i]!))
        : axes.map((each) => each[i]!).find(isOfGrid) ?? plainAxis(size)
    ),
  ];
};

const split: AxisRule = ({ node, axes, outputs }) => {
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), axes[0]!.length);
  let start = 0;
  return outputs.map((output) => {
    const end = start + (output?.shape[axis] ?? 0);
    const own = axes[0]!.with(axis, cutAxis(axes[0]![axis]!, start, end, 1));
    start = end;
    return own;
  });
};

const slice: AxisRule = ({ axes, numbers }) => {
  const [starts, ends, along, steps] = [1, 2, 3, 4].map(numbers);
  if (starts === undefined || ends === undefined) return [];
  const result = [...axes[0]!];
  starts.forEach((given, i) => {
    const axis = normalisedAxis(along?.[i] ?? i, result.length);
    const [size, step] = [axisSize(result[axis]!), steps?.[i] ?? 1];
    const inside = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, 0), size);
    result[axis] = step > 0
      ? cutAxis(result[axis]!, inside(given), Math.max(inside(given), inside(ends[i]!)), step)
      : isOfGrid(result[axis]!) && inside(given) + 1 < size
      ? plainAxis(Math.ceil((inside(given) - Math.max(ends[i]!, -1)) / -step))
      : result[axis]!;
  });
  return [result];
};

const gather: AxisRule = ({ node, axes, inputs, numbers }) => {
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 0), axes[0]!.length);
  const { shape } = inputs[1]!;
  const places = numbers(1);
  const run = places?.every((place, i) => place === places[0]! + i && place >= 0) ?? false;
  const picked = shape.length === 1 && run
    ? [cutAxis(axes[0]![axis]!, places![0]!, places![0]! + places!.length, 1)]
    : plainAxes(shape);
  return [axes[0]!.toSpliced(axis, 1, ...picked)];
};

/** Axes that change their size, but not what they count: padding, repetition. */
const resized: AxisRule = ({ axes, outputs }) => [
  axes[0]!.map((axis, i) => withSize(axis, outputs[0]!.shape[i]!)),
];

/** A new number of rows or columns, evenly spread. */
function withSize(axis: Axis, size: number): Axis {
  if (axisSize(axis) === size) return axis;
  const only = onlyOf(axis);
  return only === undefined ? plainAxis(size) : gridAxis(only.of, size, only.step);
}

/** A window slides over the axes from 2 on; new channels. */
const spatial: AxisRule = (context) => {
  const { axes, outputs } = context;
  const { shape } = outputs[0]!;
  return [
    resized(context)[0]!.map((axis, i) => i === 1 ? plainAxis(shape[1]!) : i === 0 ? axes[0]![0]! : axis),
  ];
};

/** The same with each channel for itself. */
const pooled: AxisRule = (context) => [resized(context)[0]!.with(1, context.axes[0]![1]!)];

const reduce: AxisRule = (context) => {
  const { node, axes, inputs, outputs, numbers } = context;
  const reduced = new Set(reducedAxes({
    op: node.op,
    attributes: node.attributes,
    inputs,
    outputCount: 1,
    constant: numbers,
  }));
  const kept = axes[0]!.length === outputs[0]!.shape.length;
  return [axes[0]!.flatMap((axis, i) => !reduced.has(i) ? [axis] : kept ? [plainAxis(1)] : [])];
};

const matmul: AxisRule = ({ axes, outputs }) => {
  const [a, b] = axes as [Axes, Axes];
  const { shape } = outputs[0]!;
  if (a.length < 2 || b.length < 2) return a.length > b.length ? [a.slice(0, -1)] : [];
  const leading = mergedAxes([a.slice(0, -2), b.slice(0, -2)], shape.slice(0, -2));
  return [[...leading, a.at(-2)!, b.at(-1)!]];
};

const gemm: AxisRule = ({ node, axes }) => {
  const [a, b] = axes as [Axes, Axes];
  const turned = (flag: string) => intAttribute(node.attributes, flag, 0) === 1;
  return [[a[turned("transA") ? 1 : 0]!, b[turned("transB") ? 0 : 1]!]];
};

const RULES: Readonly<Record<string, AxisRule>> = {
  ...Object.fromEntries(
    ["Reshape", "Flatten", "Squeeze", "Unsqueeze"].map((op) => [op, reshape]),
  ),
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Pad: resized,
  Tile: resized,
  Expand: ({ axes, outputs }) => [mergedAxes([axes[0]!], outputs[0]!.shape)],
  Resize: resized,
  ...Object.fromEntries(["Conv", "ConvTranspose", "GridSample"].map((op) => [op, spatial])),
  ...Object.fromEntries(
    ["MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool"].map((op) => [op, pooled]),
  ),
  ...Object.fromEntries(
    ["Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare"].map((kind) => [`Reduce${kind}`, reduce]),
  ),
  MatMul: matmul,
  Gemm: gemm,
};
