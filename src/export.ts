/**
 * Writes explainers as .onnx files for any ONNX runtime: P-TAME's by `exportExplainer`, Grad-CAM's and others' by
 * `exportBaseline`.
 *
 * @example Export the default explainer
 * ```ts
 * import { exportExplainer } from "@ptame/ptame/export";
 *
 * const { parts, size, head } = await exportExplainer({ float16: true });
 * let written = 0;
 * // Write them to a file one after the other; large ones are read when their turn comes.
 * for (const part of parts) written += part.length;
 * console.assert(written === size && head.trained);
 * ```
 *
 * @module
 */
export { type ExportedExplainer, exportExplainer, type ExportOptions } from "./ptame/export_explainer.ts";
export {
  exportBaseline,
  type ExportBaselineOptions,
  EXPORTED_METHODS,
  type ExportedBaseline,
} from "./baselines/export_baseline.ts";
export type {
  /** Settings of the written file. */
  ExportedFileOptions,
} from "./classifier/exported_file.ts";
export type {
  /** The classifier, and where its weights come from. */
  LoadClassifierOptions,
} from "./classifier/load.ts";
export type {
  /** Classifier, auxiliary and head. */
  ExplainerOptions,
} from "./ptame/explainer.ts";
export type {
  /** The classifier to export: a name, an .onnx file or a network function. */
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
  /** Facts about the exported classifier. */
  ClassifierFacts,
} from "./classifier/types.ts";
export type {
  /** What the exported head is, and how it was trained. */
  HeadRecord,
} from "./ptame/head_file.ts";
export type {
  /** A file of weights: its bytes, its address, or its table. */
  WeightSource,
} from "./weights/load_network.ts";
export type { Crop } from "./image/preprocess.ts";
