/**
 * Parquet files with a column of image files, as data sets have them: bytes, or a structure of `bytes` and `path`. A group of
 * rows is in memory at a time, and of its columns those of the images and the short values beside them.
 *
 * Source: Apache Parquet, "File Format"; Hugging Face, datasets.Image.
 *
 * @module
 */
import { isObjectAddress, objectStore } from "../../objects/mod.ts";
import { loadReader } from "../load_by_name.ts";
import type { PackedOptions, SourceFile, SourceImage } from "./types.ts";

/** Not literals, because Deno would download them for every command. */
const HYPARQUET = ["npm:hyparquet", "1.31.5"].join("@");
const COMPRESSORS = ["npm:hyparquet-compressors", "1.1.2"].join("@");

/** Bytes of a request to a store, and how many are sent at the same time. */
const PIECE = 8 * 2 ** 20;
const AT_ONCE = 3;
/** Bytes of images in memory, roughly: larger groups of rows are read in parts. */
const MOST_BYTES = 256 * 2 ** 20;
/** Longest text that comes along. */
const LONGEST_TEXT = 2000;

/** The used part of hyparquet. */
interface ParquetLibrary {
  parquetMetadataAsync(file: FilePart): Promise<Metadata>;
  parquetReadObjects(options: {
    readonly file: FilePart;
    readonly metadata: Metadata;
    readonly columns: readonly string[];
    readonly rowStart: number;
    readonly rowEnd: number;
    readonly compressors?: unknown;
    readonly utf8: boolean;
    readonly useOffsetIndex: boolean;
  }): Promise<Record<string, unknown>[]>;
}

/** What the library reads of a file. */
interface FilePart {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

interface Metadata {
  readonly schema: readonly SchemaElement[];
  readonly row_groups: readonly {
    readonly num_rows: bigint | number;
    readonly columns: readonly {
      readonly meta_data?: {
        readonly path_in_schema: readonly string[];
        readonly codec: string;
        readonly total_uncompressed_size: bigint | number;
      };
    }[];
  }[];
}

interface SchemaElement {
  readonly name: string;
  readonly type?: string;
  readonly num_children?: number;
  readonly converted_type?: string;
  readonly logical_type?: { readonly type: string };
  readonly repetition_type?: string;
}

/** The images of a file, named by the number of their row. */
export async function* parquetImages(
  file: SourceFile,
  { column, signal }: PackedOptions,
): AsyncGenerator<SourceImage> {
  const library = await loadReader<ParquetLibrary>(HYPARQUET, "Parquet");
  const part = await openPart(file, signal);
  try {
    const metadata = await library.parquetMetadataAsync(part.file);
    const images = imageColumn(metadata.schema, column, file.path);
    const beside = shortColumns(metadata.schema).filter((name) => name !== images);
    const codecs = new Set(
      metadata.row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec)),
    );
    const built = [...codecs].every((codec) => codec === "UNCOMPRESSED" || codec === "SNAPPY");
    const compressors = built
      ? undefined
      : (await loadReader<{ compressors: unknown }>(COMPRESSORS, "compressed Parquet")).compressors;
    let row = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const bytes = group.columns
        .filter(({ meta_data }) => meta_data?.path_in_schema[0] === images)
        .reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
      const step = Math.max(1, Math.ceil(rows / Math.max(1, Math.ceil(bytes / MOST_BYTES))));
      for (let done = 0; done < rows; done += step) {
        signal.throwIfAborted();
        const found = await library.parquetReadObjects({
          ...{ file: part.file, metadata, compressors, utf8: false },
          columns: [images, ...beside],
          rowStart: row + done,
          rowEnd: row + Math.min(done + step, rows),
          useOffsetIndex: step < rows,
        });
        for (const [i, values] of found.entries()) {
          yield imageOfRow(file, row + done + i, values[images], sampleOf(values, beside));
        }
      }
      row += rows;
    }
  } finally {
    await part[Symbol.asyncDispose]();
  }
}

function imageOfRow(
  file: SourceFile,
  row: number,
  value: unknown,
  sample: Record<string, unknown>,
): SourceImage {
  const structure = value as { bytes?: unknown; path?: unknown } | null | undefined;
  const bytes = value instanceof Uint8Array ? value : structure?.bytes;
  const named = typeof structure?.path === "string" ? { ...sample, path: structure.path } : sample;
  return {
    path: `${file.path}#${row}`,
    name: `${file.name}#${row}`,
    ...(file.identity !== undefined && { identity: file.identity }),
    ...(Object.keys(named).length > 0 && { sample: named }),
    ...(bytes instanceof Uint8Array && bytes.length > 0
      // Of its own: the library's view holds the whole column.
      ? { size: bytes.length, read: () => Promise.resolve(bytes.slice()) }
      : { failure: `Cannot read ${file.path}#${row}: the row has no image` }),
  };
}

