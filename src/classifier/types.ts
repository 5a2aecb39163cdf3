/**
 * The interface of every classifier, whether it is a network of models/, an .onnx file or the caller's own network
 * function: its facts, its part of a graph, and its scores.
 *
 * @module
 */
import type { NetworkOutputs, Preprocessing, TapDefinition } from "../../models/network.ts";
import type { Builder } from "../graph/builder.ts";
import type { ScoreMeaning } from "./score_meaning.ts";
import type { Value } from "../graph/types.ts";
import type { DeviceRequest, Session } from "../runtime/mod.ts";
import type { BoundGraph } from "../graph/bound_graph.ts";

/** Where a fact was found: in the file, in the caller's settings, in its metadata, or nowhere. */
export type FactSource = "file" | "settings" | "metadata" | "assumed";

/** An entry of what a classifier sees and gives. */
export interface DescribedFact {
  /** What it is about, such as "size". */
  readonly name: string;
  /** The value in words. */
  readonly value: string;
  /** Where it was found. */
  readonly from: FactSource;
}

/** Facts about a classifier that are known before it runs; plain data. */
export interface ClassifierFacts extends ScoreMeaning {
  /** Name that people see. */
  readonly name: string;
  /** Number of classes. */
  readonly classes: number;
  /** Class names by index. */
  readonly labels: readonly string[];
  /** How an image becomes its input, for pixels in [0, 1]. */
  readonly preprocessing: Preprocessing;
  /** Name of the output with the scores, in an .onnx file. */
  readonly output?: string;
  /** Names of its other outputs. */
  readonly otherOutputs?: readonly string[];
  /** What an .onnx file sees and gives, and where each entry was found. */
  readonly described?: readonly DescribedFact[];
  /** What was said about an .onnx file and could not be used, one line each. */
  readonly notes?: readonly string[];
}

/** A classifier as a part of graphs. Its scores there are plain: a softmax or sigmoid at its end is removed. */
export interface GraphPart {
  /** Name that people see. */
  readonly name: string;
  /** Height of its images, and their width if they have no other. */
  readonly inputSize: number;
  /** Width of its images, if they are not square. */
  readonly inputWidth?: number;
  /** Names of its taps in its own code; none for an .onnx file, whose values have names themselves. */
  readonly tapNames: readonly string[];
  /**
   * The feature maps that a head reads, shallow to deep. Those of an .onnx file are found in its graph.
   *
   * @throws {RangeError} When a named tap does not exist; the nearest name is suggested.
   * @throws {TypeError} When the file cannot be read as a graph, or has no square maps.
   */
  taps(): readonly TapDefinition[];
  /** Adds the network, including its normalisation, to images [N, 3, H, W] in [0, 1]; gives its scores [N, classes]. */
  scores(b: Builder, images: Value): Value;
  /** Also gives its taps as [N, C, S, S] in the order of `taps()`. */
  pass(b: Builder, images: Value): NetworkOutputs;
  /** Binds its weights in a graph in which their names start with `prefix`. */
  bind(bound: BoundGraph, prefix: string): BoundGraph;
}

/** Device and batch size for scores. */
export interface ScoreOptions {
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest | undefined;
  /** Threads of the wasm and native runtimes; by default it depends on the machine. */
  readonly threads?: number | undefined;
  /** Images per run; 1 by default. An .onnx file may fix its own batch size. */
  readonly batch?: number;
}

/** Opened scores of a classifier. */
export interface Scores {
  /** Its session. */
  readonly session: Session;
  /** Whether the last scores were taken for probabilities because they look like them. */
  readonly recognised: boolean;
  /** Whether `scores` are plain, regardless of `activation`: they come from the graph, not from the unchanged file. */
  readonly plain: boolean;
  /**
   * Scores, one row per image.
   *
   * @param images [3, H, W] in [0, 1] each, not normalised.
   */
  scores(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Probabilities, one row per image. */
  probabilities(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** A classifier with loaded weights; no session is open. */
export interface Classifier {
  /** Facts about it. */
  readonly facts: ClassifierFacts;
  /** Name of the output with the scores, in an .onnx file. */
  readonly output: string | undefined;
  /** Batch size, if an .onnx file fixes it. */
  readonly fixedBatch: number | undefined;
  /** Licence of its weights, if known. */
  readonly licence: string | undefined;
  /**
   * Its part of graphs; the same object each time.
   *
   * An .onnx file is read as a graph on first use, because not every file can be converted.
   */
  part(): GraphPart;
  /**
   * Opens its scores: an unchanged .onnx file, or the graph of any other network.
   *
   * @throws {ModelError} When the runtime refuses the model.
   */
  openScores(options?: ScoreOptions): Promise<Scores>;
  /**
   * Weight of its final linear layer, [classes, channels of the last tap], if its scores are that layer on the spatial
   * mean of the last tap. Its rows then weight the tap's channels, and a head can start from them.
   */
  finalLayer(): Float32Array | undefined;
}
