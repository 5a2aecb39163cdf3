/**
 * The interface between page and worker as plain data: the library's options and results, without values that cannot be
 * posted.
 *
 * @module
 */
import type { MapProgress, MethodOptions } from "../baselines/types.ts";
import type { OnnxModel } from "../classifier/onnx/model.ts";
import type { ClassifierFacts } from "../classifier/types.ts";
import type { LayerFacts, MapExplanation, OverlayRequest } from "../explanation/map_explanation.ts";
import type { ImageSource, RgbImage } from "../image/types.ts";
import type { ExplainerOptions } from "../ptame/explainer.ts";
import type { Contrast } from "../ptame/contrast.ts";
import type { Explanation } from "../ptame/explanation.ts";
import type { RefinedMap, RefineOptions } from "../ptame/refine/types.ts";
import type { HeadRecord } from "../ptame/head_file.ts";
import type { ExplainOptions, TargetMap } from "../explanation/map_explanation.ts";
import type { Target } from "../classifier/target.ts";
import type { TrainOptions, TrainResult } from "../ptame/training/train_options.ts";
import type { Device, DeviceChoice, RuntimeFiles } from "../runtime/mod.ts";
import type { ModelDtype } from "../weights/hub/dtypes.ts";

/** An image that can be posted; addresses are text. */
export type RemoteImage = Exclude<ImageSource, URL> | ImageBitmap;

/** A file: its bytes, or a Blob, which is posted without a copy, whatever its size. */
export type RemoteFile = Uint8Array | Blob;

/** A file of weights, or its address. */
export type RemoteWeights = RemoteFile | string;

/** Location of a worker's runtime files. */
export interface RemoteRuntimeFiles extends Omit<RuntimeFiles, "wasmBinary"> {
  /** The .wasm file of the used build. */
  readonly wasmBinary?: RemoteFile;
}

/** The map of one class: all of {@linkcode TargetMap} but what measures take, and `imageMap`, which `placeMap` makes of it. */
export type PlainTarget = Omit<TargetMap, "imageMap" | "measured">;

/** A refined map: all of {@linkcode RefinedMap} but `imageMap` and `measured`. */
export type PlainRefined = Omit<RefinedMap, "imageMap" | "measured">;

/** The evidence for one class over another: the parts of {@linkcode Contrast} that can be posted. */
export type PlainContrast = Pick<Contrast, "for" | "against" | "map" | "scale">;

/** The networks and the device of an explainer. */
export interface ExplainerFacts {
  /** Facts about the backbone. */
  readonly backbone: ClassifierFacts;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record. */
  readonly head: HeadRecord;
  /** Device on which the backbone actually runs. */
  readonly device: Device;
  /** Why it is this device. */
  readonly choice: DeviceChoice;
  /** Number of threads. */
  readonly threads: number;
  /** WebGPU only: whether some nodes run on the CPU. */
  readonly partlyOnCpu: boolean;
}

/** An explainer of the worker. */
export interface OpenedExplainer extends ExplainerFacts {
  /** Its number there. */
  readonly handle: number;
}

/** An explanation without the parts that stay in the worker. */
export interface PlainExplanation extends
  Pick<
    Explanation,
    | "model"
    | "method"
    | "auxiliary"
    | "activation"
    | "reading"
    | "head"
    | "device"
    | "threads"
    | "prediction"
    | "window"
    | "milliseconds"
  > {
  /** Size of the image, upright. */
  readonly size: { readonly width: number; readonly height: number };
  /** One map per requested class. */
  readonly targets: readonly PlainTarget[];
}

/** An explanation of the worker. */
export interface ExplanationFacts extends PlainExplanation {
  /** Its number there. */
  readonly handle: number;
}

/** A file with its name, for a classifier that is put together from files. */
export interface RemoteNamedFile {
  /** Its name, without a folder. */
  readonly name: string;
  /** Its content. */
  readonly content: RemoteFile;
}

/** Where a classifier comes from: files that belong together, or an address as `fetchModel` takes it. */
export type RemoteModelSource =
  | { readonly files: readonly RemoteNamedFile[] }
  | { readonly address: string; readonly dtype?: ModelDtype };

/** A classifier that was read in the worker and stays there: its facts, and its number there. */
export interface OpenedModel extends ClassifierFacts {
  /** Its number. */
  readonly model: number;
}

/** What a classifier in the worker runs on. */
export type ClassifierRunFacts = Pick<ExplainerFacts, "backbone" | "device" | "threads" | "partlyOnCpu">;

/** A classifier of the worker that is open. */
export interface OpenedClassifier extends ClassifierRunFacts {
  /** Its number there. */
  readonly handle: number;
}

/** An image that a classifier has named, before any map. */
export interface PlainSeen extends
  Pick<
    MapExplanation,
    "model" | "activation" | "reading" | "device" | "threads" | "prediction" | "window" | "milliseconds"
  > {
  /** Size of the image, upright. */
  readonly size: { readonly width: number; readonly height: number };
}

/** The same in the worker. */
export interface SeenFacts extends PlainSeen {
  /** Its number there. */
  readonly handle: number;
}

