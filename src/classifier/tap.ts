/**
 * Finds the tap of a classifier for its activations, in any graph, without a layer name.
 *
 * A good tap is the deepest value that still has spatial positions and through which every path from the image to the
 * scores passes. The test is exact: values are numbered in execution order, and a value is a candidate if no operation
 * reads a value before it and writes a value after it. So the inside of a residual block, a gate or an attention is not
 * a candidate, but the output of a block is: [N, C, H, W] in convolutional networks (the last stage's output), [N, H,
 * W, C] in networks like Swin, and token sequences in transformers.
 *
 * If only a class token is read at the end, other tokens are candidates only if an attention follows. So ViT is tapped
 * at the input of its last block; other programs tap that block's first normalisation.
 *
 * @module
 */
import type { Graph, Node, Value } from "../graph/types.ts";
import { elementCount } from "../graph/types.ts";
import { suggestion } from "../text/nearest.ts";

/** A value of a graph over one image, and its layout as channels of positions. */
export interface Tap {
  /** Its name: the requested name, else that of its module, else that of its value. */
  readonly name: string;
  /** The value. */
  readonly value: Value;
  /** Number of channels. */
  readonly channels: number;
  /** Number of positions horizontally. */
  readonly width: number;
  /** Number of positions vertically. */
  readonly height: number;
  /** Stride between channels, in elements. */
  readonly channelStride: number;
  /** Stride between positions, row by row, in elements. */
  readonly positionStride: number;
  /** Number of elements before the first position: tokens that do not belong to the image. */
  readonly offset: number;
}

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

/** Additional names of values: module names of the networks of models/. */
export type TapNames = ReadonlyMap<string, string>;

/** Numbers of tokens that may precede those of the image: class, distillation, registers. */
const EXTRA_TOKENS = [0, 1, 2, 5];
const MOST_EXTRA_TOKENS = 16;

/** All taps that `findTap` finds without a name, shallow to deep. */
export function findTaps(path: ForwardPath): Tap[] {
  const order = valuesOnPath(path);
  const attention = lastAttention(path, order);
  const picks = picksToken(path, order);
  const taps: Tap[] = [];
  let grid: readonly [number, number] | undefined;
  for (const [name, at] of bottlenecks(path, order)) {
    const value = path.graph.values.get(name)!;
    const tap = findLayout(value, grid);
    if (tap === undefined) continue;
    if (value.shape.length === 4) grid = [tap.height, tap.width];
    // If one token is picked, the image's tokens have no effect after the last attention.
    else if (picks && at >= attention) continue;
    taps.push({ ...tap, name: shownName(path, name) });
  }
  return taps;
}

/**
 * The tap with a name (a module of a network of models/, a value or a node); without a name, the deepest tap.
 *
 * @throws {RangeError} When the name is unknown; the nearest name is suggested.
 * @throws {TypeError} When the value has no spatial positions, or the scores do not depend on it.
 */
export function findTap(path: ForwardPath, asked?: string, names: TapNames = new Map()): Tap {
  const taps = findTaps(path);
  if (asked === undefined) {
    const deepest = taps.at(-1);
    const module = [...names].find(([, value]) => value === deepest?.value.name);
    if (deepest !== undefined) return module === undefined ? deepest : { ...deepest, name: module[0] };
    throw new TypeError(
      `Cannot find a layer in ${path.graph.name}: no value with positions carries the whole path to the scores; name one`,
    );
  }
  const order = valuesOnPath(path);
  const name = nameOnPath(path, order, namedValue(path, order, asked, names, taps));
  if (name === undefined) {
    throw new TypeError(`Cannot use layer ${asked}: the scores do not depend on it (${usable(taps, names)})`);
  }
  const value = path.graph.values.get(name)!;
  const before = taps.filter((tap) =>
    tap.value.shape.length === 4 && order.get(tap.value.name)! <= order.get(name)!
  );
  const grid = before.at(-1);
  const tap = findLayout(value, grid && [grid.height, grid.width]);
  if (tap === undefined) {
    throw new TypeError(
      `Cannot use layer ${asked}: [${value.shape.join(", ")}] has no positions (${usable(taps, names)})`,
    );
  }
  if (value.shape.length !== 4 && picksToken(path, order) && order.get(name)! >= lastAttention(path, order)) {
    throw new TypeError(
      `Cannot use layer ${asked}: only one of its tokens leads to the scores; name a value before the last attention ` +
        `(${usable(taps, names)})`,
    );
  }
  return { ...tap, name: asked };
}

/** Channels of positions, [channels, height · width] in C order, of a tapped value's elements. */
export function channelPlanes(data: Float32Array, tap: Tap): Float32Array {
  const { channels, channelStride, positionStride, offset } = tap;
  const area = tap.width * tap.height;
  if (offset === 0 && positionStride === 1 && channelStride === area && data.length === channels * area) {
    return data;
  }
  const planes = new Float32Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) {
      planes[channel * area + i] = data[offset + channel * channelStride + i * positionStride]!;
    }
  }
  return planes;
}

