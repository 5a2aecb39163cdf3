/**
 * Records of an evaluation as a file of JSON lines. Each record is appended when it is complete, and is on the disk
 * before anybody is told, so a stopped run loses only the current image. An incomplete last line is dropped. One process
 * at a time has the file.
 *
 * @module
 */
import { isObjectAddress } from "../../objects/address.ts";
import { isFile, readTextIfThere, writeFile, writingError } from "../files.ts";
import { takeRunLock } from "../run_lock.ts";
import { parseRecordLines, recordLine } from "./record_lines.ts";

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

/**
 * Opens a file of records.
 *
 * @param resume Whether to continue an earlier run. Otherwise existing records are an error, never overwritten.
 * @param options `keep` says which records of an earlier run to keep, all by default; `whenLocked` is called before they
 * are read, while no other process has the file; `remember` says whether the kept records stay in memory, as `records`
 * (those of a file always do).
 * @throws {Error} When there is nothing to resume, when records would be lost, or when another process has the file.
 */
export async function openRecordFile<T>(
  path: string,
  resume: boolean,
  { keep = () => true, whenLocked = () => Promise.resolve(), remember = true }: {
    readonly keep?: (record: T) => boolean;
    readonly whenLocked?: () => Promise<void>;
    readonly remember?: boolean;
  } = {},
): Promise<RecordFile<T>> {
  const unlock = await takeRunLock(path);
  try {
    await whenLocked();
    if (!isObjectAddress(path)) return await openLocked(path, resume, keep, unlock);
    checkResuming(path, await hasRecords(path), resume);
    const { openObjectRecords } = await import("../stored/object_records.ts");
    return await openObjectRecords(path, { keep, remember });
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Whether there are records of an earlier run. */
export async function hasRecords(path: string): Promise<boolean> {
  if (!isObjectAddress(path)) return await isFile(path);
  return await (await import("../stored/object_records.ts")).hasObjectRecords(path);
}

/** The records of a file, one after the other; none if it does not exist. */
export async function* readRecords<T>(path: string, what = "records "): AsyncGenerator<T> {
  if (isObjectAddress(path)) {
    yield* (await import("../stored/object_records.ts")).readObjectRecords<T>(path);
  } else yield* parseRecordLines<T>(await readTextIfThere(path, what) ?? "", path);
}

/** Names of the files in a folder; in a store, of the files of records that begin with one of the words. */
export async function recordNames(folder: string, words: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  if (!isObjectAddress(folder)) {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    return names;
  }
  const { objectRecordNames } = await import("../stored/object_records.ts");
  for (const word of words) names.push(...await objectRecordNames(folder, word));
  return names;
}

function checkResuming(path: string, found: boolean, resume: boolean): void {
  if (found && !resume) {
    throw new Error(
      `Cannot start: ${path} contains records of an earlier run; continue it with --resume, or remove it`,
    );
  }
  if (!found && resume) throw new Error(`Cannot resume: there are no records ${path}`);
}

async function openLocked<T>(
  path: string,
  resume: boolean,
  keep: (record: T) => boolean,
  unlock: () => Promise<void>,
): Promise<RecordFile<T>> {
  const text = await readTextIfThere(path, "records ");
  checkResuming(path, text !== undefined, resume);
  const records = parseRecordLines<T>(text ?? "", path).filter(keep);
  // Rewritten without the incomplete line, and never half written.
  await writeFile(path, records.map(recordLine).join(""));
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { append: true });
  } catch (cause) {
    throw writingError(`records ${path}`, cause);
  }
  let appended = 0;
  return {
    path,
    records,
    get appended() {
      return appended;
    },
    append: async (record) => {
      const bytes = new TextEncoder().encode(recordLine(record));
      try {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        await file.syncData();
      } catch (cause) {
        throw writingError(`records ${path}`, cause);
      }
      appended++;
    },
    close: async ({ remove = false } = {}) => {
      file.close();
      if (remove || records.length + appended === 0) await Deno.remove(path).catch(() => {});
      await unlock();
    },
  };
}