/** A class's map by a method. */
export interface PlainMethodMap extends PlainTarget {
  /** The method's name. */
  readonly method: string;
  /** The layer that it reads, if it reads one. */
  readonly layer?: LayerFacts;
  /** Milliseconds that the map took. */
  readonly milliseconds: number;
}

/** Options of a worker's classifier. */
export type PostedClassifierOptions = Pick<
  PostedExplainerOptions,
  "model" | "weights" | "device" | "threads" | "offline" | "mirrors" | "cache"
>;

/** Options of a worker's explainer: those of `createExplainer` that can be posted. */
export type PostedExplainerOptions =
  & Pick<ExplainerOptions, "device" | "threads" | "offline" | "mirrors">
  & {
    /** A network's name, a classifier that the worker has read, or an .onnx file: a function cannot be posted. */
    readonly model?: string | OpenedModel | OnnxModel;
    /** Photographs to make a head from, if none is given. */
    readonly photos?: readonly Exclude<RemoteImage, ImageBitmap>[];
    readonly auxiliary?: string | OnnxModel;
    readonly head?: RemoteFile;
    readonly weights?: RemoteWeights;
    readonly auxiliaryWeights?: RemoteWeights;
    /** Name of the cache, or the folder in Deno: a cache itself cannot be posted. */
    readonly cache?: string;
  };

/** Options of a worker's training: those of `train` that can be posted. */
export type PostedTrainOptions =
  & Omit<
    TrainOptions,
    | "backbone"
    | "auxiliary"
    | "start"
    | "images"
    | "validation"
    | "backboneWeights"
    | "auxiliaryWeights"
    | "cache"
    | "checkpoint"
    | "onProgress"
    | "signal"
  >
  & {
    /** A network's name, a classifier that the worker has read, or an .onnx file: a function cannot be posted. */
    readonly backbone: string | OpenedModel | OnnxModel;
    readonly auxiliary?: string | OnnxModel;
    readonly start?: Exclude<TrainOptions["start"], Uint8Array | undefined> | RemoteFile;
    readonly images: readonly Exclude<RemoteImage, ImageBitmap>[];
    readonly validation?: readonly Exclude<RemoteImage, ImageBitmap>[];
    readonly backboneWeights?: RemoteWeights;
    readonly auxiliaryWeights?: RemoteWeights;
    /** Name of the cache, or the folder in Deno: a cache itself cannot be posted. */
    readonly cache?: string;
  };

/** Two classes of an explanation. */
interface Pair {
  readonly explanation: number;
  readonly target: Target;
  readonly against: Target;
}

/** A class's map by a method. */
interface MapRequest {
  readonly explanation: number;
  readonly method: string;
  readonly target: Target;
  readonly settings: MethodOptions;
}

/** What is reported while a method makes a map. */
export type { MapProgress, MethodOptions };

/** The methods by name. */
export interface Methods {
  readonly configureRuntime: Method<RemoteRuntimeFiles, void>;
  readonly createExplainer: Method<PostedExplainerOptions, OpenedExplainer>;
  readonly disposeExplainer: Method<{ readonly explainer: number }, void>;
  readonly explain: Method<
    Omit<ExplainOptions, "signal"> & { readonly explainer: number; readonly image: RemoteImage },
    ExplanationFacts
  >;
  readonly disposeExplanation: Method<{ readonly explanation: number }, void>;
  readonly explainTarget: Method<{ readonly explanation: number; readonly target: Target }, PlainTarget>;
  readonly refine: Method<
    Omit<RefineOptions, "signal" | "onProgress"> & { readonly explanation: number },
    PlainRefined
  >;
  readonly contrast: Method<Pair, PlainContrast>;
  readonly contrastPng: Method<Pair, Uint8Array>;
  readonly image: Method<{ readonly explanation: number }, RgbImage>;
  readonly bitmap: Method<{ readonly explanation: number; readonly longSide: number }, ImageBitmap>;
  readonly input: Method<{ readonly explanation: number }, Float32Array>;
  readonly overlay: Method<
    {
      readonly explanation: number;
      /** The method whose map is drawn, for an image that a classifier has named. */
      readonly method?: string;
      readonly png: boolean;
      readonly request: OverlayRequest;
    },
    RgbImage | Uint8Array
  >;
  readonly probabilities: Method<
    { readonly explainer: number; readonly pixels: Float32Array },
    Float32Array
  >;
  readonly train: Method<PostedTrainOptions, TrainResult>;
  readonly headFile: Method<{ readonly explainer: number }, Uint8Array>;
  readonly openModel: Method<RemoteModelSource, OpenedModel>;
  readonly disposeModel: Method<{ readonly model: number }, void>;
  readonly openClassifier: Method<PostedClassifierOptions, OpenedClassifier>;
  readonly classify: Method<{ readonly classifier: number; readonly image: RemoteImage }, SeenFacts>;
  readonly mapBy: Method<MapRequest, PlainMethodMap>;
}

/** A method's parameters and result. */
export interface Method<Parameters, Result> {
  /** Its parameters. */
  readonly parameters: Parameters;
  /** Its result. */
  readonly result: Result;
}
