/**
 * What a classifier is to everything that uses one, whether it is a network of models/, an .onnx file or a network
 * function of the caller's own: its facts, the part that it is of a graph, and its scores.
 *
 * @module
 */
import type { NetworkOutputs, Preprocessing, TapDefinition } from "../../models/network.ts";
import type { Builder } from "../graph/builder.ts";
import type { OutputActivation } from "../graph/final_activation.ts";
import type { Value } from "../graph/types.ts";
import type { DeviceRequest, Session } from "../runtime/mod.ts";
import type { BoundGraph } from "../graph/bound_graph.ts";

/** What is known of a classifier before it runs: plain data. */
export interface ClassifierFacts {
  /** Name that people see. */
  readonly name: string;
  /** Classes that it tells apart. */
  readonly classes: number;
  /** Class names by index. */
  readonly labels: readonly string[];
  /** How an image becomes its input, for pixels in [0, 1]. */
  readonly preprocessing: Preprocessing;
  /** What its scores have been through already: a softmax inside the network gives probabilities. */
  readonly activation: OutputActivation;
}

/** A classifier as a part of graphs. Its scores there are plain: a softmax or sigmoid at its end is left out. */
export interface GraphPart {
  /** Name that people see. */
  readonly name: string;
  /** Width and height of its images. */
  readonly inputSize: number;
  /** Names that its own code gives its taps; none for an .onnx file, whose values have names themselves. */
  readonly tapNames: readonly string[];
  /**
   * The feature maps that a head reads, shallow to deep. Those of an .onnx file are found in its graph.
   *
   * @throws {RangeError} When a tap was named that is not there; the nearest name is suggested.
   * @throws {TypeError} When the file cannot be read as a graph, or has no square maps.
   */
  taps(): readonly TapDefinition[];
  /** Adds the network, normalisation included, behind images [N, 3, S, S] in [0, 1]; gives its scores [N, classes]. */
  scores(b: Builder, images: Value): Value;
  /** The same, and its taps as [N, C, S, S] in the order of `taps()`. */
  pass(b: Builder, images: Value): NetworkOutputs;
  /** Binds its weights in a graph where their names begin with `prefix`. */
  bind(bound: BoundGraph, prefix: string): BoundGraph;
}

/** Where scores are computed, and how many images at once. */
export interface ScoreOptions {
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest | undefined;
  /** Threads of the wasm and native runtimes; chosen by the machine by default. */
  readonly threads?: number | undefined;
  /** Images per run; 1 by default. An .onnx file takes as many as it is given, or as it fixes. */
  readonly batch?: number;
}

/** A classifier's scores, ready to be asked for. */
export interface Scores {
  /** Where it runs. */
  readonly session: Session;
  /** Whether `scores` are plain whatever `activation` says: they come from the graph, not from the file as it is. */
  readonly plain: boolean;
  /**
   * Scores, one row per image.
   *
   * @param images [3, S, S] in [0, 1] each, not normalised.
   */
  scores(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** The same as probabilities. */
  probabilities(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** A classifier, its weights loaded, nothing opened. */
export interface Classifier {
  /** What is known of it. */
  readonly facts: ClassifierFacts;
  /** Name of the output with the scores, in an .onnx file. */
  readonly output: string | undefined;
  /** Images that it takes at once, where an .onnx file fixes how many. */
  readonly fixedBatch: number | undefined;
  /** Licence of its weights, where it is known. */
  readonly licence: string | undefined;
  /**
   * What puts it into a graph; the same object each time.
   *
   * An .onnx file is read as a graph when something is asked of the part: not every file can be.
   */
  part(): GraphPart;
  /**
   * Opens what gives its scores: an .onnx file as it is, any other network by its graph.
   *
   * @throws {ModelError} When the runtime refuses it.
   */
  openScores(options?: ScoreOptions): Promise<Scores>;
  /**
   * Weight of its final linear layer, [classes, channels of the last tap], where its scores are that layer on the last
   * tap's spatial mean: then a row of it weighs the tap's channels, and a head can start from it.
   */
  finalLayer(): Float32Array | undefined;
}
