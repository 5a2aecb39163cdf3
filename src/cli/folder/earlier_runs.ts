/**
 * Other runs into the same folder: those before, whose results are kept, and those at the same time, which must be other
 * parts of the same run.
 *
 * @module
 */
import delay from "delay";
import { isObjectAddress } from "../../objects/address.ts";
import { hasRecords, readRecords, recordNames } from "../evaluation/record_file.ts";
import type { ExplainGiven } from "../explain/options.ts";
import { readTextIfThere, writeFile, writingError } from "../files.ts";
import { withoutEndSlash } from "../paths.ts";
import { isLocked, lockPathOf } from "../run_lock.ts";
import { printable } from "../terminal.ts";

/** Options that do not change the results: a run may continue with different ones. */
const HOW = [
  "workers",
  "shard",
  "json",
  "quiet",
  "verbose",
  "device",
  "threads",
  "out",
  "offline",
  "help",
  "minutes",
  "html",
];

/** The file of a run's settings. */
const SETTINGS = "run.json";

/** The results of a run, or of a part of one: `results.2-of-5.jsonl`. */
const RESULTS = /^results(?:\.\d+-of-(\d+))?\.jsonl$/;

/** The files of results in a folder, and into how many parts their runs are split. */
export async function resultFiles(
  out: string,
): Promise<{ readonly path: string; readonly parts: number }[]> {
  const found = new Map<string, number>();
  for (const name of await recordNames(out, ["results"])) {
    const match = RESULTS.exec(name.replace(/\.lock$/, ""));
    if (match !== null) found.set(match[0], Number(match[1] ?? 1));
  }
  return Array.from(found, ([name, parts]) => ({ path: `${out}/${name}`, parts }));
}

/** The lines in other files of this folder: those of a run that was split in another way. */
export async function* earlierResults<T>(out: string, own: string): AsyncGenerator<T> {
  for (const { path } of await resultFiles(out)) if (path !== own) yield* readRecords<T>(path);
}

/**
 * Refuses a run beside one that is split in another way: both would explain the same images.
 *
 * @param parts Number of parts of this run.
 */
export async function refuseOtherSplit(out: string, parts: number): Promise<void> {
  for (const other of await resultFiles(out)) {
    if (other.parts === parts || !(await isLocked(other.path))) continue;
    throw new Error(
      `Cannot start: another process is writing ${printable(other.path)}, of a run in ` +
        `${
          other.parts === 1 ? "one part" : `${other.parts} parts`
        }; wait for it, or split this run in the same way ` +
        `(${printable(lockPathOf(other.path))})`,
    );
  }
}

/**
 * Everything that the results of a run depend on. Results of other settings must not be mixed with them; a run that left no
 * results, such as one whose model was misspelt, binds nobody.
 *
 * @param out The folder.
 * @param own The file of results of this run, whose lock it holds.
 */
export async function checkSameRun(out: string, own: string, given: ExplainGiven): Promise<void> {
  const path = `${out}/${SETTINGS}`;
  const { options, positional, typed } = given;
  const all = { ...typed, images: positional.map(withoutEndSlash), target: options.target };
  const settings = Object.entries(all).filter(([name]) => !HOW.includes(name));
  const text = JSON.stringify(Object.fromEntries(settings), null, 2) + "\n";
  try {
    if (isObjectAddress(path)) {
      if (await readTextIfThere(path) === undefined) return await writeFile(path, text);
      throw new Deno.errors.AlreadyExists();
    }
    // New: of two parts that start at the same time, one writes it and the other compares.
    return await Deno.writeTextFile(path, text, { createNew: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw writingError(path, cause);
  }
  const present = await settingsIn(path);
  // It was not written to its end: its process was killed.
  if (present === undefined) return await writeFile(path, text);
  if (sorted(Object.entries(present)) !== sorted(settings)) {
    if (!isObjectAddress(out) && await isUnused(out, own)) return await writeFile(path, text);
    throw new Error(
      `Cannot continue: ${path} belongs to a run with other options; name another --out`,
    );
  }
}

/** Whether a folder has no results, and no other run is about to write some. */
async function isUnused(out: string, own: string): Promise<boolean> {
  for (const { path } of await resultFiles(out)) {
    if (await hasRecords(path) || path !== own && await isLocked(path)) return false;
  }
  return true;
}

/**
 * Removes the settings of a run that left no results.
 *
 * @param made Whether the run made the folder, which then goes, too.
 */
export async function forgetUnusedRun(out: string, own: string, made: boolean): Promise<void> {
  if (isObjectAddress(out) || !(await isUnused(out, own))) return;
  await Deno.remove(`${out}/${SETTINGS}`).catch(() => {});
  // Refused where something is in it.
  if (made) await Deno.remove(out).catch(() => {});
}

/** The settings of a run; another part may be writing them now. */
async function settingsIn(path: string): Promise<object | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const found: unknown = JSON.parse(await readTextIfThere(path) ?? "");
      if (typeof found === "object" && found !== null) return found;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    await delay(100);
  }
  return undefined;
}

/** Settings as text, in any order the same. */
function sorted(entries: readonly [string, unknown][]): string {
  return JSON.stringify([...entries].sort(([a], [b]) => a < b ? -1 : 1));
}
