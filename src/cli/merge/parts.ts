/**
 * The parts of a run: files of results in one or several folders, whole or a shard each.
 *
 * @module
 */
import { readRecords, recordNames } from "../evaluation/record_file.ts";
import { reason, samePlace } from "../files.ts";
import { withoutEndSlash } from "../paths.ts";
import { isLocked } from "../run_lock.ts";
import { printable } from "../terminal.ts";
import type { LinesOfFile } from "./join.ts";

/** What a folder holds: results of explain, or records of evaluate. */
export type ResultKind = "explain" | "evaluate";

/** A file of results. */
export interface Part {
  /** Path of its folder. */
  readonly folder: string;
  /** Path of the file. */
  readonly path: string;
  /** `.2-of-5`, or "" for a run of all images. */
  readonly suffix: string;
}

/** A part with its lines. */
export interface PartLines<T> extends LinesOfFile<T> {
  readonly part: Part;
}

/** The parts of a run. */
export interface Parts {
  readonly kind: ResultKind;
  readonly files: readonly Part[];
  /** Folders in which a part is missing, and which: "3/8". */
  readonly missing: readonly string[];
}

/** Names of their files: records.jsonl, results.2-of-5.jsonl. */
const FILE = /^(records|results)(\.(\d+)-of-(\d+))?\.jsonl$/;

/**
 * Finds the parts in folders.
 *
 * @throws {Error} When there are none, when they are of both commands, or when one is being written.
 */
export async function findParts(folders: readonly string[]): Promise<Parts> {
  const files: (Part & { readonly kind: ResultKind; readonly index: number; readonly count: number })[] = [];
  for (const given of folders) {
    const folder = withoutEndSlash(given);
    for (const name of await namesIn(folder)) {
      const match = FILE.exec(name);
      if (match === null) continue;
      const [, stem, suffix = "", index = "1", count = "1"] = match;
      const kind = stem === "records" ? "evaluate" : "explain";
      files.push({
        kind,
        folder,
        path: `${folder}/${name}`,
        suffix,
        index: Number(index),
        count: Number(count),
      });
    }
  }
  const named = folders.map(printable).join(" and ");
  const first = files[0];
  if (first === undefined) {
    throw new Error(`Cannot merge: ${named} has no results of explain DIR or evaluate --report`);
  }
  const other = files.find(({ kind }) => kind !== first.kind);
  if (other !== undefined) {
    throw new Error(
      `Cannot merge: ${printable(first.path)} is of ${first.kind}, ${printable(other.path)} of ${other.kind}`,
    );
  }
  for (const { path } of files) {
    if (await isLocked(path)) {
      throw new Error(`Cannot merge: ${printable(path)} is still being written; wait for its run`);
    }
  }
  const numeric = files.toSorted((a, b) => a.count - b.count || a.index - b.index);
  const counts = [...new Set(numeric.map(({ count }) => count))];
  const missing = counts.flatMap((count) => {
    const there = new Set(numeric.filter((file) => file.count === count).map(({ index }) => index));
    const all = Array.from({ length: count }, (_, i) => i + 1);
    return all.filter((index) => !there.has(index)).map((index) => `${index}/${count}`);
  });
  return { kind: first.kind, files: numeric, missing };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await recordNames(folder, ["records", "results"]);
  } catch (cause) {
    throw new Error(`Cannot read results ${printable(folder)}: ${reason(cause)}`, { cause });
  }
}

/**
 * Reads the lines of all parts.
 *
 * @param written Path of the file for the joined lines: if it exists, it is a former join, and comes last.
 */
export async function readParts<T>(parts: readonly Part[], written: string): Promise<PartLines<T>[]> {
  const read: PartLines<T>[] = [];
  for (const part of parts) {
    const { path } = part;
    const lines: T[] = [];
    for await (const line of readRecords<T>(path, "results ")) lines.push(line);
    read.push({ part, path, lines, former: parts.length > 1 && samePlace(path, written) });
  }
  return read.sort((a, b) => Number(a.former) - Number(b.former));
}
