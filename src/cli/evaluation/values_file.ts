/**
 * `evaluate --values FILE`: every value of every map with what it depends on, as CSV or Parquet, so that tables and
 * statistics can be made anew from this file alone.
 *
 * @module
 */
import { type ValueRow, valueRows } from "../../faithfulness/value_rows.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import { VERSION as RUNTIME_VERSION } from "../../runtime/ort.ts";
import { isObjectAddress } from "../../objects/address.ts";
import { digestOfFile } from "../../weights/storage/digest.ts";
import { VERSION } from "../called.ts";
import { isFile } from "../files.ts";
import { digestOfObject } from "../stored/object_files.ts";
import { type Cell, openTableWriter, type TableColumn } from "./table_file.ts";

/** What all values of a run share. */
export interface RunFacts {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** Seed of noise. */
  readonly seed: number;
  /** Where the classifier ran. */
  readonly device: string;
  /** Name of the classifier. */
  readonly model: string;
  /** SHA-256 of its file; "" if that is unknown. */
  readonly modelDigest: string;
  /** SHA-256 of the head's file; "" without a head. */
  readonly headDigest: string;
}

/** Values to write. */
export interface MeasuredValues {
  readonly records: readonly ImageRecord[];
  /** Name of the requested preset. */
  readonly preset: string;
  readonly facts: RunFacts;
}

interface Column extends Omit<TableColumn<ValueRow>, "cell"> {
  readonly cell: (row: ValueRow, context: Context) => Cell;
}

interface Context extends RunFacts {
  readonly imageDigests: ReadonlyMap<string, string>;
}

const COLUMNS: readonly Column[] = [
  { name: "image", type: "STRING", cell: ({ image }) => image },
  {
    name: "imageDigest",
    type: "STRING",
    cell: ({ image }, { imageDigests }) => imageDigests.get(image) ?? "",
  },
  { name: "class", type: "INT32", cell: (row) => row.class },
  { name: "label", type: "STRING", cell: (row, { labels }) => labels[row.class] ?? "" },
  { name: "probability", type: "DOUBLE", cell: ({ probability }) => probability },
  { name: "method", type: "STRING", cell: ({ method }) => method },
  { name: "measure", type: "STRING", cell: ({ measure }) => measure },
  { name: "value", type: "DOUBLE", cell: ({ value }) => value },
  { name: "preset", type: "STRING", cell: ({ preset }) => preset },
  { name: "maskArea", type: "DOUBLE", cell: ({ maskArea }) => maskArea },
  { name: "milliseconds", type: "DOUBLE", cell: ({ milliseconds }) => milliseconds },
  { name: "blank", type: "STRING", cell: ({ blank }) => blank },
  { name: "seed", type: "INT32", cell: (_row, { seed }) => seed },
  { name: "model", type: "STRING", cell: (_row, { model }) => model },
  { name: "modelDigest", type: "STRING", cell: (_row, { modelDigest }) => modelDigest },
  { name: "headDigest", type: "STRING", cell: (_row, { headDigest }) => headDigest },
  { name: "version", type: "STRING", cell: () => VERSION },
  { name: "runtime", type: "STRING", cell: (_row, { device }) => `onnxruntime ${RUNTIME_VERSION} ${device}` },
];

/** Writes values into the file that it was made for. */
export type ValueWriter = (values: MeasuredValues, signal: AbortSignal) => Promise<void>;

/**
 * Checks the file's name, and loads what writes it: called before anything is measured, so that what is missing is an
 * error at once and not after hours.
 *
 * @param group How many rows are written at a time.
 * @throws {UsageError} When the name ends in neither .csv nor .parquet.
 * @throws {Error} When the library for Parquet cannot be loaded.
 */
export async function openValueWriter(path: string, group?: number): Promise<ValueWriter> {
  const write = await openTableWriter(path, group);
  return async ({ records, preset, facts }, signal) => {
    const context = { ...facts, imageDigests: await imageDigests(records, signal) };
    const columns = COLUMNS.map(({ cell, ...rest }) => ({
      ...rest,
      cell: (row: ValueRow) => cell(row, context),
    }));
    await write(valueRows(records, preset), columns, signal);
  };
}

/** SHA-256 of the images that are files here, or objects of a store. */
async function imageDigests(
  records: readonly ImageRecord[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const { image } of records) {
    signal.throwIfAborted();
    if (isObjectAddress(image)) digests.set(image, await digestOfObject(image, signal));
    else if (await isFile(image)) digests.set(image, await digestOfFile(image, signal));
  }
  return digests;
}
