/**
 * Options, progress and result of an evaluation; evaluate.ts runs it.
 *
 * @module
 */
import type { PreparedImage } from "../classifier/prepared_image.ts";
import type { Evaluation, ImageRecord } from "./summary.ts";
import type { MeasureName } from "./measures.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Normalization, Region, ScoreBatch } from "./types.ts";

/** An image with the facts that depend on it. */
export interface LoadedImage extends PreparedImage {
  /** Region of the object, in pixels of the backbone's crop. */
  readonly region?: Region;
}

/** An image to measure on. */
export interface EvaluationImage {
  /** Its name; a resumed run identifies it by name. */
  readonly name: string;
  /**
   * `[3, S, S]` in [0, 1], not normalised; or a function that reads it, with the auxiliary's crop and the region if it
   * has them. It is not called if a record exists.
   */
  readonly pixels:
    | Float32Array
    | (() => Float32Array | LoadedImage | Promise<Float32Array | LoadedImage>);
  /** Region of the object; only the pointing game and energy need it. */
  readonly region?: Region;
}

/** An image as the input of methods. */
export async function loadImage({ pixels }: EvaluationImage): Promise<LoadedImage> {
  const loaded = typeof pixels === "function" ? await pixels() : pixels;
  return loaded instanceof Float32Array ? { pixels: loaded } : loaded;
}

/** An image that could not be read. */
export interface SkippedImage {
  /** Its name. */
  readonly image: string;
  /** The reason, in one line. */
  readonly reason: string;
}

/** Progress of an evaluation. */
export interface EvaluationProgress {
  /** Images done, including those of a resumed run. */
  readonly done: number;
  /** Total number of images, if known. */
  readonly total: number | undefined;
  /** The last finished image. */
  readonly image: string;
  /** Time since the start, in seconds. */
  readonly seconds: number;
  /** Time left in seconds, if the number of images is known. */
  readonly secondsLeft: number | undefined;
}

/** Options of an evaluation. */
export interface EvaluateOptions {
  /** The images, each read on demand. */
  readonly images: Iterable<EvaluationImage> | AsyncIterable<EvaluationImage>;
  /** Number of images if `images` is not an array; needed for the time left. */
  readonly total?: number;
  /** The methods, by name. */
  readonly methods: Readonly<Record<string, MapMethod>>;
  /** The classifier. */
  readonly score: ScoreBatch;
  /** Name of the preset; "ptame-2025" by default. Measures that it does not define use their own preset. */
  readonly preset?: string;
  /** The measures; AD, IC and ROAD by default. */
  readonly measures?: readonly MeasureName[];
  /** The classifier's normalisation; some presets work on normalised pixels. */
  readonly normalization?: Normalization;
  /** Seed of ROAD's noise and of the bootstrap; 0 by default. */
  readonly seed?: number;
  /** Bootstrap samples; 1000 by default. */
  readonly resamples?: number;
  /** Images per call of `score`; 16 by default. */
  readonly batchSize?: number;
  /** Other settings that the records depend on, such as the classifier's name; a resumed run must have the same. */
  readonly model?: string;
  /** Records of an earlier run; they are not measured again. */
  readonly records?: readonly ImageRecord[];
  /** Called with each complete record, for example to append it to a file. */
  readonly onRecord?: (record: ImageRecord) => void | Promise<void>;
  /** Called after each image. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Called with each image that cannot be read (an `ImageError`); without it, such an image ends the evaluation. */
  readonly onSkipped?: (skipped: SkippedImage) => void;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/** An evaluation and its records. */
export interface EvaluateResult extends Evaluation {
  /** One per image, in the order of the images. */
  readonly records: readonly ImageRecord[];
  /** Images that could not be read and are not counted. */
  readonly skipped: readonly SkippedImage[];
}
