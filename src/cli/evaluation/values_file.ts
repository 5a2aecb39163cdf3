/**
 * `evaluate --values FILE`: every value of every map with what it depends on, as CSV or Parquet, so that tables and
 * statistics can be made anew from this file alone.
 *
 * @module
 */
// @ts-types="npm:@types/d3-dsv@^3.0.7"
import { csvFormatRow } from "d3-dsv";
import { type ValueRow, valueRows } from "../../faithfulness/value_rows.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import { VERSION as RUNTIME_VERSION } from "../../runtime/ort.ts";
import { isObjectAddress } from "../../objects/address.ts";
import { digestOfFile } from "../../weights/storage/digest.ts";
import { VERSION } from "../called.ts";
import { isFile, writeParts } from "../files.ts";
import { digestOfObject } from "../stored/object_files.ts";
import { UsageError } from "../usage.ts";

/** Not a literal, because Deno would download it for every command. */
const HYPARQUET_WRITER = ["npm:hyparquet-writer", "0.17.0"].join("@");

/** How many rows are in memory as bytes: a group of a Parquet file, a part of a CSV file. */
const GROUP = 50_000;

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

type Cell = string | number | undefined;

interface Column {
  readonly name: string;
  readonly type: "STRING" | "INT32" | "DOUBLE";
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

/** Makes the bytes of a file from its rows. */
type WriteParts = (groups: Iterable<ValueRow[]>, context: Context) => Iterable<Uint8Array>;

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
export async function openValueWriter(path: string, group = GROUP): Promise<ValueWriter> {
  const end = /\.[^.]*$/.exec(path.toLowerCase())?.[0];
  if (end !== ".csv" && end !== ".parquet") {
    throw new UsageError(`Option --values needs a name that ends in .csv or .parquet, not ${path}`);
  }
  const parts: WriteParts = end === ".csv" ? csvParts : parquetParts(await loadParquet());
  return async ({ records, preset, facts }, signal) => {
    const context = { ...facts, imageDigests: await imageDigests(records, signal) };
    await writeParts(path, parts(grouped(valueRows(records, preset), group), context), signal);
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

/** Rows in groups. */
function* grouped<T>(rows: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function* csvParts(groups: Iterable<ValueRow[]>, context: Context): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const line = (cells: readonly Cell[]) => csvFormatRow(cells.map((cell) => String(cell ?? ""))) + "\r\n";
  yield encoder.encode(line(COLUMNS.map(({ name }) => name)));
  for (const group of groups) {
    yield encoder.encode(group.map((row) => line(COLUMNS.map(({ cell }) => cell(row, context)))).join(""));
  }
}

/** The used part of hyparquet-writer. */
interface ParquetLibrary {
  readonly ByteWriter: new () => Bytes;
  readonly ParquetWriter: new (options: {
    readonly writer: Bytes;
    readonly schema: readonly unknown[];
    readonly createdBy: string;
  }) => {
    write(options: { readonly columnData: readonly unknown[]; readonly rowGroupSize: number }): void;
    finish(): void;
  };
}

interface Bytes {
  /** Place of the next byte in the buffer. */
  index: number;
  getBytes(): Uint8Array;
}

async function loadParquet(): Promise<ParquetLibrary> {
  try {
    return await import(HYPARQUET_WRITER);
  } catch (cause) {
    const said = (cause as Error).message.split("\n")[0];
    throw new Error(
      `Cannot write Parquet: its library cannot be loaded (${said}); a name that ends in .csv needs none`,
      { cause },
    );
  }
}

const PARQUET_TYPES = {
  STRING: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  INT32: { type: "INT32" },
  DOUBLE: { type: "DOUBLE" },
} as const;

/** Makes a Parquet file one group of rows after the other: no more than one is in memory. */
function parquetParts({ ByteWriter, ParquetWriter }: ParquetLibrary): WriteParts {
  return function* (groups, context) {
    const writer = new ByteWriter();
    const schema = [
      { name: "root", num_children: COLUMNS.length },
      ...COLUMNS.map(({ name, type }) => ({ name, ...PARQUET_TYPES[type], repetition_type: "OPTIONAL" })),
    ];
    const file = new ParquetWriter({ writer, schema, createdBy: VERSION });
    const written = () => {
      const part = writer.getBytes().slice();
      // The library counts the bytes of the file apart; the buffer begins anew.
      writer.index = 0;
      return part;
    };
    for (const group of groups) {
      const columnData = COLUMNS.map(({ name, cell }) => ({
        name,
        data: group.map((row) => cell(row, context) ?? null),
      }));
      file.write({ columnData, rowGroupSize: group.length });
      yield written();
    }
    file.finish();
    yield written();
  };
}
