/**
 * Joins the results of `explain DIR`.
 *
 * @module
 */
import type { ExplainedImage } from "../explain/document.ts";
import type { ResultLine } from "../folder/gallery/entries.ts";
import { readTextIfThere } from "../files.ts";
import { printable } from "../terminal.ts";
import { type Joined, joinLines } from "./join.ts";
import { type Part, readParts } from "./parts.ts";

/** Whether a line is an error. */
export function isFailure(line: ResultLine): line is Exclude<ResultLine, ExplainedImage> {
  return !("out" in line);
}

const NO_TIMES: ExplainedImage["milliseconds"] = { load: 0, prepare: 0, predict: 0, explain: 0 };

/** A line with 0 for all times. */
export function withoutTimes(line: ResultLine): ResultLine {
  return isFailure(line) ? line : { ...line, milliseconds: NO_TIMES };
}

/**
 * Joins the parts.
 *
 * @param written Path of the joined results.
 * @param expected The images of the run, if they are known.
 */
export async function joinExplained(
  parts: readonly Part[],
  written: string,
  expected: readonly string[] | undefined,
): Promise<Joined<ResultLine>> {
  const files = await readParts<ResultLine>(parts, written);
  return joinLines(files, expected, { isFailure, compared: withoutTimes });
}

/** The record of a run: everything that its results depend on. */
export interface RunRecord {
  readonly text: string;
  /** The folder or list of its images. */
  readonly source: string | undefined;
  /** The column of a Parquet file with images, if one was named. */
  readonly imageColumn: string | undefined;
}

/**
 * The record of the run that all folders are of.
 *
 * @throws {Error} When they are of different runs, or when a record is damaged.
 */
export async function runRecord(folders: readonly string[]): Promise<RunRecord | undefined> {
  let found: { readonly path: string; readonly text: string; readonly same: string } | undefined;
  let [source, imageColumn]: (string | undefined)[] = [];
  for (const folder of folders) {
    const path = `${folder}/run.json`;
    const text = await readTextIfThere(path, "settings ");
    if (text === undefined) continue;
    let record: Record<string, unknown>;
    try {
      record = JSON.parse(text);
    } catch (cause) {
      throw new Error(`Cannot read settings ${printable(path)}: they are damaged`, { cause });
    }
    const same = JSON.stringify(Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1));
    if (found !== undefined && found.same !== same) {
      throw new Error(
        `Cannot merge: ${printable(found.path)} and ${printable(path)} belong to runs with different options`,
      );
    }
    found ??= { path, text, same };
    const images = record["images"];
    const column = record["image-column"];
    if (typeof column === "string") imageColumn ??= column;
    if (Array.isArray(images) && typeof images[0] === "string") source ??= images[0];
  }
  return found === undefined ? undefined : { text: found.text, source, imageColumn };
}
