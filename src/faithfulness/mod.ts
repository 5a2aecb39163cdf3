/**
 * Is a map faithful? AD and IC, ROAD, insertion and deletion, infidelity, pointing game and energy, in the presets of
 * published programs, with bootstrap intervals; and how alike two maps are.
 *
 * @example Ranks of two maps
 * ```ts
 * import { spearman } from "./mod.ts";
 *
 * if (spearman([0.1, 0.5, 0.9], [1, 2, 3]) !== 1) throw new Error("the order is the same");
 * ```
 *
 * @module
 */
export { bootstrapDifference, bootstrapInterval, type BootstrapOptions } from "./bootstrap.ts";
export { type BoxesByImage, boxesFor, boxesInCut, parseBoxes } from "./boxes.ts";
export {
  type CheckedMap,
  checkMap,
  type CheckOptions,
  checkSentence,
  type ControlCount,
  type MapCheck,
} from "./check.ts";
export { spearman, ssim, type SsimOptions } from "./correlation.ts";
export { evaluate } from "./evaluate.ts";
export type {
  EvaluateOptions,
  EvaluateResult,
  EvaluationImage,
  EvaluationProgress,
  LoadedImage,
  SkippedImage,
} from "./evaluate_options.ts";
export {
  type InfidelityProtocol,
  type MaskingProtocol,
  type MeasurePreset,
  type PointingProtocol,
  presetNamed,
  PRESETS,
  type RoadProtocol,
  type StepsProtocol,
} from "./presets.ts";
export {
  compareMethods,
  type Comparison,
  type Evaluation,
  evaluationJson,
  type ImageRecord,
  type MapRecord,
  type MeasureResult,
  type MethodResult,
  summarize,
} from "./summary.ts";
export type {
  CurveAxis,
  MeasureDefinition,
  NegativeValues,
  ProbeContext,
  ValueDescription,
} from "./measure.ts";
export { MEASURE_NAMES, type MeasureName, MEASURES } from "./measures.ts";
export type { Enlarged, Probe, Reading } from "./probe.ts";
export {
  compareMaps,
  compareVariant,
  LIKENESS,
  type Likeness,
  type SanityImage,
  type SanityOptions,
  type SanityResult,
  type SwapResult,
  swapTest,
} from "./sanity.ts";
export type { BlankMap, BlankReason, MaskMap } from "../explanation/blank_map.ts";
export type { MapMethod } from "../explanation/map_method.ts";
export {
  type Box,
  type Interval,
  type Normalization,
  type Outcome,
  type Region,
  type Sample,
  type ScoreBatch,
} from "./types.ts";
export type { CropWindow, ValueMap } from "../image/types.ts";
export type { Size } from "../image/preprocess.ts";
