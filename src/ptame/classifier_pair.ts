/**
 * Loads the two classifiers of a head: the backbone, which is explained, and the auxiliary, whose taps the head reads;
 * and the head that fits them. Explainer, training and export use this module.
 *
 * @module
 */
import { findNetwork } from "../../models/registry.ts";
import {
  type ClassifierSource,
  DEFAULT_MODEL,
  isOnnxModel,
  loadClassifier,
  type LoadClassifierOptions,
  networkFacts,
  sourceNamed,
} from "../classifier/load.ts";
import type { Classifier, GraphPart } from "../classifier/types.ts";
import type { DeviceRequest } from "../runtime/mod.ts";
import type { WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { defaultAuxiliary, defaultHead } from "./default_head.ts";
import { modelDigest } from "./fit/model_digest.ts";
import type { HeadShape } from "./head.ts";
import { checkHeadFits, type Head } from "./head_file.ts";
import { findHeadShape } from "./explainer_graph.ts";

/** A loaded backbone and auxiliary; no session is open. */
export interface ClassifierPair {
  /** The classifier to explain. */
  readonly backbone: Classifier;
  /** The classifier whose taps the head reads; the same object as the backbone if one pass serves both. */
  readonly auxiliary: Classifier;
  /** What a head must fit. */
  readonly shape: HeadShape;
  /** Digest of the backbone's .onnx file; `undefined` for a network of models/ or the caller's own. */
  digest(): Promise<string | undefined>;
}

/** Which classifiers to load. */
export interface PairOptions extends WeightOptions {
  readonly model?: ClassifierSource | undefined;
  readonly weights?: WeightSource | undefined;
  readonly auxiliary?: ClassifierSource | undefined;
  readonly auxiliaryWeights?: WeightSource | undefined;
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
  readonly onFacts?: LoadClassifierOptions["onFacts"];
}

/**
 * Loads the classifiers that the options name.
 *
 * @param head The given head; its record names the auxiliary.
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When a classifier cannot serve as backbone or auxiliary, or the head does not fit.
 * @throws {DownloadError} When weights are missing and cannot be downloaded.
 * @throws {SyntaxError} When a file is damaged.
 */
export async function loadPair(options: PairOptions, head: Head | undefined): Promise<ClassifierPair> {
  const model = sourceNamed(options.model ?? DEFAULT_MODEL);
  const named = options.auxiliary === undefined
    ? defaultAuxiliary(model, head)
    : sourceNamed(options.auxiliary);
  const shared = named === model;
  // By default, the taps of a file are those that the head was trained with.
  const taps = head?.record.taps;
  const read = isOnnxModel(named) && named.taps === undefined && taps !== undefined
    ? { ...named, taps }
    : named;
  // Checked before hundreds of megabytes are downloaded.
  if (head !== undefined && !isOnnxModel(model) && !isOnnxModel(read)) {
    const { facts: { classes } } = networkFacts(model);
    checkHeadFits(head, read.name, findHeadShape(networkFacts(read), classes));
  }
  const load = (model: ClassifierSource, weights: WeightSource | undefined) =>
    loadClassifier({ ...options, model, weights });
  const auxiliary = await load(read, options.auxiliaryWeights ?? (shared ? options.weights : undefined));
  const backbone = shared ? auxiliary : await load(model, options.weights);
  const shape = findHeadShape({ taps: auxiliary.part().taps() }, backbone.facts.classes);
  let digest: Promise<string> | undefined;
  return {
    backbone,
    auxiliary,
    shape,
    digest: async () => isOnnxModel(model) ? await (digest ??= modelDigest(model)) : undefined,
  };
}

/**
 * The given head, else the default head.
 *
 * @throws {TypeError} When it does not fit; a {@linkcode NoHeadError} when there is none.
 */
export async function headFor(
  pair: ClassifierPair,
  given: Head | undefined,
  options: WeightOptions = {},
): Promise<Head> {
  const head = given ?? await defaultHead(pair, options);
  checkHeadFits(head, pair.auxiliary.facts.name, pair.shape, pair.auxiliary.part().taps());
  await checkModel(head, pair);
  return head;
}

/**
 * Refuses a head that was fitted to another file than the present one.
 *
 * @throws {TypeError} When the digests differ.
 */
async function checkModel({ record }: Head, { backbone, digest }: ClassifierPair): Promise<void> {
  const { modelDigest: fitted } = record;
  const present = fitted === undefined ? undefined : await digest();
  if (present === undefined || present === fitted) return;
  throw new TypeError(
    `Cannot use head ${record.name}: it was made for another ${backbone.facts.name} (SHA-256 ` +
      `${fitted!.slice(0, 12)}…, this one is ${
        present.slice(0, 12)
      }…); make a new one with --photos, or name one with --head`,
  );
}

/** The tap names for the record of a head, if the auxiliary's name alone does not identify its taps. */
export function recordedTaps(auxiliary: GraphPart): readonly string[] | undefined {
  return findNetwork(auxiliary.name) === undefined ? auxiliary.taps().map((tap) => tap.name) : undefined;
}
