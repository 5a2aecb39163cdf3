/**
 * Trains heads: P-TAME's second half, in Deno and in browsers.
 *
 * @example Fine-tune on one image for two steps
 * ```ts
 * import { train } from "@ptame/ptame/train";
 *
 * const { head, losses } = await train({
 *   backbone: "efficientnet_lite0",
 *   images: ["models/sample/chelsea.jpg"],
 *   batch: 1,
 *   steps: 2,
 *   device: "wasm",
 *   onProgress: (progress) => progress.kind === "step" && console.log(progress.loss.total),
 * });
 * console.assert(losses.length === 2);
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
export type { FitRecord } from "./ptame/fit/fit_record.ts";
export type { FitProgress } from "./ptame/fit/fit_rows.ts";
export { ROW_FORMS } from "./ptame/training/rows.ts";
export type { Fill, View } from "./ptame/masks/views.ts";
export type { SkippedImage } from "./ptame/training/training_images.ts";
export type { ClassifierSource } from "./classifier/load.ts";
export type { CustomNetwork } from "./classifier/network_classifier.ts";
export type { OnnxModel } from "./classifier/onnx_model.ts";
export type { WeightSource } from "./weights/load_network.ts";
export type { WeightOptions } from "./weights/obtain.ts";
export { TrainingError } from "./ptame/errors.ts";
export { DownloadError } from "./weights/download/errors.ts";
export type { DownloadProgress } from "./weights/download/progress.ts";
export type { WeightCache } from "./weights/storage/types.ts";
export type { ImageSource, RgbImage } from "./image/types.ts";
export type { Device, DeviceRequest } from "./runtime/mod.ts";
export type { Preprocessing } from "../models/registry.ts";
