/**
 * What `train` takes, reports and gives.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import type { Device, DeviceRequest } from "../../runtime/mod.ts";
import type { DownloadProgress } from "../../weights/download/progress.ts";
import type { WeightSource } from "../../weights/load_network.ts";
import type { WeightOptions } from "../../weights/obtain.ts";
import type { StepLoss, Validation } from "./checkpoint.ts";
import type { ClassifierSource } from "../../classifier/load.ts";
import type { HeadStart } from "../initial_head.ts";
import type { HyperParameters, TrainingForm } from "./presets.ts";
import type { PartCounts, SortProgress } from "./sorting.ts";
import type { SkippedImage } from "./training_images.ts";

/** What a training run reports while it goes on; first of all, what is downloaded for it. */
export type TrainProgress =
  | DownloadProgress
  | {
    readonly kind: "start";
    readonly device: Device;
    readonly images: number;
    readonly steps: number;
    /** Steps done before, where the run goes on from a checkpoint. */
    readonly resumedAt: number;
  }
  /** Every image is classified once, where classes are held out. */
  | ({ readonly kind: "sorting" } & SortProgress)
  /** What that gave; of a resumed run too, which need not do it again. */
  | { readonly kind: "sorted"; readonly holdOutClasses: number; readonly counts: PartCounts }
  /** The first tap has learned to draw edges, where the form asks for it; the part of their variance that it explains. */
  | { readonly kind: "edges"; readonly explained: number }
  | {
    readonly kind: "step";
    readonly steps: number;
    readonly loss: StepLoss;
    readonly learningRate: number;
    readonly imagesPerSecond: number;
    readonly secondsLeft: number;
  }
  | { readonly kind: "validation"; readonly validation: Validation; readonly best: boolean }
  | { readonly kind: "checkpoint"; readonly step: number }
  | { readonly kind: "skipped"; readonly skipped: SkippedImage };

/** Where checkpoints are kept; a file, or whatever the caller has. */
export interface CheckpointStore {
  /** The checkpoint to go on from, `undefined` for a new run. */
  load(): Promise<Uint8Array | undefined>;
  /** Keeps a checkpoint; whole or not at all. */
  save(bytes: Uint8Array): Promise<void>;
}

/** What to train, on what, and how. */
export interface TrainOptions extends Omit<WeightOptions, "onProgress"> {
  /** Classifier to explain: the name of a network, an .onnx file, or a network function. */
  readonly backbone: ClassifierSource;
  /** File with its weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly backboneWeights?: WeightSource;
  /**
   * Auxiliary: the name of a network, an .onnx file, or a network function; the same object as `backbone` where one pass
   * is to serve both. By default that of the head it starts from; else the backbone itself where a head can start from its
   * classifier, else "efficientnet_lite0".
   */
  readonly auxiliary?: ClassifierSource;
  /** File with its weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly auxiliaryWeights?: WeightSource;
  /** Images to train on, without labels; read when their turn comes. */
  readonly images: Iterable<ImageSource> | AsyncIterable<ImageSource>;
  /** At most so many of them. */
  readonly limit?: number;
  /**
   * Share of the classes that are kept out of training, 0 (the default) to 0.9: no image in which the classifier sees
   * one of them is trained on, and none of them is ever a target. Which they are depends on their indices alone; half of
   * them are to choose by, half to score on. See `partOf`.
   */
  readonly holdOutClasses?: number;
  /**
   * Held-out images for validation by AD and IC. By default none; with `holdOutClasses`, up to 100 of the images of
   * classes to choose by.
   */
  readonly validation?: readonly ImageSource[];
  /** Steps between validations; a fifth of the run by default. */
  readonly validateEvery?: number;
  /** Passes over the images; 1 by default. */
  readonly epochs?: number;
  /** Steps in all, instead of `epochs`. */
  readonly steps?: number;
  /** Images per step; 32 by default, as in the paper. */
  readonly batch?: number;
  /** Images that go through the backbone at once: memory, not results; 4 by default. */
  readonly microBatch?: number;
  /**
   * Workers that decode and cut images ahead of the steps: speed, not results. By default half of the cores, four at
   * most; 0 reads between the steps.
   */
  readonly imageWorkers?: number;
  /** Megabytes of decoded and resized images that are kept for later epochs: speed, not results; 1024 by default. */
  readonly imageCache?: number;
  /** Name of a preset; the paper's for the backbone by default. */
  readonly preset?: string;
  /** Hyper-parameters that differ from the preset's. */
  readonly hyperParameters?: Partial<HyperParameters>;
  /** What is trained and against which masks, where it differs from the preset. */
  readonly form?: Partial<TrainingForm>;
  /** How the head starts; from the auxiliary's classifier where the classes are the same, else PyTorch's default. */
  readonly start?: HeadStart["kind"] | Uint8Array;
  /** Of the order, the augmentation and the start; 0 by default. */
  readonly seed?: number;
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes. */
  readonly threads?: number;
  /** Where checkpoints are kept; none by default. */
  readonly checkpoint?: CheckpointStore;
  /** Steps between checkpoints; 50 by default. */
  readonly checkpointEvery?: number;
  /** Name of the head for people. */
  readonly name?: string;
  /** Licence of the head, and whom to name, for its record. */
  readonly licence?: string;
  /** Name of the images, for its record. */
  readonly data?: string;
  /** Called as the run goes on. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the run between steps; what is done is in the last checkpoint. */
  readonly signal?: AbortSignal;
}

/** What a training run gives. */
export interface TrainResult {
  /** Head file of the best validation, or of the last step where there was none. */
  readonly head: Uint8Array;
  /** Head file of the last step. */
  readonly last: Uint8Array;
  /** The loss of every step. */
  readonly losses: readonly StepLoss[];
  /** The validations, in order. */
  readonly validations: readonly Validation[];
  /** Images that could not be read. */
  readonly skipped: readonly SkippedImage[];
}
