/**
 * The page's end: the library's functions, executed by a worker, so that the page's thread never waits for a network.
 * Images, maps and overlays are transferred without a copy.
 *
 * @module
 */
import type { OnnxModel } from "../classifier/onnx/model.ts";
import type { OverlayRequest } from "../explanation/map_explanation.ts";
import type { ImageSource, RgbImage } from "../image/types.ts";
import type { ExplainOptions } from "../explanation/map_explanation.ts";
import type { Target } from "../classifier/target.ts";
import type { FitProgress } from "../ptame/fit/fit_rows.ts";
import type { RefineOptions } from "../ptame/refine/types.ts";
import type { TrainProgress, TrainResult } from "../ptame/training/train_options.ts";
import type { DownloadProgress } from "../weights/download/progress.ts";
import { isBitmap } from "./bitmaps.ts";
import { type Caller, type CallOptions, createCaller, type Port } from "./messages.ts";
import type {
  ClassifierRunFacts,
  ExplainerFacts,
  MapProgress,
  MethodOptions,
  Methods,
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
  RemoteRuntimeFiles,
} from "./methods.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** An explainer that lives in a worker. */
export interface RemoteExplainer extends ExplainerFacts {
  /**
   * Explains an image.
   *
   * @param image As `Explainer.explain` takes it, or in browsers an ImageBitmap (for example of a camera), which is
   * transferred.
   * @throws As `Explainer.explain`.
   */
  explain(image: ImageSource | ImageBitmap, options?: ExplainOptions): Promise<RemoteExplanation>;
  /**
   * The backbone's probabilities for prepared pixels.
   *
   * @param pixels [3, crop, crop] in [0, 1], as `RemoteExplanation.input` gives it. Its buffer is transferred, so the
   * array is empty afterwards.
   */
  probabilities(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
  /** The head in use as a file, to keep it. */
  headFile(): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases it and its explanations. */
  dispose(): Promise<void>;
  /** Does the same at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** An explanation whose pass is kept in a worker. Dispose of it when no other class is needed. */
export interface RemoteExplanation extends PlainExplanation {
  /** Explains another class from the same pass, without running a network. */
  explainTarget(target: Target): Promise<PlainTarget>;
  /**
   * Sharpens the map of a class for this image, in the worker; see `Explanation.refine`. Overlays of this explanation draw
   * the refined map afterwards.
   */
  refine(options?: RefineOptions): Promise<PlainRefined>;
  /** The evidence for one class over another, from the same pass. */
  contrast(target: Target, against: Target): Promise<PlainContrast>;
  /** The image with that over it, and a legend, as the bytes of a PNG file. */
  contrastPng(target: Target, against: Target): Promise<Uint8Array<ArrayBuffer>>;
  /** The image as it was decoded, upright. */
  image(): Promise<RgbImage>;
  /**
   * The decoded image as a bitmap. Only in browsers, because Deno 2.9 cannot transfer bitmaps.
   *
   * @param longSide Maximum length of the longer side; 1024 by default. Smaller images stay unchanged.
   */
  bitmap(longSide?: number): Promise<ImageBitmap>;
  /** The backbone's crop of the image, [3, crop, crop] in [0, 1], for changing it and classifying it again. */
  input(): Promise<Float32Array<ArrayBuffer>>;
  /** The image with a class's heatmap over it. */
  overlay(request?: OverlayRequest): Promise<RgbImage>;
  /** The same as the bytes of a PNG file. */
  overlayPng(request?: OverlayRequest): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases it in the worker. */
  dispose(): Promise<void>;
}

/** Options of a worker's explainer: those of `createExplainer`; addresses may be relative to the page. */
export interface RemoteExplainerOptions
  extends Omit<PostedExplainerOptions, "weights" | "auxiliaryWeights" | "photos"> {
  /** Photographs to make a head from, as `createExplainer` takes them. */
  readonly photos?: Iterable<Exclude<ImageSource, URL> | URL>;
  /** Called after each of the photographs. */
  readonly onFit?: (progress: FitProgress) => void;
  /** File with the backbone's weights, or its address. */
  readonly weights?: RemoteFile | URL;
  /** The same for the auxiliary. */
  readonly auxiliaryWeights?: RemoteFile | URL;
  /** Called with the progress of downloads. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/** Options of a worker's training: those of `train`, with a complete list of images. */
export interface RemoteTrainOptions extends Omit<PostedTrainOptions, "backboneWeights" | "auxiliaryWeights"> {
  /** File with the backbone's weights, or its address. */
  readonly backboneWeights?: RemoteFile | URL;
  /** The same for the auxiliary. */
  readonly auxiliaryWeights?: RemoteFile | URL;
  /** Called with the progress of the run. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the run between steps. */
  readonly signal?: AbortSignal;
}

/** Options of a worker's classifier. */
export interface RemoteClassifierOptions extends Omit<PostedClassifierOptions, "weights"> {
  /** File with its weights, or its address. */
  readonly weights?: RemoteFile | URL;
  /** Called with the progress of downloads. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/** A classifier in a worker, for the methods that need no head. */
export interface RemoteClassifier extends ClassifierRunFacts {
  /**
   * Names an image.
   *
   * @throws {ImageError} When the image cannot be read.
   */
  classify(image: ImageSource | ImageBitmap, signal?: AbortSignal): Promise<RemoteSeen>;
  /** As `RemoteExplainer.probabilities`. */
  probabilities(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
  /** Releases it and its images. */
  dispose(): Promise<void>;
}

/** Options of one map by a method. */
export interface RemoteMapOptions extends MethodOptions {
  /** Called with the progress of methods that need many passes. */
  readonly onProgress?: (progress: MapProgress) => void;
  /** Stops between passes. */
  readonly signal?: AbortSignal;
}

/** An image that a classifier has named, kept in a worker. */
export interface RemoteSeen extends PlainSeen {
  /**
   * The map of a class by a method of `METHODS`, all but "ptame".
   *
   * @throws {TypeError} When the classifier does not support the method.
   */
  map(method: string, target: Target, options?: RemoteMapOptions): Promise<PlainMethodMap>;
  /** As `RemoteExplanation.bitmap`. */
  bitmap(longSide?: number): Promise<ImageBitmap>;
  /** As `RemoteExplanation.input`. */
  input(): Promise<Float32Array<ArrayBuffer>>;
  /** The image with a map over it that `map` has made before, as the bytes of a PNG file. */
  overlayPng(
    method: string,
    request: OverlayRequest & { readonly target: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases it in the worker. */
  dispose(): Promise<void>;
}

/** A classifier that the worker has read: give it as `model` to the other calls. */
export interface RemoteModel extends OpenedModel {
  /** Lets the worker forget it. What was opened from it goes on. */
  dispose(): Promise<void>;
}

/** Where a classifier comes from, and how its loading is followed. */
export type RemoteModelOptions = RemoteModelSource & {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
};

/** The library in a worker. */
export interface RemoteLibrary {
  /** Sets the location of the worker's runtime files. Call it before anything else. */
  configureRuntime(files: RemoteRuntimeFiles): Promise<void>;
  /** Like `createExplainer` of the library. */
  createExplainer(options?: RemoteExplainerOptions): Promise<RemoteExplainer>;
  /**
   * Reads a classifier in the worker: from files that belong together (`modelFromFiles`) or by its address
   * (`fetchModel`).
   *
   * @throws As these two.
   */
  openModel(options: RemoteModelOptions): Promise<RemoteModel>;
  /**
   * Opens a classifier for the methods that need no head.
   *
   * @throws As `openClassifier` of the library.
   */
  openClassifier(options?: RemoteClassifierOptions): Promise<RemoteClassifier>;
  /** Like `train` of the library. */
  train(options: RemoteTrainOptions): Promise<TrainResult>;
  /** Ends the connection; open calls fail. The creator of the worker must end the worker. */
  close(): void;
}

/**
 * Connects to a worker that serves the library.
 *
 * @param port The worker, or a port to it. Its module calls `serveWorker(self)`.
 *
 * @example Explain an image off the page's thread
 * ```ts ignore
 * import { connectWorker } from "@ptame/ptame/worker";
 *
 * const worker = new Worker(new URL("./explainer_worker.js", import.meta.url), { type: "module" });
 * const explainer = await connectWorker(worker).createExplainer({ device: "auto" });
 * const explanation = await explainer.explain(await (await fetch("photo.jpg")).blob());
 * const other = await explanation.explainTarget("tiger cat"); // no network runs for it
 * console.log(explanation.prediction[0]!.label, other.map.values.length);
 * ```
 */
export function connectWorker(port: Port): RemoteLibrary {
  const caller = createCaller(port);
  const ask = asker(caller);
  return {
    configureRuntime: (files) => ask("configureRuntime", files),
    openModel: async ({ onProgress, signal, ...source }) => {
      const opened = await ask("openModel", source, { signal, onProgress });
      return { ...opened, dispose: () => ask("disposeModel", { model: opened.model }) };
    },
    openClassifier: async ({ model, weights, onProgress, signal, ...options } = {}) => {
      const { handle, ...facts } = await ask("openClassifier", {
        ...options,
        ...withoutUndefined({ model: model && postedModel(model), weights: weights && postable(weights) }),
      }, { signal, onProgress });
      return remoteClassifier(ask, handle, facts);
    },
    createExplainer: async (
      { model, weights, auxiliaryWeights, photos, onProgress, onFit, signal, ...options } = {},
    ) => {
      const follow = (progress: DownloadProgress | FitProgress) =>
        "kind" in progress ? onProgress?.(progress) : onFit?.(progress);
      const parameters = {
        ...options,
        ...withoutUndefined({
          model: model && postedModel(model),
          photos: photos &&
            Array.from(photos, (photo) => posting(photo) as Exclude<RemoteImage, ImageBitmap>),
          weights: weights && postable(weights),
          auxiliaryWeights: auxiliaryWeights && postable(auxiliaryWeights),
        }),
      };
      const { handle, ...facts } = await ask("createExplainer", parameters, { signal, onProgress: follow });
      return remoteExplainer(ask, handle, facts);
    },
    train: ({ backbone, backboneWeights, auxiliaryWeights, onProgress, signal, ...options }) =>
      ask("train", {
        ...options,
        backbone: postedModel(backbone),
        ...withoutUndefined({
          backboneWeights: backboneWeights && postable(backboneWeights),
          auxiliaryWeights: auxiliaryWeights && postable(auxiliaryWeights),
        }),
      }, { signal, onProgress }),
    close: () => caller.close(),
  };
}

type Ask = <Name extends keyof Methods>(
  method: Name,
  parameters: Methods[Name]["parameters"],
  options?: CallOptions,
) => Promise<Methods[Name]["result"]>;

function asker(caller: Caller): Ask {
  return (method, parameters, options) => caller.call(method, parameters, options);
}

function remoteExplainer(ask: Ask, explainer: number, facts: ExplainerFacts): RemoteExplainer {
  const dispose = () => ask("disposeExplainer", { explainer });
  return {
    ...facts,
    explain: async (image, { signal, ...options } = {}) => {
      const posted = posting(image);
      const { handle, ...plain } = await ask("explain", { explainer, image: posted, ...options }, {
        signal,
        transfer: isBitmap(posted) ? [posted] : [],
      });
      return remoteExplanation(ask, handle, plain);
    },
    probabilities: (pixels, signal) =>
      ask("probabilities", { explainer, pixels }, { signal, transfer: [pixels.buffer] }),
    headFile: () => ask("headFile", { explainer }) as Promise<Uint8Array<ArrayBuffer>>,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function remoteClassifier(ask: Ask, classifier: number, facts: ClassifierRunFacts): RemoteClassifier {
  return {
    ...facts,
    classify: async (image, signal) => {
      const posted = posting(image);
      const { handle, ...plain } = await ask("classify", { classifier, image: posted }, {
        signal,
        transfer: isBitmap(posted) ? [posted] : [],
      });
      return remoteSeen(ask, handle, plain);
    },
    probabilities: (pixels, signal) =>
      ask("probabilities", { explainer: classifier, pixels }, { signal, transfer: [pixels.buffer] }),
    dispose: () => ask("disposeExplainer", { explainer: classifier }),
  };
}

function remoteSeen(ask: Ask, explanation: number, facts: PlainSeen): RemoteSeen {
  return {
    ...facts,
    map: (method, target, { signal, onProgress, ...settings } = {}) =>
      ask("mapBy", { explanation, method, target, settings }, { signal, onProgress }),
    bitmap: (longSide = 1024) => ask("bitmap", { explanation, longSide }),
    input: () => ask("input", { explanation }) as Promise<Float32Array<ArrayBuffer>>,
    overlayPng: (method, request) =>
      ask("overlay", { explanation, method, request, png: true }) as Promise<Uint8Array<ArrayBuffer>>,
    dispose: () => ask("disposeExplanation", { explanation }),
  };
}

function remoteExplanation(
  ask: Ask,
  explanation: number,
  facts: PlainExplanation,
): RemoteExplanation {
  return {
    ...facts,
    explainTarget: (target) => ask("explainTarget", { explanation, target }),
    refine: ({ signal, onProgress, ...options } = {}) =>
      ask("refine", { explanation, ...options }, { signal, onProgress }),
    contrast: (target, against) => ask("contrast", { explanation, target, against }),
    contrastPng: (target, against) =>
      ask("contrastPng", { explanation, target, against }) as Promise<Uint8Array<ArrayBuffer>>,
    image: () => ask("image", { explanation }),
    bitmap: (longSide = 1024) => ask("bitmap", { explanation, longSide }),
    input: () => ask("input", { explanation }) as Promise<Float32Array<ArrayBuffer>>,
    overlay: (request = {}) => ask("overlay", { explanation, request, png: false }) as Promise<RgbImage>,
    overlayPng: (request = {}) =>
      ask("overlay", { explanation, request, png: true }) as Promise<Uint8Array<ArrayBuffer>>,
    dispose: () => ask("disposeExplanation", { explanation }),
  };
}

/**
 * Converts an image to a form that can be posted. Relative addresses are resolved, because the worker would resolve
 * them against its own address.
 */
function posting(image: ImageSource | ImageBitmap): RemoteImage {
  if (image instanceof URL) return image.href;
  const base = (globalThis as { document?: { baseURI: string } }).document?.baseURI;
  return typeof image === "string" && base !== undefined ? new URL(image, base).href : image;
}

/** A model of the worker without its function, which cannot be posted. */
function postedModel(model: string | OpenedModel | OnnxModel): string | OpenedModel | OnnxModel {
  if (typeof model === "string" || !("dispose" in model)) return model;
  const { dispose: _, ...posted } = model as RemoteModel;
  return posted;
}

function postable(weights: RemoteFile | URL): RemoteFile | string {
  return weights instanceof URL ? weights.href : weights;
}
