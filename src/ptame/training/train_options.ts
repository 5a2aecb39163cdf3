/**
 * Options, progress and result of `train`.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import type { Device, DeviceRequest } from "../../runtime/mod.ts";
import type { DownloadProgress } from "../../weights/download/progress.ts";
import type { WeightSource } from "../../weights/load_network.ts";
import type { WeightOptions } from "../../weights/obtain.ts";
import type { StepLoss, Validation } from "./checkpoint.ts";
import type { ClassifierSource, LoadClassifierOptions } from "../../classifier/load.ts";
import type { FitRecord } from "../fit/fit_record.ts";
import type { FitProgress } from "../fit/fit_rows.ts";
import type { HeadStart } from "../initial_parameters.ts";
import type { HyperParameters, TrainingForm } from "./presets.ts";
import type { PartCounts, SortProgress } from "./sorting.ts";
import type { SkippedImage } from "./training_images.ts";

/** Progress of a training run, starting with its downloads. */
export type TrainProgress =
  | DownloadProgress
  | {
    readonly kind: "start";
    readonly device: Device;
    readonly images: number;
    /** Absent if time limits the run. */
    readonly steps?: number;
    /** The limit of the whole run, if it has one. */
    readonly seconds?: number;
    /** Steps already done, if the run resumes from a checkpoint. */
    readonly resumedAt: number;
  }
  /** With held-out classes, every image is classified once. */
  | ({ readonly kind: "sorting" } & SortProgress)
  /** The result of sorting; also reported by a resumed run, which need not sort again. */
  | { readonly kind: "sorted"; readonly holdOutClasses: number; readonly counts: PartCounts }
  /** With `start: "regression"`: images that were shown to both networks. */
  | ({ readonly kind: "fitting" } & FitProgress)
  /** The result; a resumed run reports it, too. */
  | { readonly kind: "fitted"; readonly fit: FitRecord }
  /**
   * The first tap has learned to draw edges, if the form requires it; with the fraction of their variance that it
   * explains.
   */
  | { readonly kind: "edges"; readonly explained: number }
  | {
    readonly kind: "step";
    /** Steps of the whole run; estimated if time limits it. */
    readonly steps: number;
    readonly loss: StepLoss;
    readonly learningRate: number;
    readonly imagesPerSecond: number;
    readonly secondsLeft: number;
  }
  | { readonly kind: "validation"; readonly validation: Validation; readonly best: boolean }
  | { readonly kind: "checkpoint"; readonly step: number }
  | { readonly kind: "skipped"; readonly skipped: SkippedImage };

/** Storage for checkpoints: a file, or any storage of the caller. */
export interface CheckpointStore {
  /** The checkpoint to resume from, `undefined` for a new run. */
  load(): Promise<Uint8Array | undefined>;
  /** Stores a checkpoint, completely or not at all. */
  save(bytes: Uint8Array): Promise<void>;
}

/** Options of a training run. */
export interface TrainOptions extends Omit<WeightOptions, "onProgress"> {
  /** Classifier to explain: the name of a network, an .onnx file, or a network function. */
  readonly backbone: ClassifierSource;
  /** File with its weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly backboneWeights?: WeightSource;
  /**
   * Auxiliary: the name of a network, an .onnx file, or a network function; the same object as `backbone` if one pass
   * should serve both. By default that of the initial head; else the backbone itself if a head can start from its
   * classifier, else "efficientnet_lite0".
   */
  readonly auxiliary?: ClassifierSource;
  /** File with its weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly auxiliaryWeights?: WeightSource;
  /** Told what each classifier turned out to be, before it runs. */
  readonly onFacts?: LoadClassifierOptions["onFacts"];
  /** Images to train on, without labels; read on demand. */
  readonly images: Iterable<ImageSource> | AsyncIterable<ImageSource>;
  /** Maximum number of images to use. */
  readonly limit?: number;
  /**
   * Share of the classes to hold out from training, 0 (the default) to 0.9. Training uses no image whose top class is
   * held out, and a held-out class is never a target. The indices of the classes alone decide which are held out; half
   * of them are for choosing, half for scoring. See `classPart`.
   */
  readonly holdOutClasses?: number;
  /**
   * Held-out images for validation by AD and IC. By default none; with `holdOutClasses`, up to 100 of the images of
   * classes to choose by.
   */
  readonly validation?: readonly ImageSource[];
  /** Steps between validations; a fifth of the run by default. */
  readonly validateEvery?: number;
  /** Number of passes over the images; 1 by default. */
  readonly epochs?: number;
  /** Total number of steps, instead of `epochs`. */
  readonly steps?: number;
  /**
   * Seconds for the whole run, instead of `epochs` and `steps`: the schedule follows the clock. A regression takes up to
   * three fifths of them. Such a run has no checkpoint.
   */
  readonly seconds?: number;
  /** Ends the run after the current photograph or step, with the head so far as its result. */
  readonly finish?: AbortSignal;
  /** Images per step; 32 by default, as in the paper. */
  readonly batch?: number;
  /** Images per pass through the backbone; affects memory, not results; 4 by default. */
  readonly microBatch?: number;
  /**
   * Workers that decode and crop images ahead of the steps; affects speed, not results. By default half of the cores,
   * four at most; 0 reads between the steps.
   */
  readonly imageWorkers?: number;
  /** Megabytes of decoded and resized images to cache for later epochs; affects speed, not results; 1024 by default. */
  readonly imageCache?: number;
  /** Name of a preset; the paper's for the backbone by default. */
  readonly preset?: string;
  /** Hyper-parameters that differ from the preset's. */
  readonly hyperParameters?: Partial<HyperParameters>;
  /** Overrides of the preset's form: what is trained, and with which masks. */
  readonly form?: Partial<TrainingForm>;
  /**
   * How the head starts; by default from the auxiliary's classifier if the classes are the same, else PyTorch's
   * default. "regression" finds class rows for a classifier of any classes from its answers to up to 400 of the images
   * (fit/fit_rows.ts), so that rows can be shared; a head file that was fitted in this way brings its rows along.
   */
  readonly start?: HeadStart["kind"] | "regression" | Uint8Array;
  /** Seed of the order, the augmentation and the start; 0 by default. */
  readonly seed?: number;
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes. */
  readonly threads?: number;
  /** Storage for checkpoints; none by default. */
  readonly checkpoint?: CheckpointStore;
  /** Steps between checkpoints; 50 by default. */
  readonly checkpointEvery?: number;
  /** Name of the head for people. */
  readonly name?: string;
  /** Licence of the head, and whom to credit, for its record. */
  readonly licence?: string;
  /** Description of the images, for its record. */
  readonly data?: string;
  /** Called with the progress of the run. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the run between steps; the last checkpoint has the finished steps. */
  readonly signal?: AbortSignal;
}

/** The result of a training run. */
export interface TrainResult {
  /** Head file of the best validation, or of the last step without validation. */
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
