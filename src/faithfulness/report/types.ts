/**
 * The data of a report; plain, so that the command line, a program and a browser page make the same report.
 *
 * @module
 */
import type { DescribedFact } from "../../classifier/types.ts";
import type { RgbImage, ValueMap } from "../../image/types.ts";
import type { SkippedImage } from "../evaluate_options.ts";
import type { EvaluationStatistics } from "../statistics/compare.ts";
import type { Evaluation, ImageRecord } from "../summary.ts";

/** An image of the gallery with the maps of all methods. */
export interface GalleryRow {
  /** Name of the image. */
  readonly name: string;
  /** The explained class, in words. */
  readonly label: string;
  /** Its probability. */
  readonly probability: number;
  /** The crop that the classifier saw. */
  readonly photo: RgbImage;
  /** Maps in [0, 1] by the method's name. */
  readonly maps: Readonly<Record<string, ValueMap>>;
}

/** The data of a report. */
export interface ReportData {
  /** Heading. */
  readonly title: string;
  /** The exact command or call that created it. */
  readonly command: string;
  /** Further settings for repeating it: names and values, in order. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** What the classifier sees and gives, and where each entry was found, if it is an .onnx file. */
  readonly classifier?: readonly DescribedFact[];
  /** Means and intervals. */
  readonly evaluation: Evaluation;
  /** Per-image records: times, and paired comparisons. */
  readonly records: readonly ImageRecord[];
  /** The statistics of the evaluation; made from the records if absent. */
  readonly statistics?: EvaluationStatistics;
  /** Names of the methods that ignore the classifier. */
  readonly controls: readonly string[];
  /** Images of the gallery. */
  readonly gallery: readonly GalleryRow[];
  /** Images that could not be read. */
  readonly skipped?: readonly SkippedImage[];
  /** Seed of the comparisons' resampling; 0 by default. */
  readonly seed?: number;
}
