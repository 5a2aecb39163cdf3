/**
 * Exports an explainer as one .onnx file for any ONNX runtime: backbone, auxiliary, head and normalisation in one graph
 * with their weights. The metadata describe the file, the preprocessing of images and the names of the classes.
 *
 *     image [1, 3, S, S] in [0, 1]; target [1], −1 if not fed
 *       →  logits [1, classes]; probabilities [1, classes]; map [1, 1, M, M] in [0, 1]
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
import { cropText } from "../classifier/onnx/facts.ts";
import { sameCrop } from "../classifier/prepared_image.ts";
import type { Classifier, ClassifierFacts } from "../classifier/types.ts";
import { type Builder, createBuilder } from "../graph/builder.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph, Value } from "../graph/types.ts";
import { type Crop, cropSize } from "../image/preprocess.ts";
import { bindWeights } from "../weights/bind.ts";
import { type ClassifierPair, headFor, loadPair } from "./classifier_pair.ts";
import type { ExplainerOptions } from "./explainer.ts";
import { fusedMaps, FUSER, headFeatures, minMaxMask } from "./head.ts";
import { type Head, type HeadRecord, readHead } from "./head_file.ts";
import { cropOfView, sharedView } from "./shared_view.ts";
import { AUXILIARY_PREFIX, BACKBONE_PREFIX, HEAD_PREFIX } from "./explainer_graph.ts";

/** What to export: the options of the explainer, except its device. */
export interface ExportOptions extends Omit<ExplainerOptions, "device" | "threads">, ExportedFileOptions {}

/** An exported explainer, to be written. */
export interface ExportedExplainer {
  /** Facts about the backbone. */
  readonly backbone: ClassifierFacts;
  /** The crop of an image that the file takes; both networks resize it to their own size. */
  readonly view: Crop;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record; `trained: false` means that its maps are only a starting point. */
  readonly head: HeadRecord;
  /** Length of the file in bytes. */
  readonly size: number;
  /** The file in parts, to write one after the other; large parts are read on demand. */
  readonly parts: Iterable<Uint8Array>;
}

/**
 * Exports an explainer as one .onnx file.
 *
 * @throws {TypeError} When head, auxiliary and backbone do not fit together, or crop images differently.
 * @throws {RangeError} When a name is unknown, or the file would exceed protobuf's 2 GiB.
 */
export async function exportExplainer(options: ExportOptions = {}): Promise<ExportedExplainer> {
  const given = options.head === undefined ? undefined : await readHead(options.head, "");
  const pair = await loadPair(options, given);
  const head = await headFor(pair, given, options);
  // A softmax at the end of the backbone is removed, as in training: the outputs are scores.
  const facts: ClassifierFacts = { ...pair.backbone.facts, activation: "none" };
  const { name: auxiliary, preprocessing } = pair.auxiliary.facts;
  const view = viewFor(facts, auxiliary, preprocessing);
  options.signal?.throwIfAborted();

  const [backbone, reader] = [pair.backbone.part(), pair.auxiliary.part()];
  const graph = explainerGraph(pair, view, head);
  let bound = reader.bind({ graph, files: new Map() }, AUXILIARY_PREFIX);
  if (backbone !== reader) bound = backbone.bind(bound, BACKBONE_PREFIX);
  bound = bindWeights(bound, head.file, { prefix: HEAD_PREFIX });
  const licences = {
    backbone: pair.backbone.licence,
    auxiliary: pair.auxiliary.licence,
    head: head.record.licence,
  };
  const { size, parts } = exportedFile(bound, {
    classifier: pair.backbone.facts,
    view,
    metadata: {
      method: "ptame",
      auxiliary,
      trained: String(head.record.trained),
      head: JSON.stringify(head.record),
      licences: JSON.stringify(licences),
    },
    documentation: fileDocumentation(facts, auxiliary, head.record),
  }, options);
  return { backbone: facts, view, auxiliary, head: head.record, size, parts };
}

/** The crop of an image that the file takes: that of both networks, or one that holds both. */
function viewFor({ name, preprocessing: a }: ClassifierFacts, auxiliary: string, b: Crop): Crop {
  if (sameCrop(a, b)) return a;
  const view = sharedView(a, b);
  if (view !== undefined) return view;
  const crop = (p: Crop) =>
    `${p.width ?? p.crop} x ${p.crop} pixels (${p.resample ?? "bilinear"}; ${cropText(p)})`;
  throw new TypeError(
    `Cannot export ${name}: it reads ${crop(a)}, auxiliary ${auxiliary} ${
      crop(b)
    }; one file takes one image; train a ` +
      "head with an auxiliary that takes images as the classifier does, such as the classifier itself",
  );
}

/** One pass from an image to scores and one map; weights unbound. */
function explainerGraph(
  pair: ClassifierPair,
  view: Crop,
  head: Head,
): Graph {
  const b = createBuilder("ptame_explainer");
  const [backbone, auxiliary] = [pair.backbone.part(), pair.auxiliary.part()];
  const { width, height } = cropSize(view);
  const image = b.input("image", "float32", [1, 3, height, width]);
  const target = targetInput(b);
  const cropFor = ({ facts }: Classifier) => cropOfView(b, image, view, facts.preprocessing);
  const read = auxiliary.pass(b.scope(AUXILIARY_PREFIX), cropFor(pair.auxiliary));
  const logits = backbone === auxiliary
    ? read.logits
    : backbone.scores(b.scope(BACKBONE_PREFIX), cropFor(pair.backbone));
  b.output(logits, "logits");
  b.output(probabilitiesNode(b, logits, pair.backbone.facts), "probabilities");
  b.output(mapNode(b, head, read.taps, chosenClass(b, logits, target)), "map");
  return prune(b.build());
}

/** The mask of one class, [1, 1, M, M], from its row of the fuser only. */
function mapNode(b: Builder, head: Head, taps: readonly Value[], chosen: Value): Value {
  const scoped = b.scope(HEAD_PREFIX);
  const features = headFeatures(scoped, taps);
  const width = head.channels.reduce((sum, channels) => sum + channels, 0);
  const fuser = scoped.weight(FUSER, [head.classes, width, 1, 1]);
  const row = b.reshape(b.gather(fuser, chosen), [1, width]);
  return minMaxMask(b, fusedMaps(b, features, row));
}

function fileDocumentation({ name }: ClassifierFacts, auxiliary: string, head: HeadRecord): string {
  const start = head.trained ? "" : " The head is not trained: its maps are only a starting point.";
  return `Where ${name} looks, by P-TAME (doi 10.1109/OJSP.2025.3568756): one pass of auxiliary ${auxiliary} and head ` +
    `"${head.name}".${start} Without a target it explains the top class.`;
}
