/**
 * Loads a classifier by the name of a network of models/, from an .onnx file, or from the caller's own network
 * function.
 *
 * @module
 */
import { findNetwork, networks } from "../../models/registry.ts";
import type { DeviceRequest } from "../runtime/mod.ts";
import type { WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import {
  type CustomNetwork,
  type DescribedNetwork,
  describedNetwork,
  knownNetwork,
  networkClassifier,
} from "./network_classifier.ts";
import { networkNamed } from "./network_names.ts";
import { onnxClassifier } from "./onnx/classifier.ts";
import type { OnnxModel } from "./onnx/model.ts";
import type { Classifier, ClassifierFacts } from "./types.ts";

/** The source of a classifier: the name of a network of models/, an .onnx file, or a network function. */
export type ClassifierSource = string | OnnxModel | CustomNetwork;

/** Which classifier to load. */
export interface LoadClassifierOptions extends WeightOptions {
  /** The name of a network, an .onnx file or a network function; "efficientnet_lite0" by default. */
  readonly model?: ClassifierSource | undefined;
  /** File with its weights; by default the shipped or published file. An .onnx file contains its own. */
  readonly weights?: WeightSource | undefined;
  /** Device of a pass over a black image, if only that shows how many classes an .onnx file has. */
  readonly device?: DeviceRequest | undefined;
  /** Threads of that pass. */
  readonly threads?: number | undefined;
  /** Told what a classifier turned out to be, before it runs. */
  readonly onFacts?: ((facts: ClassifierFacts) => void) | undefined;
}

/** Name of the default classifier. */
export const DEFAULT_MODEL: string = networks[0]!.name;

/**
 * Resolves a source: looks up a name.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 */
export function sourceNamed(source: ClassifierSource): OnnxModel | CustomNetwork {
  return typeof source === "string" ? networkNamed(source) : source;
}

/** Whether a source is an .onnx file. */
export function isOnnxModel(source: ClassifierSource): source is OnnxModel {
  return typeof source === "object" && "onnx" in source;
}

/** Facts about a network function before its weights are loaded. */
export function networkFacts(network: CustomNetwork): DescribedNetwork {
  const known = findNetwork(network.name);
  return known === network ? knownNetwork(known) : describedNetwork(network);
}

/**
 * Loads a classifier's weights without opening a session.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When an .onnx file is not an image classifier, or a network function contradicts its declaration.
 * @throws {DownloadError} When weights are missing and cannot be downloaded.
 */
export async function loadClassifier(options: LoadClassifierOptions = {}): Promise<Classifier> {
  const { device, threads } = options;
  const source = sourceNamed(options.model ?? DEFAULT_MODEL);
  const classifier = isOnnxModel(source)
    ? await onnxClassifier(source, { device, threads })
    : await networkClassifier(source, networkFacts(source), options.weights, options);
  options.onFacts?.(classifier.facts);
  return classifier;
}
