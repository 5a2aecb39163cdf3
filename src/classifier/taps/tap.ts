/**
 * Finds the layer of a classifier for class activations, in any graph, without a layer name.
 *
 * A good layer is the deepest value that still has spatial positions and through which every path from the image to the
 * scores passes. The test is exact: values are numbered in execution order, and a value is a candidate if no operation
 * reads a value before it and writes a value after it. So the inside of a residual block, a gate or an attention is not
 * a candidate, but the output of a block is: [N, C, H, W] in convolutional networks (the last stage's output), [N, H,
 * W, C] in networks like Swin, token sequences in transformers, windows of tokens in nested ones. Rows and columns are
 * followed from the image (axis_rules.ts), so channels are never taken for a grid. An operator with weights must have
 * come before: the image itself is not a layer.
 *
 * If only a class token is read at the end, other tokens are candidates only if an attention follows. So ViT is tapped
 * at the input of its last block; other programs tap that block's first normalisation.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { elementCount, type Value } from "../../graph/types.ts";
import { suggestion } from "../../text/nearest.ts";
import { type Axes, type GridPlaces, gridPlacesOf } from "./axes.ts";
import { followAxes } from "./axis_rules.ts";
import { bottlenecks, type ForwardPath, learnedValues, positionsLead, valuesOnPath } from "./path.ts";

export type { ForwardPath } from "./path.ts";

/** A value of a graph over one image, and its layout as channels of positions. */
export interface Tap extends GridPlaces {
  /** Its name: the requested name, else that of its module, else that of its value. */
  readonly name: string;
  /** The value. */
  readonly value: Value;
}

/** Additional names of values: module names of the networks of models/. */
export type TapNames = ReadonlyMap<string, string>;

/** All layers that `findTap` finds without a name, shallow to deep. */
export function findTaps(path: ForwardPath): Tap[] {
  return layersOf(path, followAxes(path.graph, path.image));
}

function layersOf(path: ForwardPath, axes: ReadonlyMap<string, Axes>): Tap[] {
  const order = valuesOnPath(path);
  const learned = learnedValues(path, order);
  const taps = bottlenecks(path, order).flatMap(([name]) => {
    const tap = learned.has(name) ? tapAt(path, axes, name) : undefined;
    return tap === undefined ? [] : [tap];
  });
  // What leads to a layer whose positions count, counts as well.
  const last = taps.findLastIndex(({ value }) => positionsLead(path, axes, value.name));
  return taps.slice(0, last + 1);
}

/**
 * The layer with a name (a module of a network of models/, a value or a node); without a name, the deepest layer.
 *
 * @throws {RangeError} When the name is unknown; the nearest name is suggested.
 * @throws {TypeError} When the value has no spatial positions, or the scores do not depend on it.
 */
export function findTap(path: ForwardPath, asked?: string, names: TapNames = new Map()): Tap {
  const axes = followAxes(path.graph, path.image);
  const taps = layersOf(path, axes);
  if (asked === undefined) {
    const deepest = taps.at(-1);
    const module = [...names].find(([, value]) => value === deepest?.value.name);
    if (deepest !== undefined) return module === undefined ? deepest : { ...deepest, name: module[0] };
    throw new TypeError(noLayer(path, axes));
  }
  const order = valuesOnPath(path);
  const name = nameOnPath(path, order, namedValue(path, order, asked, names, taps));
  if (name === undefined) {
    throw new TypeError(`Cannot use layer ${asked}: the scores do not depend on it (${usable(taps, names)})`);
  }
  if (!learnedValues(path, order).has(name)) {
    throw new TypeError(
      `Cannot use layer ${asked}: it comes before the first operator with weights, so it is the image (${
        usable(taps, names)
      })`,
    );
  }
  const tap = tapAt(path, axes, name);
  if (tap === undefined) {
    const { shape } = path.graph.values.get(name)!;
    throw new TypeError(
      `Cannot use layer ${asked}: [${shape.join(", ")}] has no positions (${usable(taps, names)})`,
    );
  }
  if (!positionsLead(path, axes, name)) {
    throw new TypeError(
      `Cannot use layer ${asked}: only one of its tokens leads to the scores; name a value before the last attention ` +
        `(${usable(taps, names)})`,
    );
  }
  return { ...tap, name: asked };
}

/** A layer's name and size. */
export function layerFacts(
  { name, channels, height, width }: Tap,
): Pick<Tap, "name" | "channels" | "height" | "width"> {
  return { name, channels, height, width };
}

/** Channels of positions, [channels, height · width] in C order, of a tapped value's elements. */
export function channelPlanes(data: Float32Array, tap: Tap): Float32Array {
  const { channels, channelStride, places } = tap;
  const area = places.length;
  if (data.length === channels * area && channelStride === area && isInOrder(tap)) return data;
  const planes = new Float32Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) {
      planes[channel * area + i] = data[channel * channelStride + places[i]!]!;
    }
  }
  return planes;
}

/** The same as a part of a graph: [channels, height · width] of the tapped value, or of its gradient. */
export function tapPlanes(b: Builder, value: Value, tap: Tap): Value {
  const { channels, channelStride, places } = tap;
  const area = places.length;
  const elements = elementCount(value.shape);
  if (elements === channels * area && channelStride === area && isInOrder(tap)) {
    return b.reshape(value, [channels, area]);
  }
  const indices = new Float64Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) indices[channel * area + i] = channel * channelStride + places[i]!;
  }
  return b.gather(b.reshape(value, [elements]), b.constant("int64", [channels, area], indices));
}

/** Whether positions lie one after the other, row by row, with the same distance: not in windows. */
export function isInOrder({ places }: Pick<Tap, "places">): boolean {
  const step = places.length > 1 ? places[1]! - places[0]! : 1;
  return places.every((place, i) => place === places[0]! + i * step);
}

/** A value as a layer, if it has rows and columns. */
function tapAt(path: ForwardPath, axes: ReadonlyMap<string, Axes>, name: string): Tap | undefined {
  const grid = gridPlacesOf(axes.get(name) ?? []);
  if (grid === undefined) return undefined;
  return { name: shownName(path, name), value: path.graph.values.get(name)!, ...grid };
}

/** Operators that blocks end in, unlike the scores of an attention. */
const ENDS = new Set(["Add", "Concat", "Relu", "LayerNormalization", "BatchNormalization", "Conv"]);
/** How many layers beside the path an error names. */
const MOST_NAMED = 3;

/** Why there is no layer, and what can be done. */
function noLayer(path: ForwardPath, axes: ReadonlyMap<string, Axes>): string {
  const order = valuesOnPath(path);
  const learned = learnedValues(path, order);
  const beside: Tap[] = [];
  const ends = new Set(path.graph.nodes.flatMap(({ op, outputs }) => ENDS.has(op) ? outputs : []));
  // Branches of one network differ in their grids: the deepest of each is named.
  for (const name of [...order.keys()].reverse()) {
    if (beside.length === MOST_NAMED || !learned.has(name) || !ends.has(name)) continue;
    const tap = tapAt(path, axes, name);
    const known = tap === undefined ||
      beside.some(({ width, channels }) => width === tap.width || channels === tap.channels);
    if (!known && positionsLead(path, axes, name)) beside.push(tap);
  }
  const named = beside.map(({ name, height, width }) => `${name} (${height} x ${width})`).join(", ");
  return `Cannot find a layer in ${path.graph.name}: no value with positions carries the whole path to the scores; ` +
    (named === "" ? "" : `name one of a branch with --layer, such as ${named}, or `) +
    "use --method occlusion, which needs scores alone";
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
