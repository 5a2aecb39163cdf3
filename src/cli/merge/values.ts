/**
 * Joined results of `explain` as a table: a row for each explained class of each image.
 *
 * @module
 */
import type { ExplainedImage } from "../explain/document.ts";
import type { ResultLine } from "../folder/gallery/entries.ts";
import type { TableColumn } from "../evaluation/table_file.ts";
import { isFailure } from "./explained.ts";

/** A row: an image with one of its classes, or one that failed. */
export interface ResultRow {
  readonly line: ResultLine;
  readonly target?: ExplainedImage["targets"][number];
}

/** The rows, in the order of the lines. */
export function* resultRows(lines: Iterable<ResultLine>): Generator<ResultRow> {
  for (const line of lines) {
    if (isFailure(line)) yield { line };
    else for (const target of line.targets) yield { line, target };
  }
}

const ofResult = <T>({ line }: ResultRow, read: (line: ExplainedImage) => T) =>
  isFailure(line) ? undefined : read(line);

/** The columns. */
export const RESULT_COLUMNS: readonly TableColumn<ResultRow>[] = [
  { name: "image", type: "STRING", cell: ({ line }) => line.image },
  { name: "identity", type: "STRING", cell: ({ line }) => line.identity },
  { name: "class", type: "INT32", cell: ({ target }) => target?.index },
  { name: "label", type: "STRING", cell: ({ target }) => target?.label },
  { name: "probability", type: "DOUBLE", cell: ({ target }) => target?.probability },
  { name: "topClass", type: "INT32", cell: (row) => ofResult(row, ({ prediction }) => prediction[0]?.index) },
  { name: "mapMean", type: "DOUBLE", cell: ({ target }) => target?.map.mean },
  { name: "method", type: "STRING", cell: (row) => ofResult(row, ({ method }) => method) },
  { name: "model", type: "STRING", cell: (row) => ofResult(row, ({ model }) => model) },
  { name: "device", type: "STRING", cell: (row) => ofResult(row, ({ device }) => device) },
  { name: "overlay", type: "STRING", cell: ({ target }) => target?.out },
  { name: "error", type: "STRING", cell: ({ line }) => isFailure(line) ? line.error : undefined },
  {
    name: "sample",
    type: "STRING",
    cell: (row) => ofResult(row, ({ sample }) => sample && JSON.stringify(sample)),
  },
];
