/**
 * An evaluation as a table for spreadsheets and statistics programs: one row per method and measure.
 *
 * @module
 */
// @ts-types="npm:@types/d3-dsv@^3.0.7"
import { csvFormatRow } from "d3-dsv";
import type { Evaluation } from "../summary.ts";
import { listKeys } from "./labels.ts";

const COLUMNS = [
  "method",
  "measure",
  "value",
  "low",
  "high",
  "better",
  "images",
  "preset",
  "maskArea",
  "millisecondsPerImage",
];

/**
 * An evaluation as CSV (RFC 4180): method, measure, mean with the ends of its interval, direction, images, preset,
 * mean mask area, milliseconds per map.
 */
export function evaluationCsv(evaluation: Evaluation): string {
  const rows = [csvFormatRow(COLUMNS)];
  for (const [method, { measures, millisecondsPerImage }] of Object.entries(evaluation.methods)) {
    for (const key of listKeys(evaluation)) {
      const result = measures[key];
      if (result === undefined) continue;
      const { value, low, high, better, images, preset, maskArea } = result;
      const fields = [method, key, value, low, high, better, images, preset, maskArea];
      rows.push(csvFormatRow([...fields, millisecondsPerImage.value].map(String)));
    }
  }
  return rows.join("\r\n") + "\r\n";
}
