/**
 * What an evaluation is asked for, what it reports on the way and what it gives; evaluate.ts runs it.
 *
 * @module
 */
import type { PreparedImage } from "../classifier/prepared_image.ts";
import type { Evaluation, ImageRecord } from "./summary.ts";
import type { MeasureName } from "./measures.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Normalization, Region, ScoreBatch } from "./types.ts";

/** An image with what only the image itself can tell. */
export interface LoadedImage extends PreparedImage {
  /** Where the object is, in pixels of the backbone's cut. */
  readonly region?: Region;
}

/** An image to measure on. */
export interface EvaluationImage {
  /** Its name, by which a resumed run knows it again. */
  readonly name: string;
  /**
   * `[3, S, S]` in [0, 1], not normalised; or how to get it, with the auxiliary's cut and its region if it has these,
   * which is not done where a record is there already.
   */
  readonly pixels:
    | Float32Array
    | (() => Float32Array | LoadedImage | Promise<Float32Array | LoadedImage>);
  /** Where the object is; only the pointing game and energy ask. */
  readonly region?: Region;
}

/** An image as methods take it. */
export async function loadImage({ pixels }: EvaluationImage): Promise<LoadedImage> {
  const loaded = typeof pixels === "function" ? await pixels() : pixels;
  return loaded instanceof Float32Array ? { pixels: loaded } : loaded;
}

/** An image that could not be read. */
export interface SkippedImage {
  /** Its name. */
  readonly image: string;
  /** Why, in one line. */
  readonly reason: string;
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** Images done, those of a resumed run included. */
  readonly done: number;
  /** Images in all, where that is known. */
  readonly total: number | undefined;
  /** The image that was done last. */
  readonly image: string;
  /** Time since the start, in seconds. */
  readonly seconds: number;
  /** Time left, in seconds, where the number of images is known. */
  readonly secondsLeft: number | undefined;
}

/** What to measure, on what, and how. */
export interface EvaluateOptions {
  /** The images, each read when its turn comes. */
  readonly images: Iterable<EvaluationImage> | AsyncIterable<EvaluationImage>;
  /** How many there are, where `images` is no array and someone wants to know the time left. */
  readonly total?: number;
  /** The methods, by name. */
  readonly methods: Readonly<Record<string, MapMethod>>;
  /** The classifier. */
  readonly score: ScoreBatch;
  /** Name of the preset; "ptame-2025" by default. Measures that it does not define are taken with their own. */
  readonly preset?: string;
  /** The measures; AD, IC and ROAD by default. */
  readonly measures?: readonly MeasureName[];
  /** What the classifier normalises with: some presets work on normalised pixels. */
  readonly normalization?: Normalization;
  /** Of ROAD's noise and of the bootstrap; 0 by default. */
  readonly seed?: number;
  /** Bootstrap samples; 1000 by default. */
  readonly resamples?: number;
  /** Pictures per call of `score`; 16 by default. */
  readonly batchSize?: number;
  /** What else the records depend on, as the classifier's name: a resumed run must have the same. */
  readonly model?: string;
  /** Records of an earlier run; what they hold is not measured again. */
  readonly records?: readonly ImageRecord[];
  /** Called with each image's record when it is complete, as to append it to a file. */
  readonly onRecord?: (record: ImageRecord) => void | Promise<void>;
  /** Called after each image. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Called with each image that cannot be read (an `ImageError`); without it, such an image ends the evaluation. */
  readonly onSkipped?: (skipped: SkippedImage) => void;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/** An evaluation, and the records that it is made of. */
export interface EvaluateResult extends Evaluation {
  /** One per image, in the order of the images. */
  readonly records: readonly ImageRecord[];
  /** Images that could not be read and do not count. */
  readonly skipped: readonly SkippedImage[];
}
