/**
 * An evaluation as a table for spreadsheets and statistics programs: one row per method and measure.
 *
 * @module
 */
import type { Evaluation } from "../summary.ts";
import { keysOf } from "./labels.ts";

/** A field as RFC 4180 writes it. */
function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

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
  const rows = [COLUMNS.join(",")];
  for (const [method, { measures, millisecondsPerImage }] of Object.entries(evaluation.methods)) {
    for (const key of keysOf(evaluation)) {
      const result = measures[key];
      if (result === undefined) continue;
      const { value, low, high, better, images, preset, maskArea } = result;
      const fields = [method, key, value, low, high, better, images, preset, maskArea];
      rows.push([...fields, millisecondsPerImage.value].map(field).join(","));
    }
  }
  return rows.join("\r\n") + "\r\n";
}
