/**
 * A network with randomised layers, for sanity checks. A layer is a convolution or a matrix product with a constant.
 * Its weight is drawn anew with the same scale; normalisations and biases stay, so that activations keep their scale.
 *
 * @module
 */
import { asBytes } from "../../graph/constants.ts";
import { elementCount, type Graph, type Initializer } from "../../graph/types.ts";
import { redrawn } from "../../random/redraw.ts";
import type { BoundGraph } from "../../graph/bound_graph.ts";
import { toByteSource } from "../../bytes/byte_source.ts";
import { readFloat32 } from "../../weights/tensor_table.ts";
import { PREFIX, scoresGraph } from "./forward.ts";
import { openPartScores } from "./scores.ts";
import type { Classifier, GraphPart } from "../types.ts";

const LAYERS = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Names of the weights of a network's layers, from the image to the scores; a shared one counts once. */
export function listLayers(network: GraphPart): string[] {
  const graph = scoresGraph(network, 1);
  const weights = new Set<string>();
  for (const node of graph.nodes) {
    if (!LAYERS.has(node.op)) continue;
    for (const name of node.inputs) if (isWeight(graph.initializers.get(name))) weights.add(name);
  }
  return [...weights].map((name) => name.slice(PREFIX.length));
}

function isWeight(initializer: Initializer | undefined): boolean {
  return initializer !== undefined && initializer.type === "float32" && initializer.shape.length >= 2;
}

/**
 * The network with newly drawn weights in these layers. The numbers of a layer depend only on the seed and the layer.
 *
 * @throws {RangeError} When a layer is unknown.
 */
export function randomized(
  network: GraphPart,
  layers: readonly string[],
  seed = 0,
): GraphPart {
  const known = new Set(listLayers(network));
  const stray = layers.find((layer) => !known.has(layer));
  if (stray !== undefined) throw new RangeError(`Cannot randomise ${network.name}: it has no layer ${stray}`);
  return {
    ...network,
    bind: (bound, prefix) =>
      withRedrawn(network.bind(bound, prefix), layers.map((layer) => prefix + layer), seed),
  };
}

/** The classifier with these layers drawn anew; all results come from its graph. */
export function randomizedClassifier(
  classifier: Classifier,
  layers: readonly string[],
  seed = 0,
): Classifier {
  return overPart(classifier, randomized(classifier.part(), layers, seed));
}

/** A classifier from a part of a graph, with the facts of another classifier. */
export function overPart(classifier: Pick<Classifier, "facts" | "licence">, part: GraphPart): Classifier {
  const { facts, licence } = classifier;
  return {
    facts,
    licence,
    output: undefined,
    fixedBatch: undefined,
    part: () => part,
    openScores: (options) => openPartScores(part, facts, options),
    finalLayer: () => undefined,
  };
}

/** Stores the new weights in their own file. */
function withRedrawn({ graph, files }: BoundGraph, names: readonly string[], seed: number): BoundGraph {
  // The graph after a tap has only some of the layers.
  const present = names.filter((name) => graph.initializers.has(name));
  if (present.length === 0) return { graph, files };
  const file = "randomised";
  const count = present.reduce((sum, name) => sum + elementCount(graph.initializers.get(name)!.shape), 0);
  const all = new Float32Array(count);
  const initializers = new Map(graph.initializers);
  let at = 0;
  for (const name of present) {
    const initializer = graph.initializers.get(name)!;
    const values = redrawn(name, readValues(initializer, graph, files), seed);
    all.set(values, at);
    const data = { kind: "external", file, offset: 4 * at, length: 4 * values.length } as const;
    initializers.set(name, { ...initializer, data });
    at += values.length;
  }
  return {
    graph: { ...graph, initializers },
    files: new Map([...files, [file, toByteSource(asBytes(all))]]),
  };
}

function readValues(
  { name, shape, data }: Initializer,
  graph: Graph,
  files: BoundGraph["files"],
): Float32Array {
  const source = data.kind === "inline"
    ? data.bytes
    : data.kind === "external"
    ? files.get(data.file)
    : undefined;
  if (source === undefined) {
    throw new TypeError(`Cannot randomise ${graph.name}: the bytes of ${name} are not available`);
  }
  const offset = data.kind === "external" ? data.offset : 0;
  return readFloat32(source, { name, type: "float32", shape, offset, length: 4 * elementCount(shape) });
}
