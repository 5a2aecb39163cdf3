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
export type { ExportedFileOptions } from "./classifier/exported_file.ts";
export type { LoadClassifierOptions } from "./classifier/load.ts";
export type { ExplainerOptions } from "./ptame/explainer.ts";
export type { ClassifierSource } from "./classifier/load.ts";
export type { CustomNetwork } from "./classifier/network_classifier.ts";
export type { OnnxModel } from "./classifier/onnx_model.ts";
export type { ClassifierFacts } from "./classifier/types.ts";
export type { HeadRecord } from "./ptame/head_file.ts";
export type { WeightSource } from "./weights/load_network.ts";
export type { CropSize } from "./classifier/prepared_image.ts";
