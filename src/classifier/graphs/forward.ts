/**
 * The graphs that methods run over a classifier: scores, activations, the part after a tap. gradient.ts has those
 * with a gradient, so a program that needs only scores loads no differentiation.
 *
 * @module
 */
import { type Builder, createBuilder } from "../../graph/builder.ts";
import type { Size } from "../../image/preprocess.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph, Value } from "../../graph/types.ts";
import { findTap as findTapOnPath, findTaps, type Tap } from "../taps/tap.ts";
import type { GraphPart } from "../types.ts";

/** Prefix of the network's weights in all of these graphs. */
export const PREFIX = "backbone.";

/** A classifier in a graph that is being built. */
export interface ScoredPass {
  /** The graph. */
  readonly b: Builder;
  /** [batch, 3, H, W] in [0, 1]. */
  readonly images: Value;
  /** [batch, classes], before softmax. */
  readonly logits: Value;
}

/** Begins a graph with a classifier's scores of "images" [batch, 3, H, W]; no output is named yet. */
export function scoredPass(network: GraphPart, batch: number): ScoredPass {
  const b = createBuilder(network.name);
  const images = imagesInput(b, network, batch);
  return { b, images, logits: network.scores(b.scope(PREFIX), images) };
}

/** Width and height of the images of a part. */
export function partSize({ inputSize, inputWidth = inputSize }: GraphPart): Size {
  return { width: inputWidth, height: inputSize };
}

function imagesInput(b: Builder, network: GraphPart, batch: number): Value {
  const { width, height } = partSize(network);
  return b.input("images", "float32", [batch, 3, height, width]);
}

/** "images" [batch, 3, H, W] in [0, 1] to "logits" [batch, classes]. */
export function scoresGraph(network: GraphPart, batch: number): Graph {
  const { b, logits } = scoredPass(network, batch);
  b.output(logits, "logits");
  return prune(b.build());
}

/** How many layers are joined at most: the stages of most networks. */
const MOST_LAYERS = 4;

/**
 * The layers for maps of several layers: the deepest of each size of the grid, the four deepest of those, deep to
 * shallow.
 *
 * @throws {TypeError} When there is none.
 */
export function findLayers(network: GraphPart): Tap[] {
  const { b, images, logits } = scoredPass(network, 1);
  const found: Tap[] = [];
  for (
    const tap of findTaps({ graph: b.build(), image: images.name, logits: logits.name, prefix: PREFIX })
      .reverse()
  ) {
    const known = found.some(({ width, height }) => width === tap.width && height === tap.height);
    if (!known && found.length < MOST_LAYERS) found.push(tap);
  }
  if (found.length > 0) return found;
  return [findTap(network)];
}

/**
 * Finds the tap with a name, or the deepest.
 *
 * @throws {RangeError} When the name is unknown.
 * @throws {TypeError} When there is no tap, or it has no spatial positions.
 */
export function findTap(network: GraphPart, name?: string): Tap {
  const b = createBuilder(network.name);
  const images = imagesInput(b, network, 1);
  const named = network.tapNames.length > 0;
  const scoped = b.scope(PREFIX);
  const { logits, taps } = named
    ? network.pass(scoped, images)
    : { logits: network.scores(scoped, images), taps: [] };
  const path = { graph: b.build(), image: images.name, logits: logits.name, prefix: PREFIX };
  return findTapOnPath(path, name, new Map(taps.map((tap, i) => [network.tapNames[i]!, tap.name])));
}

/** "images" [1, 3, H, W] to "activations" in the tap's own layout, and "logits" [1, classes]. */
export function activationsGraph(network: GraphPart, tap: Tap): Graph {
  const { b, logits } = scoredPass(network, 1);
  b.output(b.existingValue(tap.value.name), "activations");
  b.output(logits, "logits");
  return prune(b.build());
}

/**
 * The part after the tap: "activations" in the tap's own layout to "logits" [1, classes]. It also reads "images" if the
 * scores do not depend on the tap alone.
 */
export function behindTapGraph(network: GraphPart, tap: Tap): Graph {
  const { b, images, logits } = scoredPass(network, 1);
  b.output(logits, "logits");
  const graph = b.build();
  const { name, type, shape } = tap.value;
  const activations: Value = { name: "activations", type, shape };
  const renamed = (inputs: readonly string[]) =>
    inputs.map((input) => input === name ? "activations" : input);
  const cut = prune({
    ...graph,
    inputs: [...graph.inputs, activations],
    nodes: graph.nodes
      .filter((node) => !node.outputs.includes(name))
      .map((node) => ({ ...node, inputs: renamed(node.inputs) })),
    values: new Map([...graph.values, ["activations", activations]]),
  });
  const reads = cut.nodes.some((node) => node.inputs.includes(images.name));
  return reads ? cut : { ...cut, inputs: [activations] };
}
