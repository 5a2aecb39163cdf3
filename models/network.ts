/**
 * What a network of this folder is: a function over a builder, and the plain facts that a caller needs to feed it.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";

/** What a network gives. */
export interface NetworkOutputs {
  /** Scores before softmax, [N, classes]. */
  readonly logits: Value;
  /** The feature maps that can be tapped, shallow to deep, [N, channels, size, size] each. */
  readonly taps: Value[];
}

/** Adds a network to a graph. `image` is normalised, [N, 3, H, W]; weights are declared by name, unbound. */
export type BuildNetwork = (b: Builder, image: Value) => NetworkOutputs;

/** How an image becomes the network's input: short side, centre crop, then (pixel / 255 - mean) / std. */
export interface Preprocessing {
  /** Length that the short side is resized to, in pixels. */
  readonly resize: number;
  /** Side of the square cut out of the middle, in pixels. */
  readonly crop: number;
  /** Mean per channel (red, green, blue) of pixels in [0, 1]. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation per channel of pixels in [0, 1]. */
  readonly std: readonly [number, number, number];
}

/** One feature map that a network can be tapped at, at its own input size. */
export interface TapDefinition {
  /** The module that gives it, as the weights' names spell it. */
  readonly name: string;
  /** Channels. */
  readonly channels: number;
  /** Width and height. */
  readonly size: number;
}

/** A file of weights, named by its content. */
export interface WeightsFile {
  /** Its name, in models/weights/ or in a cache. */
  readonly file: string;
  /** Length. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal digits. */
  readonly sha256: string;
  /** SPDX name of its licence. */
  readonly licence: string;
}

/** A file that is downloaded when it is needed. */
export interface PublishedFile extends WeightsFile {
  /** Addresses of the same bytes, in the order in which they are tried. */
  readonly urls: readonly string[];
}

/** Where a network's weights come from. */
export interface WeightsDefinition {
  /** A file in models/weights/, where one is shipped. */
  readonly shipped?: WeightsFile & {
    /** Where the numbers are from. */
    readonly source: string;
  };
  /** Published files with the same numbers, where none is shipped; the first that can be had is taken. */
  readonly published?: readonly PublishedFile[];
  /**
   * A published file of which only the first digits of its SHA-256 are known (they stand in its name): named to people,
   * not downloaded.
   */
  readonly named?: {
    readonly url: string;
    readonly sha256Start: string;
    readonly licence: string;
  };
  /** The graph's name of a weight for the name that a file uses, where some files spell it differently. */
  readonly rename?: (nameInFile: string) => string;
}

/** A network that can be explained or tapped. */
export interface NetworkDefinition {
  /** The name on the command line and in head files. */
  readonly name: string;
  /** The name in prose. */
  readonly title: string;
  /** Adds the network to a graph. */
  readonly build: BuildNetwork;
  /** Width and height of the input. */
  readonly inputSize: number;
  /** How an image becomes the input. */
  readonly preprocessing: Preprocessing;
  /** The list of class names; see models/labels/. */
  readonly labels: "imagenet-1k";
  /** Number of classes. */
  readonly classes: number;
  /** The taps in the order of {@linkcode NetworkOutputs.taps}. */
  readonly taps: readonly TapDefinition[];
  /** Where the weights come from. */
  readonly weights: WeightsDefinition;
  /** The final linear layer: names of its weight [classes, features] and bias [classes]. */
  readonly classifier: { readonly weight: string; readonly bias: string };
  /**
   * Whether the logits are the final linear layer on the spatial mean of the last tap. Only then that layer's
   * rows are class-activation weights of the last tap, and a head can start from them.
   */
  readonly classifierTap: boolean;
}

/** Preprocessing of torchvision's ImageNet-1k V1 weights. */
export const IMAGENET_PREPROCESSING: Preprocessing = {
  resize: 256,
  crop: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
