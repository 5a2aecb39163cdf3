/**
 * Convolutions of 3×3 with stride 1 by Winograd's minimal filtering (see transforms.ts): the products over the channels
 * become one matrix product per element of a tile, (m+2)² multiplications instead of 9 m², 2.25 times fewer for m = 2
 * and 4 times fewer for m = 4. Transforming costs some of that again, so it pays where channels are many.
 *
 * Only the wasm build gains: its convolutions run as fast as 128-bit vectors without fused multiplication allow.
 *
 * @module
 */
import type { BoundGraph } from "../../bound_graph.ts";
import {
  elementCount,
  floatAttribute,
  type Graph,
  type Initializer,
  intAttribute,
  intsAttribute,
  type Node,
  textAttribute,
  type Value,
} from "../../types.ts";
import { asBytes } from "../../constants.ts";
import { createNames } from "../../names.ts";
import { constantNumbers, type Constants } from "../constant_numbers.ts";
import { createDerivedFile, type DerivedFile } from "../derived.ts";
import { prune } from "../prune.ts";
import { BIAS, cutTiles, FILTERS, winogradGraph, X } from "./convolution.ts";
import { F2, F4, transformedFilters, type Transforms } from "./transforms.ts";

/** Name of the file that transformed filters seem to lie in; no file of a model is called so. */
const FILE = "ptame:winograd";
/** With fewer channels, a convolution is left unchanged. */
const FEWEST_CHANNELS = 32;
/** With more channels tiles are 2×2: filters of 4×4 take 2.25 times as much memory. */
const MOST_CHANNELS_OF_F4 = 256;
/** With more channels than this tiles are 2×2 on small maps too, where 4×4 has no advantage. */
const MOST_CHANNELS_OF_SMALL_F4 = 128;
/** Number of pixels from which a map counts as large. */
const LARGE_MAP = 28 * 28;
/** Bytes that transformed images may take: the largest of VGG-16 have 29 MB each. */
const MOST_BYTES = 64 * 2 ** 20;

/** Chooses the tiles of a convolution by its channels and the pixels of its result; `undefined` leaves it unchanged. */
export type TilesFor = (inChannels: number, outChannels: number, pixels: number) => Transforms | undefined;

const tilesFor: TilesFor = (inChannels, outChannels, pixels) => {
  if (Math.min(inChannels, outChannels) < FEWEST_CHANNELS) return undefined;
  const most = pixels >= LARGE_MAP ? MOST_CHANNELS_OF_F4 : MOST_CHANNELS_OF_SMALL_F4;
  return Math.max(inChannels, outChannels) <= most ? F4 : F2;
};

/**
 * The graph with its 3×3 convolutions of constant weights in Winograd's form, and the batch normalisation and the ReLU
 * that follow with them. Filters are transformed when the runtime asks for them.
 *
 * Results differ by rounding, by up to about 1e-6 (m = 2) and 2e-5 (m = 4) of the largest in reach; a tile's pixels are
 * computed together, so that reach is the tile's, and what is not finite spreads over it.
 */
export function winograd(bound: BoundGraph, choose: TilesFor = tilesFor): BoundGraph {
  const { graph } = bound;
  const constants = constantNumbers(graph, bound.files);
  const derived = createDerivedFile(FILE);
  const readers = findReaders(graph);
  const initializers = new Map(graph.initializers);
  const values = new Map(graph.values);
  const instead = new Map<Node, readonly Node[]>();
  const taken = new Set([...graph.values.keys(), ...graph.nodes.map(({ name }) => name)]);
  const unique = createNames((name) => taken.has(name));
  for (const conv of graph.nodes) {
    if (!isEligible(conv, graph, constants)) continue;
    const [outChannels, inChannels] = graph.values.get(conv.inputs[1]!)!.shape as [number, number];
    const output = graph.values.get(conv.outputs[0]!)!.shape as [number, number, number, number];
    const transforms = choose(inChannels, outChannels, output[2] * output[3]);
    if (transforms === undefined) continue;
    const { tiles } = cutTiles(output, transforms);
    if (4 * transforms.t ** 2 * tiles * Math.max(inChannels, outChannels) > MOST_BYTES) continue;
    const chain = findChain(conv, graph, constants, readers);
    const part = winogradPart(chain, graph, constants, transforms, derived, unique);
    for (const value of part.values) values.set(value.name, value);
    for (const initializer of part.initializers) initializers.set(initializer.name, initializer);
    for (const node of chain.nodes) instead.set(node, []);
    instead.set(chain.nodes.at(-1)!, part.nodes);
  }
  if (instead.size === 0) return bound;
  const nodes = graph.nodes.flatMap((node) => instead.get(node) ?? [node]);
  const files = new Map(bound.files);
  if (!derived.empty) files.set(FILE, derived.content);
  return { graph: prune({ ...graph, nodes, initializers, values }), files };
}

/** Who reads a value; an output of the graph counts as a reader. */
function findReaders(graph: Graph): Map<string, (Node | undefined)[]> {
  const readers = new Map<string, (Node | undefined)[]>();
  const add = (name: string, node: Node | undefined) => {
    const present = readers.get(name);
    if (present === undefined) readers.set(name, [node]);
    else present.push(node);
  };
  for (const node of graph.nodes) for (const name of node.inputs) add(name, node);
  for (const { name } of graph.outputs) add(name, undefined);
  return readers;
}

