/**
 * Other explanation methods, to compare with P-TAME: Grad-CAM, Grad-CAM++, Layer-CAM (of several layers, too), HiResCAM,
 * XGrad-CAM, Finer-CAM, Eigen-CAM, attention rollout, LeGrad, Score-CAM, Ablation-CAM, RISE, occlusion, LIME, KernelSHAP,
 * Sobol, HSIC, extremal perturbations, Integrated Gradients, Expected Gradients, SmoothGrad, Saliency, Input × Gradient,
 * guided backpropagation, layer-wise relevance propagation, and controls that ignore the classifier.
 * Those that need gradients work on any .onnx classifier that can be differentiated, without naming a layer.
 *
 * @example Grad-CAM of an image
 * ```ts
 * import { createBaseline } from "@ptame/ptame/baselines";
 *
 * await using baseline = await createBaseline("gradcam");
 * const { targets } = await baseline.explain("models/sample/chelsea.jpg");
 * console.log(targets[0]!.map.values); // 7 x 7 numbers in [0, 1]
 * ```
 *
 * @example Any number that the outputs give can be the target: the evidence for one class over another
 * ```ts
 * import { createBaseline, targets } from "@ptame/ptame/baselines";
 *
 * await using baseline = await createBaseline("integrated-gradients", { steps: 4 });
 * const target = targets.difference(targets.score("tabby"), targets.score("tiger cat"));
 * const explained = await baseline.explain("models/sample/chelsea.jpg", { target });
 * console.log(explained.targets[0]!.label, explained.targets[0]!.probability); // "tabby − tiger cat", a score
 * ```
 *
 * @module
 */
export { type ClassifierSource, loadClassifier, type LoadClassifierOptions } from "./classifier/load.ts";
export type { Classifier, ClassifierFacts, GraphPart, ScoreOptions, Scores } from "./classifier/types.ts";
export type { CustomNetwork } from "./classifier/network_classifier.ts";
export type { CroppedImage, PreparedImage, PrepareOptions } from "./classifier/prepared_image.ts";
export {
  type AttentionKind,
  type Backward,
  classifierOver,
  type OpenClassifier,
  openClassifier,
  type OpenClassifierOptions,
  type OpenOptions,
  type TappedGradient,
  type TappedPass,
} from "./classifier/open.ts";
export type { Tap } from "./classifier/taps/tap.ts";
export type { GridPlaces } from "./classifier/taps/axes.ts";
export type { Value } from "./graph/types.ts";
export {
  type BaselineExplainer,
  type BaselineExplainOptions,
  type BaselineOptions,
  type BaselineTarget,
  createBaseline,
} from "./baselines/explainer.ts";
export { type ScoreFunction, targets } from "./classifier/score_function.ts";
export { openMethod, type OpenMethodOptions } from "./baselines/open.ts";
export { baselineNamed, methodNamed, METHODS } from "./baselines/methods.ts";
export {
  listStages,
  type RandomizationOptions,
  type RandomizationStage,
  randomizationTest,
} from "./faithfulness/randomization.ts";
export { listLayers, overPart, randomized, randomizedClassifier } from "./classifier/graphs/randomized.ts";
export type { BoundGraph } from "./graph/bound_graph.ts";
export {
  type Attribute,
  type AttributeOptions,
  type BaselineDefinition,
  type CountOption,
  createMapMethod,
  type HeadMethodDefinition,
  type MapProgress,
  type MapSense,
  type MaskScale,
  type MethodDefinition,
  type MethodFacts,
  type MethodNeeds,
  type MethodOptions,
  scaleToMask,
} from "./baselines/types.ts";
export type { DecodeSettings } from "./image/decode.ts";
export type {
  BlankMap,
  BlankReason,
  Completeness,
  MaskMap,
  RawMap,
  Settling,
} from "./explanation/blank_map.ts";
export type { MapScale, ScaleEnds } from "./explanation/map_scale.ts";
export type { MapMethod } from "./explanation/map_method.ts";
export type { OnnxModel } from "./classifier/onnx/model.ts";
export type {
  ExplainOptions,
  ExplainTimings,
  LayerFacts,
  MapExplainer,
  MapExplanation,
  TargetMap,
} from "./explanation/map_explanation.ts";
