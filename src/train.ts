/**
 * Trains heads: P-TAME's second half, in Deno and in browsers.
 *
 * @example Fine-tune on one image
 * ```ts
 * import { train } from "@ptame/ptame/train";
 *
 * const { head, losses } = await train({
 *   backbone: "efficientnet_lite0",
 *   images: ["models/sample/chelsea.jpg"],
 *   batch: 1,
 *   steps: 1,
 *   device: "wasm",
 *   onProgress: (progress) => progress.kind === "step" && console.log(progress.loss.total),
 * });
 * console.assert(losses.length === 1);
 * // `explain(image, { head })` takes it from here.
 * console.assert(head.length > 0);
 * ```
 *
 * @module
 */
export { train } from "./ptame/training/trainer.ts";
export {
  type CheckpointStore,
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
} from "./ptame/training/train_options.ts";
export { allowedTargets, type ClassPart, classPart } from "./ptame/class_split.ts";
export type { PartCounts, SortProgress } from "./ptame/training/sorting.ts";
export type { StepLoss, Validation } from "./ptame/training/checkpoint.ts";
export type { HeadStart } from "./ptame/initial_parameters.ts";
export type { LossWeights } from "./ptame/training/loss.ts";
export {
  type HyperParameters,
  MASK_FORMS,
  PRESETS,
  type TrainingForm,
  type TrainingPreset,
} from "./ptame/training/presets.ts";
export type {
  /** How well a head that was fitted by regression says the scores of unseen images. */
  FitRecord,
} from "./ptame/fit/fit_record.ts";
export type {
  /** A step of fitting a head by regression. */
  FitProgress,
} from "./ptame/fit/fit_rows.ts";
export { ROW_FORMS } from "./ptame/training/rows.ts";
export type { Fill, View } from "./ptame/masks/views.ts";
export type { SkippedImage } from "./ptame/training/training_images.ts";
export type {
  /** The classifier to train for: a name, an .onnx file or a network function. */
  ClassifierSource,
} from "./classifier/load.ts";
export type {
  /** The caller's own network function. */
  CustomNetwork,
} from "./classifier/network_classifier.ts";
export type {
  /** An .onnx file as a classifier, and how it is fed. */
  OnnxModel,
} from "./classifier/onnx/model.ts";
export type {
  /** A file of weights: its bytes, its address, or its table. */
  WeightSource,
} from "./weights/load_network.ts";
export type {
  /** Where weights come from, and whether the network may be used. */
  WeightOptions,
} from "./weights/obtain.ts";
export { TrainingError } from "./ptame/errors.ts";
export {
  /** A file could not be downloaded. */
  DownloadError,
} from "./weights/download/errors.ts";
export type {
  /** Progress of a download. */
  DownloadProgress,
} from "./weights/download/progress.ts";
export type {
  /** A store of downloaded weights. */
  WeightCache,
} from "./weights/storage/types.ts";
export type {
  /** An image to train on: a path, an address, bytes, a Blob, or pixels. */
  ImageSource,
  /** An image in memory. */
  RgbImage,
} from "./image/types.ts";
export type {
  /** Where a network runs. */
  Device,
  /** Where networks may run. */
  DeviceRequest,
  /** An execution provider of the native runtime. */
  Provider,
} from "./runtime/mod.ts";
export type {
  /** How an image becomes the input of a network. */
  Preprocessing,
} from "../models/registry.ts";
