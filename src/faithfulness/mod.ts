/**
 * Is a map faithful? Measures that remove pixels (AD, IC, ROAD, insertion, deletion, pixel flipping, infidelity,
 * correlations of sums and drops, …), that run the method again (sensitivity, coherency, ADCC, ARCC), that look
 * at the map alone (sparseness, complexity), that compare it with objects (pointing game, energy, relevance rank, mean
 * IoU), and that ask for the evidence for one class over another (contrast), in the presets of published programs, with
 * bootstrap intervals; and how alike two maps are.
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
export { parseCoco, type ShapesByImage } from "./coco.ts";
export { type ObjectShape, shapesInCrop } from "./shapes.ts";
export { type BoxesByImage, boxesFor, boxesInCrop, parseBoxes } from "./boxes.ts";
export {
  type CheckedMap,
  checkMap,
  type CheckOptions,
  checkSentence,
  type ControlCount,
  type MapCheck,
} from "./check.ts";
export { contrastMap, contrastMethods } from "./contrast_method.ts";
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
export type { ZeroSpace } from "./removal.ts";
export {
  type ArccProtocol,
  type CoherencyProtocol,
  type ConcentrationProtocol,
  type ContrastProtocol,
  type FlippingProtocol,
  type InfidelityProtocol,
  type IrofProtocol,
  type MaskingProtocol,
  type MeasurePreset,
  type OverlapProtocol,
  type PointingProtocol,
  presetNamed,
  PRESETS,
  type RegionsProtocol,
  type RoadProtocol,
  type SensitivityNProtocol,
  type SingleDeletionProtocol,
  type StabilityProtocol,
  type StepsProtocol,
  type SubsetProtocol,
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
export {
  allStatistics,
  type EvaluationStatistics,
  type MeasureAgreement,
  measureAgreement,
  type MeasureStatistics,
  measureStatistics,
  type PairStatistics,
} from "./statistics/compare.ts";
export { MEASURE_NAMES, type MeasureName, MEASURES } from "./measures.ts";
export type { Enlarged, Probe, Reading } from "./probe.ts";
export {
  compareMaps,
  compareVariant,
  LIKENESS,
  type Likeness,
  otherClassTest,
  type SanityImage,
  type SanityMethod,
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