function isEligible({ op, domain, inputs, attributes }: Node, graph: Graph, constants: Constants): boolean {
  if (op !== "Conv" || domain !== "") return false;
  const [x, weight] = [graph.values.get(inputs[0]!)!, graph.values.get(inputs[1]!)!];
  const ones = (name: string) => (intsAttribute(attributes, name) ?? []).every((each) => each === 1);
  return x.type === "float32" && weight.shape.length === 4 && weight.shape.slice(2).join() === "3,3" &&
    intAttribute(attributes, "group", 1) === 1 && ones("strides") && ones("dilations") &&
    textAttribute(attributes, "auto_pad", "NOTSET") === "NOTSET" &&
    inputs.slice(1).every((name) => name === "" || constants.has(name));
}

/** A convolution and what is computed with it. */
interface Chain {
  readonly conv: Node;
  readonly norm: Node | undefined;
  readonly relu: boolean;
  /** All of them, in order. */
  readonly nodes: readonly Node[];
}

function findChain(
  conv: Node,
  graph: Graph,
  constants: Constants,
  readers: ReadonlyMap<string, readonly (Node | undefined)[]>,
): Chain {
  const nodes = [conv];
  const next = (): Node | undefined => {
    const after = readers.get(nodes.at(-1)!.outputs[0]!) ?? [];
    return after.length === 1 ? after[0] : undefined;
  };
  const after = next();
  const norm = after !== undefined && isFixedNorm(after, graph, constants) ? after : undefined;
  if (norm !== undefined) nodes.push(norm);
  const last = next();
  const relu = last?.op === "Relu" && last.domain === "";
  if (relu) nodes.push(last);
  return { conv, norm, relu, nodes };
}

/** Whether a node is a batch normalisation with known statistics. */
function isFixedNorm(node: Node, graph: Graph, constants: Constants): boolean {
  const { op, domain, inputs, outputs, attributes } = node;
  return op === "BatchNormalization" && domain === "" && outputs.length === 1 &&
    intAttribute(attributes, "training_mode", 0) === 0 &&
    graph.values.get(outputs[0]!)!.type === "float32" &&
    inputs.slice(1).every((name) => constants.has(name));
}

interface Part {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly values: readonly Value[];
}

/** The replacement of a chain; it reads and makes the same values. */
function winogradPart(
  chain: Chain,
  graph: Graph,
  constants: Constants,
  transforms: Transforms,
  derived: DerivedFile,
  unique: (stem: string) => string,
): Part {
  const { conv } = chain;
  const [x, weight] = conv.inputs.slice(0, 2).map((name) => graph.values.get(name)!) as [Value, Value];
  const output = graph.values.get(chain.nodes.at(-1)!.outputs[0]!)!;
  const { factors, offsets } = channelAffine(chain, weight.shape[0]!, constants);
  const [top = 0, left = 0] = intsAttribute(conv.attributes, "pads") ?? [];
  const form = winogradGraph(
    {
      input: x.shape as [number, number, number, number],
      output: output.shape as [number, number, number, number],
      pads: [top, left],
      hasBias: offsets !== undefined,
      relu: chain.relu,
    },
    transforms,
  );

  // The form's values under names of this graph: two already exist, the others are new.
  const names = new Map([["", ""], [X, x.name], [form.outputs[0]!.name, output.name]]);
  const named = (name: string): string => {
    const present = names.get(name);
    if (present !== undefined) return present;
    const made = unique(`${conv.name}/${name}`);
    names.set(name, made);
    return made;
  };
  const shape = [transforms.t ** 2, ...weight.shape.slice(0, 2)];
  const data = derived.add(
    elementCount(shape),
    () => transformedFilters(transforms, constants.read(weight.name), factors),
  );
  const initializers: Initializer[] = [...form.initializers.values()].map((each) => ({
    ...each,
    name: named(each.name),
  }));
  initializers.push({ name: named(FILTERS), type: "float32", shape, data });
  if (offsets !== undefined) {
    const inside = { kind: "inline", bytes: asBytes(offsets) } as const;
    initializers.push({ name: named(BIAS), type: "float32", shape: [offsets.length], data: inside });
  }
  return {
    nodes: form.nodes.map((node) => ({
      ...node,
      name: unique(`${conv.name}/${node.name}`),
      inputs: node.inputs.map(named),
      outputs: node.outputs.map(named),
    })),
    initializers,
    values: [...form.values.values()].map((value) => ({ ...value, name: named(value.name) })),
  };
}

/** What a convolution's bias and a normalisation do to each channel: `factor · y + offset`. */
function channelAffine(
  { conv, norm }: Chain,
  channels: number,
  constants: Constants,
): { readonly factors: Float32Array; readonly offsets: Float32Array | undefined } {
  const bias = conv.inputs[2] ? constants.read(conv.inputs[2]) : undefined;
  const factors = new Float32Array(channels).fill(1);
  if (norm === undefined) return { factors, offsets: bias?.slice() };
  const [scale, offset, mean, variance] = norm.inputs.slice(1).map(constants.read) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const epsilon = floatAttribute(norm.attributes, "epsilon", 1e-5);
  const offsets = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const factor = scale[c]! / Math.sqrt(variance[c]! + epsilon);
    factors[c] = factor;
    offsets[c] = offset[c]! + factor * ((bias?.[c] ?? 0) - mean[c]!);
  }
  return { factors, offsets };
}
