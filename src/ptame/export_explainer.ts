/**
 * An explainer as one .onnx file that any ONNX runtime runs: backbone, auxiliary, head and normalisation in one graph
 * with their weights. What it is, how pictures are cut for it and what its classes are called stand in its metadata.
 *
 *     image [1, 3, S, S] in [0, 1]; target [1], −1 if not fed  →  logits [1, classes]; map [1, 1, M, M] in [0, 1]
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import type { NetworkDefinition } from "../../models/registry.ts";
import { type CutDescription, EXPLAINER_FORMAT } from "../classifier/described_model.ts";
import { type BackboneFacts, factsOf } from "../classifier/facts.ts";
import { frozenOnnx } from "../classifier/onnx_part.ts";
import { externalDataOf, type OnnxModel, openOnnxBackbone } from "../classifier/onnx_classifier.ts";
import { type Builder, createBuilder } from "../graph/builder.ts";
import { encodeNumbers } from "../graph/constants.ts";
import { inlineExternalData, inspectOnnx, onnxParts } from "../graph/onnx_file.ts";
import { prune } from "../graph/passes/prune.ts";
import type { Graph, Value } from "../graph/types.ts";
import { bindWeights } from "../weights/bind.ts";
import { narrowWeights } from "../weights/narrow.ts";
import type { ExplainerOptions } from "./explainer.ts";
import { type ExplainerNetworks, loadExplainerNetworks } from "./explainer_networks.ts";
import { fusedMaps, FUSER, headFeatures, minMaxMask } from "./head.ts";
import type { Head, HeadRecord } from "./head_file.ts";
import { HEAD_PREFIX } from "./observed_network.ts";
import { AUXILIARY_PREFIX, BACKBONE_PREFIX, frozen, type FrozenNetwork } from "./training/step.ts";

/** What to export: the explainer's own options, but for where it runs. */
export interface ExportOptions extends Omit<ExplainerOptions, "device" | "threads"> {
  /** Weights as float16: half the file; a map changes by about 1e-3 of its range. */
  readonly float16?: boolean;
  /**
   * Whether `target` has to be fed. By default it need not be, but then some runtimes (onnxruntime-web and -node among
   * them) cannot feed it at all.
   */
  readonly requireTarget?: boolean;
}

/** An exported explainer, to be written. */
export interface ExportedExplainer {
  /** What is known of the backbone. */
  readonly backbone: BackboneFacts;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** What the head is; `trained: false` means that its maps are a start only. */
  readonly head: HeadRecord;
  /** Length of the file in bytes. */
  readonly size: number;
  /** The file in parts, to be written one after the other; large ones are read when their turn comes. */
  readonly parts: Iterable<Uint8Array>;
}

/**
 * Makes an explainer into one .onnx file.
 *
 * @throws {TypeError} When head, auxiliary and backbone do not fit together, or cut pictures differently.
 * @throws {RangeError} When a name is unknown, or the file would exceed protobuf's 2 GiB.
 */
export async function exportExplainer(options: ExportOptions = {}): Promise<ExportedExplainer> {
  const networks = await loadExplainerNetworks(options);
  const { auxiliary, auxiliaryWeights, sharesPass } = networks;
  const { facts, network } = await explained(networks);
  const head = await networks.headFor(facts);
  checkSameCut(facts, auxiliary);
  options.signal?.throwIfAborted();

  const reader = frozen(auxiliary, auxiliaryWeights);
  const graph = explainerGraph(sharesPass ? reader : network, reader, head, options.requireTarget ?? false);
  let bound = reader.bind({ graph, files: new Map() }, AUXILIARY_PREFIX);
  if (!sharesPass) bound = network.bind(bound, BACKBONE_PREFIX);
  bound = bindWeights(bound, head.file, { prefix: HEAD_PREFIX });
  if (options.float16) bound = narrowWeights(bound);
  const { size, parts } = onnxParts(bound.graph, {
    files: bound.files,
    metadata: metadataOf(networks, facts, head.record),
    documentation: documentationOf(facts, auxiliary.name, head.record),
    valueDocumentation: VALUES,
  });
  return { backbone: facts, auxiliary: auxiliary.name, head: head.record, size, parts };
}

/** The backbone as a part of a graph, and what is known of it. */
async function explained(
  { backbone }: ExplainerNetworks,
): Promise<{ facts: BackboneFacts; network: FrozenNetwork }> {
  if (backbone.kind === "network") {
    const { network, weights } = backbone;
    return { facts: factsOf(network, IMAGENET_1K), network: frozen(network, weights) };
  }
  // Opened once to learn its classes, and that a runtime takes it.
  const opened = await openOnnxBackbone(backbone.model, IMAGENET_1K, { device: "wasm" });
  await opened.session.dispose();
  const { name, classes, labels, preprocessing } = opened;
  // A softmax at its end is left out, as in training: what comes out are scores.
  const facts = { name, classes, labels, preprocessing, activation: "none" } as const;
  return { facts, network: frozenOnnx(wholeModel(backbone.model)) };
}