/** Floating-point values between image and scores with their number in execution order; the image is 0. */
function valuesOnPath({ graph, image, logits }: ForwardPath): Map<string, number> {
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
function bottlenecks(
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

/** Number of the last product of two values on the path, which mixes tokens; -1 if there is none. */
function lastAttention({ graph }: ForwardPath, order: ReadonlyMap<string, number>): number {
  const products = graph.nodes.filter(({ op, inputs, outputs }) =>
    op === "MatMul" && inputs.every((name) => order.has(name)) && order.has(outputs[0]!)
  );
  const last = products.at(-1);
  return last === undefined ? -1 : order.get(last.outputs[0]!)!;
}

/** Whether a few elements, such as a class token, are picked from many. */
function picksToken({ graph }: ForwardPath, order: ReadonlyMap<string, number>): boolean {
  const picks = (node: Node) => {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    if (!["Slice", "Gather", "Split"].includes(node.op) || !order.has(input) || !order.has(output)) {
      return false;
    }
    return 4 * elementCount(graph.values.get(output)!.shape) <= elementCount(graph.values.get(input)!.shape);
  };
  return graph.nodes.some(picks);
}

/** The layout of a value's positions, if it has any; `grid` is the last map before it. */
function findLayout(
  value: Value,
  grid: readonly [number, number] | undefined,
): Omit<Tap, "name"> | undefined {
  const { shape } = value;
  if (shape.length === 4 && shape[0] === 1) {
    const [, a, b, c] = shape as [number, number, number, number];
    if (a === b && a > 1 && b !== c) {
      return { value, channels: c, height: a, width: b, channelStride: 1, positionStride: c, offset: 0 };
    }
    if (b < 2 || c < 2) return undefined;
    return { value, channels: a, height: b, width: c, channelStride: b * c, positionStride: 1, offset: 0 };
  }
  const sizes = shape.filter((size) => size !== 1);
  if (sizes.length !== 2) return undefined;
  const [rows, columns] = sizes as [number, number];
  const down = tokenGrid(rows, grid);
  if (down !== undefined) {
    const { height, width, extra } = down;
    const offset = extra * columns;
    return { value, channels: columns, height, width, channelStride: 1, positionStride: columns, offset };
  }
  const across = tokenGrid(columns, grid);
  if (across === undefined) return undefined;
  const { height, width, extra } = across;
  return { value, channels: rows, height, width, channelStride: columns, positionStride: 1, offset: extra };
}

/** How many of `count` tokens precede those of the image, and the grid of the rest. */
function tokenGrid(
  count: number,
  grid: readonly [number, number] | undefined,
): { readonly height: number; readonly width: number; readonly extra: number } | undefined {
  if (grid !== undefined) {
    const extra = count - grid[0] * grid[1];
    if (extra >= 0 && extra <= MOST_EXTRA_TOKENS) return { height: grid[0], width: grid[1], extra };
  }
  const side = Math.floor(Math.sqrt(count));
  const extra = count - side * side;
  return side >= 2 && EXTRA_TOKENS.includes(extra) ? { height: side, width: side, extra } : undefined;
}

/** The value with a name. */
function namedValue(
  path: ForwardPath,
  order: ReadonlyMap<string, number>,
  asked: string,
  names: TapNames,
  taps: readonly Tap[],
): string {
  const { graph, prefix = "" } = path;
  const module = names.get(asked);
  if (module !== undefined) return module;
  for (const full of [prefix + asked, asked]) {
    if (graph.values.has(full)) return full;
    const node = graph.nodes.find((each) => each.name === full);
    if (node !== undefined) return node.outputs[0]!;
  }
  const nodes = graph.nodes.filter((node) => order.has(node.outputs[0]!)).map((node) => node.name);
  const known = [...nodes, ...order.keys()].map((name) => shownName(path, name));
  const hint = suggestion(asked, [...names.keys(), ...known]);
  throw new RangeError(`Unknown layer ${JSON.stringify(asked)}${hint} (${usable(taps, names)})`);
}

/** The value itself, or the value on the path of which it is a view; taps of models/ may be views. */
function nameOnPath(
  { graph }: ForwardPath,
  order: ReadonlyMap<string, number>,
  name: string,
): string | undefined {
  let at = name;
  while (!order.has(at)) {
    const maker = graph.nodes.find((node) => node.outputs.includes(at));
    if (maker === undefined || !["Reshape", "Transpose", "Slice", "Identity"].includes(maker.op)) {
      return undefined;
    }
    at = maker.inputs[0]!;
  }
  return at;
}

/** Names for an error: those of modules if there are any, else the deepest taps. */
function usable(taps: readonly Tap[], names: TapNames): string {
  if (names.size > 0) return `there are ${[...names.keys()].join(", ")}, and values of the graph`;
  const deepest = taps.slice(-6).map((tap) => tap.name);
  return deepest.length === 0 ? "no layer is found" : `the deepest are ${deepest.join(", ")}`;
}

/** A name without the graph's prefix. */
function shownName({ prefix = "" }: ForwardPath, name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
