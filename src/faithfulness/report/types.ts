/**
 * What a report is made of: plain data, so that the command line, a program and a browser page make the same one.
 *
 * @module
 */
import type { RgbImage, ValueMap } from "../../image/types.ts";
import type { SkippedImage } from "../evaluate_options.ts";
import type { Evaluation, ImageRecord } from "../summary.ts";

/** An image of the gallery with the maps of all methods. */
export interface GalleryRow {
  /** Name of the image. */
  readonly name: string;
  /** The class explained, in words. */
  readonly label: string;
  /** Its probability. */
  readonly probability: number;
  /** The square that the classifier saw. */
  readonly photo: RgbImage;
  /** Maps in [0, 1] by the method's name. */
  readonly maps: Readonly<Record<string, ValueMap>>;
}

/** All that a report shows. */
export interface ReportData {
  /** Heading. */
  readonly title: string;
  /** The exact command or call that made it. */
  readonly command: string;
  /** What else there is to know to do it again: names and values, in order. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Means and intervals. */
  readonly evaluation: Evaluation;
  /** Image by image: times, and comparisons in pairs. */
  readonly records: readonly ImageRecord[];
  /** Names of the methods that ignore the classifier. */
  readonly controls: readonly string[];
  /** Images to look at. */
  readonly gallery: readonly GalleryRow[];
  /** Images that could not be read. */
  readonly skipped?: readonly SkippedImage[];
  /** Of the comparisons' resampling; 0 by default. */
  readonly seed?: number;
}
