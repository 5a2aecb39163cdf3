/**
 * Records of an evaluation as a file of JSON lines: each is appended when it is complete, so that a stopped run loses
 * what it was at and nothing else. A last line that was torn is dropped.
 *
 * @module
 */
import { readTextIfThere, reason, writeFile } from "../files.ts";

/** A file that records are appended to. */
export interface RecordFile<T> {
  /** Where it is. */
  readonly path: string;
  /** What it held when it was opened. */
  readonly records: readonly T[];
  /** How many were appended since. */
  readonly appended: number;
  /** Appends one. */
  append(record: T): Promise<void>;
  /** Closes the file; and removes it where nothing is left to go on from. */
  close(options?: { readonly remove?: boolean }): Promise<void>;
}

/** Reads what whole lines hold. */
function parseLines<T>(text: string, path: string): T[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as T];
    } catch {
      // Only the last line can have been torn.
      if (index === lines.length - 1) return [];
      throw new SyntaxError(`Cannot read records ${path}: line ${index + 1} is no JSON`);
    }
  });
}

/**
 * Opens a file of records.
 *
 * @param resume Whether an earlier run's are gone on from; a run that is not resumed refuses to write over them.
 * @param keep Which of an earlier run's records stay; all by default.
 * @throws {Error} When there is nothing to resume, or something that would be lost.
 */
export async function openRecordFile<T>(
  path: string,
  resume: boolean,
  keep: (record: T) => boolean = () => true,
): Promise<RecordFile<T>> {
  const text = await readTextIfThere(path, "records ");
  if (text !== undefined && !resume) {
    throw new Error(
      `Cannot start: ${path} holds records of an earlier run; go on with --resume, or remove it`,
    );
  }
  if (text === undefined && resume) throw new Error(`Cannot resume: there are no records ${path}`);
  const records = parseLines<T>(text ?? "", path).filter(keep);
  // Without the torn line, and whole at any moment.
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
