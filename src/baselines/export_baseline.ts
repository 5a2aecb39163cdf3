/**
 * Exports a classifier with the maps of a baseline as one .onnx file, as src/ptame/export_explainer.ts does for P-TAME.
 * The gradient is part of the graph: a runtime that knows no differentiation gives the map.
 *
 *     image [1, 3, H, W] in [0, 1]; target [1], −1 if not fed
 *       →  logits [1, classes]; probabilities [1, classes]; map [1, 1, h, w] in [0, 1]
 *
 * @module
 */
import {
  chosenClass,
  exportedFile,
  type ExportedFileOptions,
  probabilitiesNode,
  targetInput,
} from "../classifier/exported_file.ts";
import { scoreGradient } from "../classifier/graphs/gradient.ts";
import { findTap, partSize, PREFIX } from "../classifier/graphs/forward.ts";
import { loadClassifier, type LoadClassifierOptions } from "../classifier/load.ts";
import type { Crop } from "../image/preprocess.ts";
import { type Tap, tapPlanes } from "../classifier/taps/tap.ts";
import type { Classifier, ClassifierFacts } from "../classifier/types.ts";
import { type Builder, createBuilder } from "../graph/builder.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph, Value } from "../graph/types.ts";
import { baselineNamed } from "./methods.ts";
import { CAM_NODES, integratedGradientsNodes, magnitudeNodes, rangeNodes } from "./method_graphs.ts";
import { INTEGRATION_STEPS } from "./passes.ts";

/** The methods that a file can hold: those whose map is one expression of scores and gradients. */
export const EXPORTED_METHODS: readonly string[] = [...Object.keys(CAM_NODES), "integrated-gradients"];

/** What to export: a classifier, and the settings of the method. */
export interface ExportBaselineOptions
  extends Omit<LoadClassifierOptions, "device" | "threads">, ExportedFileOptions {
  /** Module, value or node for methods that look at activations; by default the deepest with positions. */
  readonly layer?: string;
  /** Points of Integrated Gradients; 50 by default. A run takes two passes for each. */
  readonly steps?: number;
}

/** An exported baseline, to be written. */
export interface ExportedBaseline {
  /** Facts about the classifier. */
  readonly backbone: ClassifierFacts;
  /** The crop of an image that the file takes: the classifier's own. */
  readonly view: Crop;
  /** Name of the method. */
  readonly method: string;
  /** The layer that it looks at, if it is `tapped`. */
  readonly layer: string | undefined;
  /** Length of the file in bytes. */
  readonly size: number;
  /** The file in parts, to write one after the other; large parts are read on demand. */
  readonly parts: Iterable<Uint8Array>;
}

/**
 * Exports a classifier with a baseline as one .onnx file.
 *
 * @param name One of {@linkcode EXPORTED_METHODS}.
 * @throws {RangeError} When a name is unknown, a file cannot hold the method, `steps` is not a positive integer, or the
 * file would exceed protobuf's 2 GiB.
 * @throws {TypeError} When the classifier has no such layer, or an operator cannot be differentiated.
 */
export async function exportBaseline(
  name: string,
  options: ExportBaselineOptions = {},
): Promise<ExportedBaseline> {
  const { source, tapped } = baselineNamed(name);
  if (!EXPORTED_METHODS.includes(name)) {
    throw new RangeError(
      `Cannot export ${name}: one graph does not hold its many passes; there are ptame, ${
        EXPORTED_METHODS.join(", ")
      }`,
    );
  }
  const { steps = INTEGRATION_STEPS } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`Cannot integrate over ${steps} points`);
  const classifier = await loadClassifier(options);
  options.signal?.throwIfAborted();
  const { facts } = classifier;
  const tap = tapped ? findTap(classifier.part(), options.layer) : undefined;
  const graph = tap === undefined
    ? integratedGraph(classifier, steps)
    : camGraph(classifier, tap, CAM_NODES[name]!);
  const bound = classifier.part().bind({ graph, files: new Map() }, PREFIX);
  const { size, parts } = exportedFile(bound, {
    classifier: facts,
    view: facts.preprocessing,
    metadata: {
      method: name,
      ...(tap === undefined ? { steps: String(steps) } : { layer: tap.name }),
      licences: JSON.stringify({ backbone: classifier.licence }),
    },
    documentation:
      `Where ${facts.name} looks, by ${name} (${source}). Without a target it explains the top class.`,
  }, options);
  return { backbone: facts, view: facts.preprocessing, method: name, layer: tap?.name, size, parts };
}

/** A graph with its inputs. */
function startGraph({ facts, part }: Classifier) {
  const b = createBuilder("ptame_explainer");
  const { width, height } = partSize(part());
  const image = b.input("image", "float32", [1, 3, height, width]);
  const target = targetInput(b);
  const numbers = b.constant("int64", [1, facts.classes], Array.from({ length: facts.classes }, (_, i) => i));
  /** 1 for the class that these scores choose, else 0: [1, classes]. */
  const oneHot = (scores: Value) => b.cast(b.equal(numbers, chosenClass(b, scores, target)), "float32");
  return { b, image, oneHot };
}

/** The graph with its outputs; only what they need. */
function finishGraph(
  b: Builder,
  facts: ClassifierFacts,
  { logits, map, close = (graph) => graph }: {
    readonly logits: Value;
    readonly map: Value;
    readonly close?: (graph: Graph) => Graph;
  },
): Graph {
  b.output(logits, "logits");
  b.output(probabilitiesNode(b, logits, facts), "probabilities");
  b.output(rangeNodes(b, map), "map");
  return prune(close(b.build()));
}

function camGraph(classifier: Classifier, tap: Tap, formula: (typeof CAM_NODES)[string]): Graph {
  const { b, image, oneHot } = startGraph(classifier);
  // The class's nodes come after the network's, whose names the tap was found by.
  const logits = classifier.part().scores(b.scope(PREFIX), image);
  const tapped = b.existingValue(tap.value.name);
  const gradient = scoreGradient({ b, logits }, oneHot(logits), tapped, "native");
  const planes = [tapped, gradient].map((value) => tapPlanes(b, value, tap));
  const map = b.reshape(formula(b, planes[0]!, planes[1]!), [1, 1, tap.height, tap.width]);
  return finishGraph(b, classifier.facts, { logits, map });
}

function integratedGraph(classifier: Classifier, steps: number): Graph {
  const { b, image, oneHot } = startGraph(classifier);
  const { map, ...rest } = integratedGradientsNodes(
    b,
    image,
    classifier.facts.classes,
    steps,
    (point, firstScores) => {
      const logits = classifier.part().scores(b.scope(PREFIX), point);
      const factors = oneHot(firstScores(logits));
      return { logits, gradient: scoreGradient({ b, logits }, factors, point, "native") };
    },
  );
  return finishGraph(b, classifier.facts, { map: magnitudeNodes(b, map), ...rest });
}
