/**
 * Tables as files: CSV, or Parquet by a library that is loaded for it. A group of rows is in memory at a time.
 *
 * @module
 */
// @ts-types="npm:@types/d3-dsv@^3.0.7"
import { csvFormatRow } from "d3-dsv";
import { VERSION } from "../called.ts";
import { writeParts } from "../files.ts";
import { loadByName } from "../load_by_name.ts";
import { UsageError } from "../usage.ts";

/** Not a literal, because Deno would download it for every command. */
const HYPARQUET_WRITER = ["npm:hyparquet-writer", "0.17.0"].join("@");

/** How many rows are in memory as bytes: a group of a Parquet file, a part of a CSV file. */
const GROUP = 50_000;

/** A value of a table; undefined is none. */
export type Cell = string | number | undefined;

/** A column of a table. */
export interface TableColumn<Row> {
  readonly name: string;
  readonly type: "STRING" | "INT32" | "DOUBLE";
  readonly cell: (row: Row) => Cell;
}

/** Writes rows into the file that it was made for. */
export type TableWriter = <Row>(
  rows: Iterable<Row>,
  columns: readonly TableColumn<Row>[],
  signal: AbortSignal,
) => Promise<void>;

/** Makes the bytes of a file from its rows. */
type MakeParts = <Row>(
  groups: Iterable<Row[]>,
  columns: readonly TableColumn<Row>[],
) => Iterable<Uint8Array>;

/**
 * Checks the file's name, and loads what writes it: called before the work, so that what is missing is an error at once.
 *
 * @param group How many rows are written at a time.
 * @throws {UsageError} When the name ends in neither .csv nor .parquet.
 * @throws {Error} When the library for Parquet cannot be loaded.
 */
export async function openTableWriter(path: string, group: number = GROUP): Promise<TableWriter> {
  const end = /\.[^.]*$/.exec(path.toLowerCase())?.[0];
  if (end !== ".csv" && end !== ".parquet") {
    throw new UsageError(`Option --values needs a name that ends in .csv or .parquet, not ${path}`);
  }
  const parts: MakeParts = end === ".csv" ? csvParts : parquetParts(await loadParquet());
  return (rows, columns, signal) => writeParts(path, parts(grouped(rows, group), columns), signal);
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

function* csvParts<Row>(
  groups: Iterable<Row[]>,
  columns: readonly TableColumn<Row>[],
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const line = (cells: readonly Cell[]) => csvFormatRow(cells.map((cell) => String(cell ?? ""))) + "\r\n";
  yield encoder.encode(line(columns.map(({ name }) => name)));
  for (const group of groups) {
    yield encoder.encode(group.map((row) => line(columns.map(({ cell }) => cell(row)))).join(""));
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

function loadParquet(): Promise<ParquetLibrary> {
  return loadByName(
    HYPARQUET_WRITER,
    (said) =>
      `Cannot write Parquet: its library cannot be loaded (${said}); a name that ends in .csv needs none`,
  );
}

const PARQUET_TYPES = {
  STRING: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  INT32: { type: "INT32" },
  DOUBLE: { type: "DOUBLE" },
} as const;

/** Makes a Parquet file one group of rows after the other: no more than one is in memory. */
function parquetParts({ ByteWriter, ParquetWriter }: ParquetLibrary): MakeParts {
  return function* (groups, columns) {
    const writer = new ByteWriter();
    const schema = [
      { name: "root", num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, ...PARQUET_TYPES[type], repetition_type: "OPTIONAL" })),
    ];
    const file = new ParquetWriter({ writer, schema, createdBy: VERSION });
    const written = () => {
      const part = writer.getBytes().slice();
      // The library counts the bytes of the file apart; the buffer begins anew.
      writer.index = 0;
      return part;
    };
    for (const group of groups) {
      const columnData = columns.map(({ name, cell }) => ({
        name,
        data: group.map((row) => cell(row) ?? null),
      }));
      file.write({ columnData, rowGroupSize: group.length });
      yield written();
    }
    file.finish();
    yield written();
  };
}