function wholeModel(model: OnnxModel): OnnxModel {
  const files = externalDataOf(model, inspectOnnx(model.onnx));
  return files.size === 0 ? model : { ...model, onnx: inlineExternalData(model.onnx, files) };
}

function checkSameCut({ name, preprocessing: a }: BackboneFacts, auxiliary: NetworkDefinition): void {
  const b = auxiliary.preprocessing;
  if (a.crop === b.crop && a.resize === b.resize) return;
  const cut = (p: typeof a) => `${p.crop} x ${p.crop} pixels of a short side of ${p.resize}`;
  throw new TypeError(
    `Cannot export ${name}: it reads ${cut(a)}, auxiliary ${auxiliary.name} ${
      cut(b)
    }; one file takes one picture`,
  );
}

const VALUES = {
  image: "Picture [1, 3, S, S], red, green and blue in [0, 1], cut as the metadata's preprocessing says; " +
    "not normalised",
  target: "Index of the class to explain [1]; -1 for the top class",
  logits: "Scores before softmax [1, classes]",
  map: "Where the classifier looked for this class [1, 1, M, M], min-max in [0, 1]",
};

/** One pass from a picture to scores and one map; weights unbound. */
function explainerGraph(
  backbone: FrozenNetwork,
  auxiliary: FrozenNetwork,
  head: Head,
  requireTarget: boolean,
): Graph {
  const b = createBuilder("ptame_explainer");
  const size = auxiliary.inputSize;
  const image = b.input("image", "float32", [1, 3, size, size]);
  const target = b.input("target", "int64", [1]);
  const read = auxiliary.pass(b.scope(AUXILIARY_PREFIX), image);
  const { logits } = backbone === auxiliary ? read : backbone.pass(b.scope(BACKBONE_PREFIX), image);
  b.output(logits, "logits");
  b.output(mapOf(b, head, read.taps!, chosenClass(b, logits, target)), "map");
  const graph = prune(b.build());
  if (requireTarget) return graph;
  // An input that is an initializer too has a default.
  const initializers = new Map(graph.initializers);
  initializers.set(target.name, { ...target, data: { kind: "inline", bytes: encodeNumbers("int64", [-1]) } });
  return { ...graph, initializers };
}

/** The target, or the top class where it is negative. */
function chosenClass(b: Builder, logits: Value, target: Value): Value {
  return b.where(b.less(target, 0), b.argMax(logits, 1, false), target);
}

/** The mask of one class, [1, 1, M, M]: its row of the fuser alone is taken. */
function mapOf(b: Builder, head: Head, taps: readonly Value[], chosen: Value): Value {
  const scoped = b.scope(HEAD_PREFIX);
  const features = headFeatures(scoped, taps);
  const width = head.channels.reduce((sum, channels) => sum + channels, 0);
  const fuser = scoped.weight(FUSER, [head.classes, width, 1, 1]);
  const row = b.reshape(b.gather(fuser, chosen), [1, width]);
  return minMaxMask(b, fusedMaps(b, features, row));
}

/** What a program needs to feed the file and to read what it gives; lists and records as JSON. */
function metadataOf(
  { backbone, auxiliary }: ExplainerNetworks,
  { name, labels, preprocessing }: BackboneFacts,
  head: HeadRecord,
): Record<string, string> {
  const { resize, crop } = preprocessing;
  const cut: CutDescription = {
    resize: { short_side: resize, filter: "bilinear, antialiased" },
    centre_crop: crop,
    layout: "NCHW",
    channels: "RGB",
    range: [0, 1],
    normalisation: "inside",
  };
  const licences = {
    backbone: backbone.kind === "network" ? licenceOf(backbone.network) : undefined,
    auxiliary: licenceOf(auxiliary),
    head: head.licence,
  };
  return {
    format: EXPLAINER_FORMAT,
    version: "1",
    backbone: name,
    auxiliary: auxiliary.name,
    trained: String(head.trained),
    preprocessing: JSON.stringify(cut),
    labels: JSON.stringify(labels),
    head: JSON.stringify(head),
    licences: JSON.stringify(licences),
  };
}

function licenceOf({ weights: { shipped, published, named } }: NetworkDefinition): string | undefined {
  return shipped?.licence ?? published?.at(0)?.licence ?? named?.licence;
}

function documentationOf({ name }: BackboneFacts, auxiliary: string, head: HeadRecord): string {
  const start = head.trained ? "" : " The head is not trained: its maps are a start only.";
  return `Where ${name} looks, by P-TAME (doi 10.1109/OJSP.2025.3568756): one pass of auxiliary ${auxiliary} and head ` +
    `"${head.name}".${start} Without a target it explains the top class.`;
}
