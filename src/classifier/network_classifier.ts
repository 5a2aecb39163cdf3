/**
 * A classifier from a network function: one of models/, or the caller's own.
 *
 * @module
 */
import {
  type BuildNetwork,
  IMAGENET_PREPROCESSING,
  type NetworkDefinition,
  type Preprocessing,
  type TapDefinition,
  type WeightsDefinition,
} from "../../models/network.ts";
import { createBuilder } from "../graph/builder.ts";
import { isWeightSource, loadWeights, type WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { readFloat32 } from "../weights/tensor_table.ts";
import { labelsFor } from "./labels.ts";
import { networkPart } from "./network_part.ts";
import { openPartScores } from "./graphs/scores.ts";
import type { Classifier, ClassifierFacts } from "./types.ts";

/** The caller's own network function. A `NetworkDefinition` is one; missing facts are found by building it. */
export interface CustomNetwork {
  /** Name for people and for the record of head files. */
  readonly name: string;
  /** Adds the network to a graph. */
  readonly build: BuildNetwork;
  /** Width and height of the input; by default the crop of `preprocessing`, else 224. */
  readonly inputSize?: number;
  /** How an image becomes the input; by default ImageNet's usual values, with a short side of size × 256 / 224. */
  readonly preprocessing?: Preprocessing;
  /** Class names by index, or the name of a list of models/labels/; ImageNet's for 1000 classes, else numbers. */
  readonly labels?: readonly string[] | "imagenet-1k";
  /** Number of classes. */
  readonly classes?: number;
  /** The taps in the order of `build`, or their names; numbered by default. */
  readonly taps?: readonly (TapDefinition | string)[];
  /** A file with its weights, or their source; required if the caller names no weights separately. */
  readonly weights?: WeightSource | WeightsDefinition;
  /** The final linear layer; see `NetworkDefinition`. */
  readonly classifier?: NetworkDefinition["classifier"];
  /** Whether the logits are that layer on the spatial mean of the last tap; see `NetworkDefinition`. */
  readonly classifierTap?: boolean;
}

/** A network function with all facts except its weights. */
export interface DescribedNetwork {
  readonly facts: ClassifierFacts;
  readonly inputSize: number;
  readonly taps: readonly TapDefinition[];
}

/**
 * Completes and checks the declaration of a network function by building it once.
 *
 * @throws {TypeError} When the declaration contradicts the built network.
 */
export function describedNetwork(network: CustomNetwork): DescribedNetwork {
  const { name } = network;
  const inputSize = network.inputSize ?? network.preprocessing?.crop ?? IMAGENET_PREPROCESSING.crop;
  const preprocessing = network.preprocessing ?? {
    ...IMAGENET_PREPROCESSING,
    crop: inputSize,
    resize: Math.round(inputSize * 256 / 224),
  };
  const fail = (what: string): never => {
    throw new TypeError(`Cannot use network ${name}: ${what}`);
  };
  if (preprocessing.crop !== inputSize) {
    fail(`its input is ${inputSize} pixels wide, its preprocessing crops ${preprocessing.crop}`);
  }
  const b = createBuilder(name);
  const built = network.build(b, b.input("image", "float32", [1, 3, inputSize, inputSize]));
  const classes = built.logits.shape[1] ?? 0;
  if (built.logits.shape.length !== 2 || built.logits.shape[0] !== 1) {
    fail(`its scores of an image are [${built.logits.shape.join(", ")}], not [1, classes]`);
  }
  if (classes !== (network.classes ?? classes)) {
    fail(`it says that it has ${network.classes} classes, it gives ${classes} scores`);
  }
  const names = network.taps?.map((tap) => typeof tap === "string" ? tap : tap.name) ??
    built.taps.map((_, index) => `tap ${index}`);
  if (names.length !== built.taps.length) {
    fail(`it names ${names.length} taps, it gives ${built.taps.length}`);
  }
  const taps = built.taps.map(({ shape }, index): TapDefinition => {
    const [batch, channels, height, width] = shape;
    if (shape.length !== 4 || batch !== 1 || height !== width) {
      fail(`tap ${names[index]} is [${shape.join(", ")}], not [1, channels, size, size]`);
    }
    return { name: names[index]!, channels: channels!, size: width! };
  });
  const labels = labelsFor(name, classes, network.labels);
  return { facts: { name, classes, labels, preprocessing, activation: "none" }, inputSize, taps };
}

/** The same for a network of models/, whose declaration is complete. */
export function knownNetwork(network: NetworkDefinition): DescribedNetwork {
  const { name, classes, preprocessing, inputSize, taps } = network;
  const labels = labelsFor(name, classes, network.labels);
  return { facts: { name, classes, labels, preprocessing, activation: "none" }, inputSize, taps };
}

/**
 * A classifier over a network function, with loaded weights.
 *
 * @param given File with its weights; by default the network's own source.
 * @throws {DownloadError} When they are missing and cannot be downloaded.
 * @throws {SyntaxError} When the file is neither a safetensors nor a PyTorch file.
 */
export async function networkClassifier(
  network: CustomNetwork,
  described: DescribedNetwork,
  given: WeightSource | undefined,
  options: WeightOptions = {},
): Promise<Classifier> {
  const { facts, inputSize, taps } = described;
  const { name, build, classifier, classifierTap = false } = network;
  const own = network.weights;
  const definition = own === undefined || isWeightSource(own) ? {} : own;
  const source = given ?? (own !== undefined && isWeightSource(own) ? own : undefined);
  const weights = await loadWeights({ name, weights: definition }, source, options);
  const { preprocessing } = facts;
  const part = networkPart({ name, build, inputSize, preprocessing, taps, weights: definition }, weights);
  return {
    facts,
    output: undefined,
    fixedBatch: undefined,
    licence: weightsLicence(definition),
    part: () => part,
    openScores: (options) => openPartScores(part, facts, options),
    finalLayer: () => {
      const layer = classifierTap && classifier !== undefined
        ? weights.table.tensors.get(classifier.weight)
        : undefined;
      return layer === undefined ? undefined : readFloat32(weights.content, layer);
    },
  };
}

function weightsLicence({ shipped, published, named }: WeightsDefinition): string | undefined {
  return shipped?.licence ?? published?.at(0)?.licence ?? named?.licence;
}