/** The columns directly below the root, with those below each. */
function topColumns(
  schema: readonly SchemaElement[],
): { readonly head: SchemaElement; readonly leaves: SchemaElement[] }[] {
  const found: { head: SchemaElement; leaves: SchemaElement[] }[] = [];
  const walk = (at: number, leaves: SchemaElement[]): number => {
    const element = schema[at]!;
    let next = at + 1;
    if ((element.num_children ?? 0) === 0) leaves.push(element);
    for (let i = 0; i < (element.num_children ?? 0); i++) next = walk(next, leaves);
    return next;
  };
  for (let at = 1; at < schema.length;) {
    const top = { head: schema[at]!, leaves: [] as SchemaElement[] };
    found.push(top);
    at = walk(at, top.leaves);
  }
  return found;
}

function isBytes({ type, converted_type, logical_type }: SchemaElement): boolean {
  return type === "BYTE_ARRAY" && converted_type === undefined && logical_type === undefined;
}

/** The column of the images: the one that is named, else the only one that can be. */
function imageColumn(schema: readonly SchemaElement[], asked: string | undefined, path: string): string {
  const columns = topColumns(schema);
  const names = columns.map(({ head }) => head.name);
  const could = columns.filter(({ head, leaves }) =>
    leaves.length === 1 ? isBytes(head) : leaves.some((leaf) => leaf.name === "bytes" && isBytes(leaf))
  ).map(({ head }) => head.name);
  if (asked !== undefined) {
    if (could.includes(asked)) return asked;
    throw new Error(
      `Cannot read ${path}: ${
        names.includes(asked) ? `its column ${asked} has no bytes` : `it has no column ${asked}`
      }; it has ${names.join(", ")}`,
    );
  }
  const usual = could.filter((name) => /^(image|img|jpg|jpeg|png|bytes|image_bytes)$/i.test(name));
  const chosen = could.length === 1 ? could[0] : usual.length === 1 ? usual[0] : undefined;
  if (chosen !== undefined) return chosen;
  throw new Error(
    could.length === 0
      ? `Cannot read ${path}: none of its columns has the bytes of images (${names.join(", ")})`
      : `Cannot read ${path}: several columns have bytes; name one by --image-column ${could.join("|")}`,
  );
}

/** The columns with single numbers or texts. */
function shortColumns(schema: readonly SchemaElement[]): string[] {
  return topColumns(schema)
    .filter(({ head, leaves }) =>
      leaves.length === 1 && leaves[0] === head && head.repetition_type !== "REPEATED" && !isBytes(head)
    )
    .map(({ head }) => head.name);
}

function sampleOf(values: Record<string, unknown>, columns: readonly string[]): Record<string, unknown> {
  const sample: Record<string, unknown> = {};
  for (const name of columns) {
    const value = values[name];
    if (typeof value === "bigint") sample[name] = Number(value);
    else if (typeof value === "number" || typeof value === "boolean") sample[name] = value;
    else if (typeof value === "string" && value.length <= LONGEST_TEXT) sample[name] = value;
  }
  return sample;
}

/** Opens a file for reading in parts. */
async function openPart(
  { path, size, identity }: SourceFile,
  signal: AbortSignal,
): Promise<{ readonly file: FilePart } & AsyncDisposable> {
  if (!isObjectAddress(path)) {
    const opened = await Deno.open(path);
    const byteLength = (await opened.stat()).size;
    const slice = async (start: number, end = byteLength) => {
      const bytes = new Uint8Array(Math.min(end, byteLength) - start);
      await opened.seek(start, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        const read = await opened.read(bytes.subarray(at));
        if (read === null) {
          throw new Error(`Cannot read ${path}: it ends before byte ${start + bytes.length}`);
        }
        at += read;
      }
      return bytes.buffer;
    };
    // One place in the file: reads wait for each other.
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = (start: number, end?: number) => {
      const reading = last.then(() => slice(start, end));
      last = reading.catch(() => {});
      return reading;
    };
    return {
      file: { byteLength, slice: inTurn },
      [Symbol.asyncDispose]: () => Promise.resolve(opened.close()),
    };
  }
  const store = await objectStore();
  const byteLength = size ?? (await store.stat(path, signal))?.size ?? 0;
  const slice = async (start: number, end = byteLength) => {
    const bytes = new Uint8Array(Math.min(end, byteLength) - start);
    const starts = Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, i) => i * PIECE);
    const work = async () => {
      for (let at = starts.shift(); at !== undefined; at = starts.shift()) {
        const until = Math.min(at + PIECE, bytes.length);
        bytes.set(await store.readRange(path, start + at, start + until, { etag: identity, signal }), at);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return bytes.buffer;
  };
  return { file: { byteLength, slice }, [Symbol.asyncDispose]: () => Promise.resolve() };
}
