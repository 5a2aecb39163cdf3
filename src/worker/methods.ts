/**
 * What a page may ask a worker for, as plain data: the library's own options and results, less what cannot be posted.
 *
 * @module
 */
import type { OnnxModel } from "../classifier/onnx_model.ts";
import type { ClassifierFacts } from "../classifier/types.ts";
import type { OverlayRequest } from "../explanation/map_explanation.ts";
import type { ImageSource, RgbImage } from "../image/types.ts";
import type { ExplainerOptions } from "../ptame/explainer.ts";
import type { Contrast } from "../ptame/contrast.ts";
import type { Explanation } from "../ptame/explanation.ts";
import type { HeadRecord } from "../ptame/head_file.ts";
import type { ExplainOptions, TargetMap } from "../explanation/map_explanation.ts";
import type { Target } from "../classifier/prediction.ts";
import type { TrainOptions, TrainResult } from "../ptame/training/train_options.ts";
import type { Device, RuntimeFiles } from "../runtime/mod.ts";

/** A picture that can be posted; addresses are text. */
export type RemoteImage = Exclude<ImageSource, URL> | ImageBitmap;

/**
 * A file: its bytes, or a Blob, which is posted without a copy however large it is.
 */
export type RemoteFile = Uint8Array | Blob;

/** A file of weights, or its address. */
export type RemoteWeights = RemoteFile | string;

/** Where a worker's runtime finds its own files. */
export interface RemoteRuntimeFiles extends Omit<RuntimeFiles, "wasmBinary"> {
  /** The .wasm file of the build used. */
  readonly wasmBinary?: RemoteFile;
}

/** The map of one class: all of {@linkcode TargetMap} but `pictureMap`, which `placeMap` makes of it. */
export type PlainTarget = Omit<TargetMap, "pictureMap">;

/** What speaks for one class rather than another: all of {@linkcode Contrast} that can be posted. */
export type PlainContrast = Pick<Contrast, "for" | "against" | "map" | "scale">;

/** Of what an explainer consists, and where it runs. */
export interface ExplainerFacts {
  /** What is known of the backbone. */
  readonly backbone: ClassifierFacts;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** What the head is. */
  readonly head: HeadRecord;
  /** Device that the backbone really runs on. */
  readonly device: Device;
  /** Threads that it runs on. */
  readonly threads: number;
  /** WebGPU only: whether some nodes run on the CPU. */
  readonly partlyOnCpu: boolean;
}

/** An explainer of the worker. */
export interface OpenedExplainer extends ExplainerFacts {
  /** Its number there. */
  readonly handle: number;
}

/** An explanation without what stays in the worker. */
export interface PlainExplanation extends
  Pick<
    Explanation,
    | "model"
    | "method"
    | "auxiliary"
    | "activation"
    | "head"
    | "device"
    | "threads"
    | "prediction"
    | "window"
    | "milliseconds"
  > {
  /** Size of the picture, upright. */
  readonly size: { readonly width: number; readonly height: number };
  /** One map per class asked for. */
  readonly targets: readonly PlainTarget[];
}

/** An explanation of the worker. */
export interface ExplanationFacts extends PlainExplanation {
  /** Its number there. */
  readonly handle: number;
}

/** Options of a worker's explainer: those of `createExplainer` that can be posted. */
export type PostedExplainerOptions =
  & Pick<ExplainerOptions, "device" | "threads" | "offline" | "mirrors">
  & {
    /** A network's name, or an .onnx file: a function cannot be posted. */
    readonly model?: string | OnnxModel;
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
    /** A network's name, or an .onnx file: a function cannot be posted. */
    readonly backbone: string | OnnxModel;
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
  readonly contrast: Method<Pair, PlainContrast>;
  readonly contrastPng: Method<Pair, Uint8Array>;
  readonly picture: Method<{ readonly explanation: number }, RgbImage>;
  readonly bitmap: Method<{ readonly explanation: number; readonly longSide: number }, ImageBitmap>;
  readonly input: Method<{ readonly explainer: number; readonly explanation: number }, Float32Array>;
  readonly overlay: Method<
    { readonly explanation: number; readonly png: boolean; readonly request: OverlayRequest },
    RgbImage | Uint8Array
  >;
  readonly classify: Method<
    { readonly explainer: number; readonly pixels: Float32Array },
    Float32Array
  >;
  readonly train: Method<PostedTrainOptions, TrainResult>;
}

/** A method's parameters and result. */
export interface Method<Parameters, Result> {
  /** What it takes. */
  readonly parameters: Parameters;
  /** What it gives. */
  readonly result: Result;
}
