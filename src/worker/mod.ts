/**
 * The library in a Web Worker, with the library's own interface. A page explains and trains without blocking its
 * thread, and does not load the library there.
 *
 * This is the page's end, `connectWorker(worker)`. The worker's module is one call, `serveWorker(self)` of
 * `@ptame/ptame/worker/serve`.
 *
 * @module
 */
export {
  connectWorker,
  type RemoteClassifier,
  type RemoteClassifierOptions,
  type RemoteExplainer,
  type RemoteExplainerOptions,
  type RemoteExplanation,
  type RemoteLibrary,
  type RemoteMapOptions,
  type RemoteModel,
  type RemoteModelOptions,
  type RemoteSeen,
  type RemoteTrainOptions,
} from "./connect.ts";
export { type AdapterInfo, findAdapter } from "../runtime/adapter.ts";
export type { DeviceChoice, PassedOver, Provider } from "../runtime/device.ts";
export type { Port } from "./messages.ts";
export type { DrawingLooks, OverlayLooks } from "../image/overlay.ts";
export type { RefinedMap, RefineOptions, RefineRunOptions } from "../ptame/refine/types.ts";
export type { Refinement, RefineProgress, RefineWay } from "../explanation/refinement.ts";
export type { OverlayRequest } from "../explanation/map_explanation.ts";
export type {
  ClassifierRunFacts,
  ExplainerFacts,
  MapProgress,
  MethodOptions,
  OpenedModel,
  PlainContrast,
  PlainExplanation,
  PlainMethodMap,
  PlainRefined,
  PlainSeen,
  PlainTarget,
  PostedClassifierOptions,
  PostedExplainerOptions,
  PostedTrainOptions,
  RemoteFile,
  RemoteImage,
  RemoteModelSource,
  RemoteNamedFile,
  RemoteRuntimeFiles,
  RemoteWeights,
} from "./methods.ts";
