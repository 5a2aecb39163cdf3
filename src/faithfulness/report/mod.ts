/**
 * Reports over evaluations: one self-contained HTML page with tables, plots and images; and the same as CSV.
 *
 * An entry point of its own, because it alone needs a plotting library, which it loads when it draws, and a DOM document.
 *
 * @example A row per method and measure
 * ```ts
 * import { evaluationCsv } from "./mod.ts";
 *
 * const evaluation = { preset: "ptame-2025", images: 0, methods: {} };
 * if (!evaluationCsv(evaluation).startsWith("method,measure,value,low,high,")) throw new Error("no heading");
 * ```
 *
 * @module
 */
export { evaluationCsv } from "./csv.ts";
export { renderReport, type ReportOptions } from "./page.ts";
export type { GalleryRow, ReportData } from "./types.ts";
export type { PlotLibrary } from "./plot.ts";
export { type Verdict, verdictOver, verdictText } from "./verdict.ts";
export type { BootstrapOptions } from "../bootstrap.ts";
export type { SkippedImage } from "../evaluate_options.ts";
export type { Reading } from "../probe.ts";
export type { Evaluation, ImageRecord, MapRecord, MeasureResult, MethodResult } from "../summary.ts";
export type { Interval } from "../types.ts";
export type { RgbImage, ValueMap } from "../../image/types.ts";
