/**
 * What a classifier is made of before baselines open it: found by name, or in an .onnx file.
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import { networks } from "../../models/registry.ts";
import { type BackboneFacts, factsOf } from "./facts.ts";
import { frozenOnnx } from "./onnx_part.ts";
import { type OnnxModel, openOnnxBackbone } from "./onnx_classifier.ts";
import { networkNamed } from "./network_names.ts";
import { frozen } from "../ptame/training/step.ts";
import type { DeviceRequest, Session } from "../runtime/mod.ts";
import { loadWeights, type WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import type { OpenableNetwork } from "./graphs.ts";

/** Which classifier is loaded. */
export interface LoadClassifierOptions extends WeightOptions {
  /** The name of a network, or an .onnx file; "efficientnet_lite0" by default. */
  readonly model?: string | OnnxModel;
  /** File with its weights; by default the shipped or published one. */
  readonly weights?: WeightSource;
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes; chosen by the machine by default. */
  readonly threads?: number;
}

/** What an open classifier is made of. */
export interface ClassifierParts {
  /** What is known of it. */
  readonly facts: BackboneFacts;
  /** Its network, asked for when something must be opened: not every .onnx file can be. */
  network(): OpenableNetwork;
  /** How its scores are found without opening it; by its network where this is left out. Disposed of with it. */
  readonly closed?: {
    /** Where it runs. */
    readonly session: Session;
    /** Scores of pictures, one row each. */
    scores(pictures: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  };
}

/**
 * Loads a classifier's weights, and nothing that runs but the session of an .onnx file.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When an .onnx file is no classifier of pictures.
 */
export async function loadClassifier(options: LoadClassifierOptions = {}): Promise<ClassifierParts> {
  const { model = networks[0]!.name } = options;
  if (typeof model !== "string") {
    const backbone = await openOnnxBackbone(model, IMAGENET_1K, options);
    return { facts: backbone, network: () => frozenOnnx(model), closed: backbone };
  }
  const network = networkNamed(model);
  const weights = await loadWeights(network, options.weights, options);
  const tapNames = network.taps.map((tap) => tap.name);
  return { facts: factsOf(network, IMAGENET_1K), network: () => ({ ...frozen(network, weights), tapNames }) };
}
