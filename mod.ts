/**
 * Shows where an image classifier looks, with one forward pass, for any classifier: P-TAME (Ntrougkas, Mezaris, Patras,
 * IEEE OJSP 2025) over onnxruntime-web, in Deno, at the edge and in browsers.
 *
 * @example Explain an image
 * ```ts
 * import { createExplainer } from "@ptame/ptame";
 *
 * await using explainer = await createExplainer();
 * const explanation = await explainer.explain("models/sample/chelsea.jpg");
 * console.log(explanation.prediction[0]!.label); // what the classifier sees
 * console.log(explanation.targets[0]!.map.values); // where it looks: 56 x 56 numbers in [0, 1]
 * const png = await explanation.overlayPng(); // the photo with the heatmap over it
 * console.log(png.length);
 * ```
 *
 * @module
 */
export { NoHeadError, UnknownBackboneError } from "./src/ptame/errors.ts";
export { createExplainer, explain, type Explainer, type ExplainerOptions } from "./src/ptame/explainer.ts";
export type { FitRecord } from "./src/ptame/fit/fit_record.ts";
export type { FitProgress } from "./src/ptame/fit/fit_rows.ts";
export type { Explanation } from "./src/ptame/explanation.ts";
export type { RefinedMap, RefinedRow, RefineOptions, RefineRunOptions } from "./src/ptame/refine/types.ts";
export type { Refinement, RefineProgress, RefineWay } from "./src/explanation/refinement.ts";
export {
  explainMany,
  type ExplainManyOptions,
  type ImageExplainer,
  type ManyResult,
} from "./src/explanation/explain_many.ts";
export type { DecodeSettings } from "./src/image/decode.ts";
export type {
  BlankMap,
  BlankReason,
  Completeness,
  MaskMap,
  RawMap,
  Settling,
} from "./src/explanation/blank_map.ts";
export type { MapScale, ScaleEnds } from "./src/explanation/map_scale.ts";
export type { DrawingLooks, OverlayLooks } from "./src/image/overlay.ts";
export type {
  ExplainOptions,
  ExplainTimings,
  LayerFacts,
  MapExplainer,
  MapExplanation,
  OverlayRequest,
  TargetMap,
} from "./src/explanation/map_explanation.ts";
export { type ClassifierSource, loadClassifier, type LoadClassifierOptions } from "./src/classifier/load.ts";
export type {
  Classifier,
  ClassifierFacts,
  DescribedFact,
  FactSource,
  GraphPart,
  ScoreOptions,
  Scores,
} from "./src/classifier/types.ts";
export type { ScoreActivation, ScoreMeaning, ScoreReading } from "./src/classifier/score_meaning.ts";
export { fetchModel } from "./src/classifier/descriptions/fetch_model.ts";
export { modelFromFiles, type NamedFile } from "./src/classifier/descriptions/model_files.ts";
export type { ModelAddressOptions } from "./src/weights/hub/obtain.ts";
export type { HubOptions } from "./src/weights/hub/listing.ts";
export type { ModelDtype } from "./src/weights/hub/dtypes.ts";
export type { CustomNetwork } from "./src/classifier/network_classifier.ts";
export type { OnnxModel } from "./src/classifier/onnx/model.ts";
export type { CroppedImage, PreparedImage, PrepareOptions } from "./src/classifier/prepared_image.ts";
export { parseLabels } from "./src/classifier/descriptions/label_files.ts";
export { describeConfig, describePreprocessor } from "./src/classifier/descriptions/hub_files.ts";
export type { ModelDescription } from "./src/classifier/descriptions/description.ts";
export { type OnnxSettings, parseOnnxSettings } from "./src/classifier/descriptions/settings.ts";
export type { OnnxPreprocessing } from "./src/classifier/onnx/image_input.ts";
export type { OutputActivation } from "./src/graph/onnx_file.ts";
export type { Contrast } from "./src/ptame/contrast.ts";
export type { ClassScore } from "./src/classifier/prediction.ts";
export { type ScoreFunction, targets } from "./src/classifier/score_function.ts";
export { AmbiguousClassError, type Target } from "./src/classifier/target.ts";
export { type Head, type HeadRecord, type HeadTensor, readHead, writeHead } from "./src/ptame/head_file.ts";
export {
  type CheckpointFile,
  type ImportedHead,
  importHead,
  type ImportOptions,
} from "./src/ptame/import_head.ts";
export type { HeadShape } from "./src/ptame/head.ts";
export { randomizedHead, type RandomizedHeadOptions } from "./src/ptame/randomized_head.ts";
export type { ByteSource } from "./src/bytes/byte_source.ts";
export type { TensorEntry, TensorTable, TensorType, WeightFile } from "./src/weights/tensor_table.ts";
export { readWeightFile } from "./src/weights/weight_file.ts";
export type { WeightSource } from "./src/weights/load_network.ts";
export type { WeightOptions } from "./src/weights/obtain.ts";
export { DownloadError } from "./src/weights/download/errors.ts";
export type { DownloadProgress } from "./src/weights/download/progress.ts";
export type { WeightCache } from "./src/weights/storage/types.ts";
export {
  type AdapterInfo,
  configureRuntime,
  type Device,
  type DeviceChoice,
  DeviceError,
  type DeviceFacts,
  type DeviceRequest,
  type DeviceTensor,
  findAdapter,
  listDevices,
  ModelError,
  type PassedOver,
  type Provider,
  RunError,
  type RuntimeFiles,
  type Session,
  type Tensor,
  type TensorData,
} from "./src/runtime/mod.ts";
export type { DataType } from "./src/graph/types.ts";
export {
  type CropWindow,
  ImageError,
  type ImageSource,
  type RgbImage,
  type ValueMap,
} from "./src/image/types.ts";
export type { BoundGraph } from "./src/graph/bound_graph.ts";
export type {
  Builder,
  BuildNetwork,
  NetworkOutputs,
  Preprocessing,
  TapDefinition,
  Value,
  WeightsDefinition,
} from "./models/registry.ts";
