/**
 * Records in an object store. Nothing can be appended to an object, so the lines of `results.jsonl` are objects of some
 * thousand lines each in `results/`; their names say when they were written, so the later line of an image counts.
 *
 * No lock: two processes with the same part write the same results, and joining counts each image once.
 *
 * @module
 */
import { objectAddress, objectStore, parseObjectAddress } from "../../objects/mod.ts";
import { parseRecordLines, recordLine } from "../evaluation/record_lines.ts";
import type { RecordFile } from "../evaluation/record_file.ts";

/** Lines of an object at most. */
const LINES = 2000;
/** How long a line waits for others, in milliseconds: a process that is killed loses as much. */
const LONGEST_WAIT = 120_000;

/** The prefix of the objects with the lines of a file. */
export function recordsPrefix(path: string): string {
  return `${path.replace(/\.jsonl$/, "")}/`;
}

/** The lines of a file, object after object; a joined one, which is a single object, comes first. */
export async function* readObjectRecords<T>(path: string): AsyncGenerator<T> {
  const store = await objectStore();
  const { bucket } = parseObjectAddress(path);
  const whole = await store.stat(path);
  const objects = async function* () {
    if (whole !== undefined) yield whole;
    yield* store.list(recordsPrefix(path));
  };
  for await (const { key, size, etag } of objects()) {
    if (!key.endsWith(".jsonl")) continue;
    const address = objectAddress({ bucket, key });
    const text = new TextDecoder().decode(await store.read(address, { size, etag }));
    yield* parseRecordLines<T>(text, address);
  }
}

/** Whether there are any. */
export async function hasObjectRecords(path: string): Promise<boolean> {
  const store = await objectStore();
  if (await store.stat(path) !== undefined) return true;
  for await (const _ of store.list(recordsPrefix(path))) return true;
  return false;
}

/**
 * Opens records; those that exist stay as they are.
 *
 * @param options `keep` is told each record of an earlier run; `remember` says whether those that it keeps stay in memory.
 */
export async function openObjectRecords<T>(
  path: string,
  { keep, remember, lines = LINES, longestWait = LONGEST_WAIT }: {
    readonly keep: (record: T) => boolean;
    readonly remember: boolean;
    readonly lines?: number;
    readonly longestWait?: number;
  },
): Promise<RecordFile<T>> {
  const store = await objectStore();
  const records: T[] = [];
  for await (const record of readObjectRecords<T>(path)) {
    if (keep(record) && remember) records.push(record);
  }
  // Later runs come later in a listing, and two runs at the same time have objects of their own.
  const time = new Date().toISOString().replace(/[-:]/g, "").replace(/\.(\d+)Z$/, "$1");
  const begin = `${recordsPrefix(path)}${time}-${crypto.randomUUID().slice(0, 8)}`;
  let waiting: string[] = [];
  let [count, appended] = [0, 0];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let failed: { readonly error: unknown } | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return writing;
    const text = waiting.join("");
    waiting = [];
    const address = `${begin}-${String(++count).padStart(6, "0")}.jsonl`;
    writing = writing.then(async () => void await store.write(address, text))
      .catch((error) => void (failed ??= { error }));
    return writing;
  };
  return {
    path,
    records,
    get appended() {
      return appended;
    },
    append: async (record) => {
      waiting.push(recordLine(record));
      appended++;
      if (waiting.length >= lines) await flush();
      else timer ??= setTimeout(flush, longestWait);
      if (failed !== undefined) throw failed.error;
    },
    close: async ({ remove = false } = {}) => {
      await flush();
      if (failed !== undefined) throw failed.error;
      if (!remove) return;
      const { bucket } = parseObjectAddress(path);
      for await (const { key } of store.list(recordsPrefix(path))) {
        await store.remove(objectAddress({ bucket, key }));
      }
    },
  };
}

/** Names of the files of records in a folder, `results.2-of-5.jsonl`, among those that begin with a word. */
export async function objectRecordNames(folder: string, word: string): Promise<string[]> {
  const { key: prefix } = parseObjectAddress(`${folder}/`);
  const names = new Set<string>();
  for await (const { key } of (await objectStore()).list(`${folder}/${word}`)) {
    const [name, inside] = key.slice(prefix.length).split("/");
    names.add(inside === undefined ? name! : `${name}.jsonl`);
  }
  return [...names];
}
