/**
 * What every exported explainer has, whatever its method: the requested class, probabilities, the description
 * of the image, and one file with all weights inside.
 *
 * @module
 */
import type { BoundGraph } from "../graph/bound_graph.ts";
import type { Builder } from "../graph/builder.ts";
import { encodeNumbers } from "../graph/constants.ts";
import { type OnnxParts, onnxParts } from "../graph/onnx_file.ts";
import type { Graph, Value } from "../graph/types.ts";
import { narrowWeights } from "../weights/narrow.ts";
import { type CropDescription, EXPLAINER_FORMAT } from "./descriptions/exported.ts";
import type { Crop } from "../image/preprocess.ts";
import { meaningOfPlain } from "./prediction.ts";
import type { ScoreActivation } from "./score_meaning.ts";
import type { ClassifierFacts } from "./types.ts";

/** Settings of the file itself. */
export interface ExportedFileOptions {
  /** Weights as float16: half the file; a map changes by about 1e-3 of its range. */
  readonly float16?: boolean;
  /**
   * Whether `target` is a required input. By default it is optional, but then some runtimes (such as onnxruntime-web
   * and -node) cannot feed it at all.
   */
  readonly requireTarget?: boolean;
}

/** What a file says about itself, besides its graph. */
export interface ExportedFileFacts {
  /** The classifier; its activation makes the probabilities. */
  readonly classifier: ClassifierFacts;
  /** The crop of an image that the file takes. */
  readonly view: Crop;
  /** Entries of the metadata, beside those that every explainer has; texts, or JSON. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the file is, for people. */
  readonly documentation: string;
}

const VALUES = {
  image: "Image [1, 3, H, W], red, green and blue in [0, 1], cropped as the metadata's preprocessing says; " +
    "not normalised",
  target: "Index of the class to explain [1]; -1 for the top class",
  logits: "Scores before softmax [1, classes]",
  probabilities: "Probabilities [1, classes]",
  map: "Where the classifier looked for this class [1, 1, h, w], min-max in [0, 1]",
};

/** The input "target" [1]: the class to explain, or −1 for the top class. */
export function targetInput(b: Builder): Value {
  return b.input("target", "int64", [1]);
}

/** The target, or the top class where it is negative: [1]. */
export function chosenClass(b: Builder, logits: Value, target: Value): Value {
  return b.where(b.less(target, 0), b.argMax(logits, 1, false), target);
}

/**
 * Probabilities [1, classes] of plain scores, as the classifier itself gives them. A graph cannot recognise scores that
 * look like probabilities: where nothing says what they are, they go through a softmax.
 */
export function probabilitiesNode(b: Builder, logits: Value, facts: ClassifierFacts): Value {
  const activation = activationOfExport(facts);
  if (activation === "none") return b.identity(logits);
  return activation === "sigmoid" ? b.sigmoid(logits) : b.softmax(logits);
}

/** What the file applies to its scores. */
function activationOfExport(facts: ClassifierFacts): ScoreActivation {
  return meaningOfPlain(facts).asked ?? "softmax";
}

/** One file of a bound graph; throws before the first part where the file would exceed protobuf's 2 GiB. */
export function exportedFile(
  bound: BoundGraph,
  facts: ExportedFileFacts,
  { float16 = false, requireTarget = false }: ExportedFileOptions,
): OnnxParts {
  const { graph, files } = float16 ? narrowWeights(bound) : bound;
  return onnxParts(requireTarget ? graph : withoutNeedOfTarget(graph), {
    files,
    metadata: fileMetadata(facts),
    documentation: facts.documentation,
    valueDocumentation: VALUES,
  });
}

/** An input that is also an initializer has a default value. */
function withoutNeedOfTarget(graph: Graph): Graph {
  const target = graph.inputs.find(({ name }) => name === "target")!;
  const initializers = new Map(graph.initializers);
  initializers.set(target.name, { ...target, data: { kind: "inline", bytes: encodeNumbers("int64", [-1]) } });
  return { ...graph, initializers };
}

/** The metadata that a program needs to use the file; lists and records are JSON. */
function fileMetadata({ classifier, view, metadata }: ExportedFileFacts): Record<string, string> {
  const { resize, crop, width = crop, fit = "crop", resample = "bilinear", fill = 0 } = view;
  const description: CropDescription = {
    resize: { short_side: resize, filter: resample === "nearest" ? resample : `${resample}, antialiased` },
    centre_crop: width === crop ? crop : [crop, width],
    ...(fit === "crop" ? {} : { fit }),
    ...(fit === "letterbox" ? { fill } : {}),
    layout: "NCHW",
    channels: "RGB",
    range: [0, 1],
    normalisation: "inside",
  };
  return {
    format: EXPLAINER_FORMAT,
    version: "1",
    backbone: classifier.name,
    preprocessing: JSON.stringify(description),
    labels: JSON.stringify(classifier.labels),
    scores: "logits",
    activation: activationOfExport(classifier),
    ...metadata,
  };
}
