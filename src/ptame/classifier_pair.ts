/**
 * The two classifiers of a head, by what a caller names: the backbone, which is explained, and the auxiliary, whose taps
 * the head reads; then the head that fits them. Explaining, training and export ask here.
 *
 * @module
 */
import { findNetwork } from "../../models/registry.ts";
import {
  type ClassifierSource,
  DEFAULT_MODEL,
  isOnnxModel,
  loadClassifier,
  networkFacts,
  sourceNamed,
} from "../classifier/load.ts";
import type { Classifier, GraphPart } from "../classifier/types.ts";
import type { DeviceRequest } from "../runtime/mod.ts";
import type { WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { defaultAuxiliary, defaultHead } from "./default_head.ts";
import type { HeadShape } from "./head.ts";
import { checkHeadFits, type Head } from "./head_file.ts";
import { headShapeOf } from "./observed_network.ts";

/** A backbone and an auxiliary, loaded, nothing opened. */
export interface ClassifierPair {
  /** The classifier that is explained. */
  readonly backbone: Classifier;
  /** The one whose taps the head reads; the same object where they are one, so that one pass serves both. */
  readonly auxiliary: Classifier;
  /** What a head must fit. */
  readonly shape: HeadShape;
}

/** Which two classifiers are loaded. */
export interface PairOptions extends WeightOptions {
  readonly model?: ClassifierSource | undefined;
  readonly weights?: WeightSource | undefined;
  readonly auxiliary?: ClassifierSource | undefined;
  readonly auxiliaryWeights?: WeightSource | undefined;
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
}

/**
 * Loads what the options name.
 *
 * @param head The head given: it says which auxiliary it reads.
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When a classifier cannot be used as what it is named for, or the head does not fit.
 * @throws {DownloadError} When weights are not here and cannot be downloaded.
 * @throws {SyntaxError} When a file is damaged.
 */
export async function loadPair(options: PairOptions, head: Head | undefined): Promise<ClassifierPair> {
  const model = sourceNamed(options.model ?? DEFAULT_MODEL);
  const named = options.auxiliary === undefined
    ? defaultAuxiliary(model, head)
    : sourceNamed(options.auxiliary);
  const shared = named === model;
  // A file's taps are those that the head was trained on, unless the caller says otherwise.
  const taps = head?.record.taps;
  const read = isOnnxModel(named) && named.taps === undefined && taps !== undefined
    ? { ...named, taps }
    : named;
  // Said before hundreds of megabytes are fetched for it.
  if (head !== undefined && !isOnnxModel(model) && !isOnnxModel(read)) {
    const { facts: { classes } } = networkFacts(model);
    checkHeadFits(head, read.name, headShapeOf(networkFacts(read), classes));
  }
  const load = (model: ClassifierSource, weights: WeightSource | undefined) =>
    loadClassifier({ ...options, model, weights });
  const auxiliary = await load(read, options.auxiliaryWeights ?? (shared ? options.weights : undefined));
  const backbone = shared ? auxiliary : await load(model, options.weights);
  const shape = headShapeOf({ taps: auxiliary.part().taps() }, backbone.facts.classes);
  return { backbone, auxiliary, shape };
}

/**
 * The head given, else the default one.
 *
 * @throws {TypeError} When it does not fit, or there is none: a {@linkcode NoHeadError}.
 */
export async function headFor(
  pair: ClassifierPair,
  given: Head | undefined,
  signal?: AbortSignal,
): Promise<Head> {
  const head = given ?? await defaultHead(pair, signal);
  checkHeadFits(head, pair.auxiliary.facts.name, pair.shape, pair.auxiliary.part().taps());
  return head;
}

/**
 * What the record of a head for this auxiliary says of its taps: their names, where the auxiliary's name alone does not
 * say which they are.
 */
export function recordedTaps(auxiliary: GraphPart): readonly string[] | undefined {
  return findNetwork(auxiliary.name) === undefined ? auxiliary.taps().map((tap) => tap.name) : undefined;
}
