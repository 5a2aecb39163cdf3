/**
 * The type of the networks in this folder: a function over a builder, and the facts that a caller needs to use it.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";

/** Outputs of a network. */
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
  /** Length of the short side after resizing, in pixels. */
  readonly resize: number;
  /** Side of the centre crop, in pixels; its height if it has another `width`. */
  readonly crop: number;
  /** Pixels of a row of the crop, if it is not square. */
  readonly width?: number;
  /** How an image gets the input's shape: a centre crop unless given. */
  readonly fit?: "crop" | "squash" | "letterbox";
  /** How resized pixels are made, as PIL makes them: "bilinear" unless given. */
  readonly resample?: "bilinear" | "bicubic" | "nearest";
  /** Value of padded pixels, 0 to 255; 0 unless given. */
  readonly fill?: number;
  /** Mean per channel (red, green, blue) of pixels in [0, 1]. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation per channel of pixels in [0, 1]. */
  readonly std: readonly [number, number, number];
}

/** A feature map that can be tapped, at the network's input size. */
export interface TapDefinition {
  /** Its module, as in the names of the weights. */
  readonly name: string;
  /** Channels. */
  readonly channels: number;
  /** Width and height. */
  readonly size: number;
}

/** A file of weights, identified by its content. */
export interface WeightsFile {
  /** Its name, in models/weights/ or in a cache. */
  readonly file: string;
  /** Length. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal digits; empty if nobody has published it, so that the bytes cannot be checked. */
  readonly sha256: string;
  /** SPDX name of its licence. */
  readonly licence: string;
}

/** A file that is downloaded on first use. */
export interface PublishedFile extends WeightsFile {
  /** Addresses of the same bytes, in the order in which they are tried. */
  readonly urls: readonly string[];
}

/** Source of a network's weights. */
export interface WeightsDefinition {
  /** A shipped file in models/weights/, if there is one. */
  readonly shipped?: WeightsFile & {
    /** Origin of the numbers. */
    readonly source: string;
  };
  /** Published files with the same numbers, if none is shipped; the first available one is used. */
  readonly published?: readonly PublishedFile[];
  /**
   * A published file of which only the first digits of the SHA-256 are known, from its name. It is mentioned to users,
   * but not downloaded.
   */
  readonly named?: {
    readonly url: string;
    readonly sha256Start: string;
    readonly licence: string;
  };
  /** Maps a file's name of a weight to the graph's, if some files use other names. */
  readonly rename?: (nameInFile: string) => string;
}

/** A network that can be explained or tapped. */
export interface NetworkDefinition {
  /** The name on the command line and in head files. */
  readonly name: string;
  /** Name in prose. */
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
   * Whether the logits are the final linear layer on the spatial mean of the last tap. Only then are that layer's rows
   * class-activation weights of the last tap, and a head can start from them.
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
