/**
 * Records of an evaluation as a file of JSON lines. Each record is appended when it is complete, so a stopped run loses
 * only the current image. An incomplete last line is dropped.
 *
 * @module
 */
import { readTextIfThere, reason, writeFile } from "../files.ts";

/** A file that records are appended to. */
export interface RecordFile<T> {
  /** Where it is. */
  readonly path: string;
  /** The records in it when it was opened. */
  readonly records: readonly T[];
  /** Number of records appended since. */
  readonly appended: number;
  /** Appends one. */
  append(record: T): Promise<void>;
  /** Closes the file, and removes it if it contains nothing to resume. */
  close(options?: { readonly remove?: boolean }): Promise<void>;
}

/** Reads the complete lines. */
export function parseLines<T>(text: string, path: string): T[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as T];
    } catch {
      // Only the last line can be incomplete.
      if (index === lines.length - 1) return [];
      throw new SyntaxError(`Cannot read records ${path}: line ${index + 1} is not JSON`);
    }
  });
}

/**
 * Opens a file of records.
 *
 * @param resume Whether to continue an earlier run. Otherwise existing records are an error, never overwritten.
 * @param keep Which records of an earlier run to keep; all by default.
 * @throws {Error} When there is nothing to resume, or when records would be lost.
 */
export async function openRecordFile<T>(
  path: string,
  resume: boolean,
  keep: (record: T) => boolean = () => true,
): Promise<RecordFile<T>> {
  const text = await readTextIfThere(path, "records ");
  if (text !== undefined && !resume) {
    throw new Error(
      `Cannot start: ${path} contains records of an earlier run; continue it with --resume, or remove it`,
    );
  }
  if (text === undefined && resume) throw new Error(`Cannot resume: there are no records ${path}`);
  const records = parseLines<T>(text ?? "", path).filter(keep);
  // Rewritten without the incomplete line, and never half written.
  await writeFile(path, records.map((record) => JSON.stringify(record) + "\n").join(""));
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { append: true });
  } catch (cause) {
    throw new Error(`Cannot write records ${path}: ${reason(cause)}`, { cause });
  }
  let appended = 0;
  return {
    path,
    records,
    get appended() {
      return appended;
    },
    append: async (record) => {
      const bytes = new TextEncoder().encode(JSON.stringify(record) + "\n");
      try {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      } catch (cause) {
        throw new Error(`Cannot write records ${path}: ${reason(cause)}`, { cause });
      }
      appended++;
    },
    close: async ({ remove = false } = {}) => {
      file.close();
      if (remove || records.length + appended === 0) await Deno.remove(path).catch(() => {});
    },
  };
}
