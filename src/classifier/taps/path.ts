/**
 * The path from an image to the scores: which values lie on it, which of them no other path passes by, and how far the
 * image's positions carry.
 *
 * @module
 */
import { normalisedAxis } from "../../graph/shapes/rule.ts";
import { type Graph, intAttribute, intsAttribute } from "../../graph/types.ts";
import { type Axes, isOfGrid } from "./axes.ts";
import { type AxisContext, axisContext, picksBesideGrid } from "./axis_rules.ts";

/** The path from the image to the scores. */
export interface ForwardPath {
  readonly graph: Graph;
  /** Name of the image. */
  readonly image: string;
  /** Name of the scores. */
  readonly logits: string;
  /** Prefix of the network's own names, omitted in given and shown names; "" by default. */
  readonly prefix?: string;
}

/** Floating-point values between image and scores with their number in execution order; the image is 0. */
export function valuesOnPath({ graph, image, logits }: ForwardPath): Map<string, number> {
  const dependent = new Set([image]);
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    for (const name of node.outputs) {
      if (name !== "" && graph.values.get(name)?.type.startsWith("float")) dependent.add(name);
    }
  }
  const leading = new Set([logits]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((name) => leading.has(name))) node.inputs.forEach((name) => leading.add(name));
  }
  const order = new Map([[image, 0]]);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (dependent.has(name) && leading.has(name)) order.set(name, order.size);
    }
  }
  return order;
}

/** The values that no path bypasses, with their numbers. */
export function bottlenecks(
  { graph }: ForwardPath,
  order: ReadonlyMap<string, number>,
): [name: string, at: number][] {
  const reach = new Array<number>(order.size).fill(0);
  for (const node of graph.nodes) {
    const ends = node.outputs.map((name) => order.get(name) ?? 0);
    for (const name of node.inputs) {
      const start = order.get(name);
      if (start !== undefined) reach[start] = Math.max(reach[start]!, ...ends);
    }
  }
  const cuts: [string, number][] = [];
  let farthest = 0;
  for (const [name, at] of order) {
    if (farthest <= at) cuts.push([name, at]);
    farthest = Math.max(farthest, reach[at]!);
  }
  return cuts;
}

/** Operators with weights, where an operand does not depend on the image. */
const LEARNED = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** The values on the path that an operator with weights made, or that come after one. */
export function learnedValues({ graph }: ForwardPath, order: ReadonlyMap<string, number>): Set<string> {
  const learned = new Set<string>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const weighs = LEARNED.has(op) && inputs.some((name) => order.has(name)) &&
      inputs.some((name) => name !== "" && !order.has(name));
    if (!weighs && !inputs.some((name) => learned.has(name))) continue;
    for (const name of outputs) if (order.has(name)) learned.add(name);
  }
  return learned;
}

/** How a value depends on the positions of another: not, each position on its own, or as a whole. */
type Dependence = "none" | "places" | "whole";

/**
 * Whether the scores depend on the positions of a value. They do not where only a class token is read after it, and no
 * operator mixes tokens before.
 */
export function positionsLead(
  { graph, logits }: ForwardPath,
  axes: ReadonlyMap<string, Axes>,
  name: string,
): boolean {
  const states = new Map<string, Dependence>([[name, "places"]]);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => states.get(input) ?? "none");
    if (inputs.every((state) => state === "none")) continue;
    const context = axisContext(graph, node, axes);
    const mixes = inputs.includes("whole") || mixesPlaces(context, inputs);
    node.outputs.forEach((output, i) => {
      if (output === "" || output === name) return;
      states.set(output, mixes ? "whole" : dependenceOf(context, axes.get(output) ?? [], i));
    });
  }
  return states.get(logits) === "whole";
}

/** The dependence of an output of a node that keeps places apart. */
function dependenceOf(context: AxisContext, made: Axes, output: number): Dependence {
  if (made.some(isOfGrid)) return "places";
  return picksBesideGrid(context, output) ? "none" : "whole";
}

/** Whether a node makes values at one place of the grid from others. */
function mixesPlaces({ node, axes }: AxisContext, states: readonly Dependence[]): boolean {
  const [x, second] = axes as [Axes, Axes | undefined];
  const along = (axis: number) => isOfGrid(x[normalisedAxis(axis, x.length)]!);
  switch (node.op) {
    case "Conv":
    case "ConvTranspose":
      return intsAttribute(node.attributes, "kernel_shape")?.some((size) => size !== 1) ?? true;
    case "Softmax":
    case "LogSoftmax":
      return along(intAttribute(node.attributes, "axis", -1));
    case "LayerNormalization":
      return x.slice(normalisedAxis(intAttribute(node.attributes, "axis", -1), x.length)).some(isOfGrid);
    case "MatMul":
      return (states[0] !== "none" && isOfGrid(x.at(-1)!)) ||
        (states[1] !== "none" && isOfGrid(second!.at(-2) ?? second!.at(-1)!));
    case "Gemm": {
      const [a, b] = ["transA", "transB"].map((name) => intAttribute(node.attributes, name, 0) !== 0);
      return (states[0] !== "none" && isOfGrid(x[a ? 0 : 1]!)) ||
        (states[1] !== "none" && isOfGrid(second![b ? 1 : 0]!));
    }
    case "InstanceNormalization":
    case "MaxPool":
    case "AveragePool":
    case "LpPool":
      return true;
    default:
      return false;
  }
}
