/**
 * `merge`: joins the parts of a run that was spread over machines. Every image comes once, in the order of the images, and
 * what is missing or doubled is named.
 *
 * @module
 */
import { evaluationCsv } from "../../faithfulness/report/csv.ts";
import { documentText } from "../evaluation/document.ts";
import { recordLine } from "../evaluation/record_lines.ts";
import { openTableWriter } from "../evaluation/table_file.ts";
import { resultLines } from "../evaluation/result_lines.ts";
import { checkWritable, isFile, makeFolder, samePlace, writeFile, writeParts } from "../files.ts";
import { listImages } from "../image_lists.ts";
import { namesInResults } from "../sources/copies.ts";
import { type Call, command } from "../options/command.ts";
import { flag, text } from "../options/kinds.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { withoutEndSlash } from "../paths.ts";
import { takeRunLock } from "../run_lock.ts";
import { printable, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { joinEvaluated } from "./evaluated.ts";
import { isFailure, joinExplained, type RunRecord, runRecord, withoutTimes } from "./explained.ts";
import type { Joined } from "./join.ts";
import { findParts, type Parts } from "./parts.ts";
import { RESULT_COLUMNS, resultRows } from "./values.ts";

const OPTIONS = {
  out: text("DIR", "Folder for the joined results", { usual: "the folder of the parts, if it is one" }),
  images: text("DIR|LIST", "The images of the run: what is missing, and the order", {
    usual: "those of the run, where they are still to be read",
  }),
  csv: text("FILE", "For evaluate: write the table as CSV"),
  values: text("FILE", "For explain: write the results as a table, .csv or .parquet"),
  withoutTimes: flag("Write 0 for all times, so that two runs of the same images have the same bytes"),
  ...OUTPUT_OPTIONS,
};

/** Names that are listed in a message at most. */
const MOST_NAMED = 10;

/** Runs `merge` and gives its exit code: 1 if something is missing. */
export const mergeCommand = command({
  name: "merge",
  about: "Join the parts of a run: results of explain DIR --shard, or records of evaluate --shard",
  arguments: {
    usage: "DIR… [options]",
    most: Infinity,
    missing: "merge needs the folders with the results of the parts",
  },
  options: OPTIONS,
  notes: [
    "Results of explain become results.jsonl; overlays stay where they are. Records of evaluate become records.jsonl " +
    "and results.json, from which evaluate --resume --report DIR makes the report. If an image is missing, the others " +
    "are joined, and the exit code is 1.",
  ],
  examples: [
    "deno task merge explained/",
    "deno task merge part1/ part2/ part3/ --out all/ --images photos/",
    "deno task merge out/ --csv table.csv",
    "deno task merge s3://bucket/explained --values s3://bucket/explained.parquet",
  ],
}, async (call) => {
  const { options, positional } = call;
  const folders = positional.map(withoutEndSlash);
  const parts = await findParts(folders);
  if (parts.kind === "explain" && (options.csv ?? (options.json || undefined)) !== undefined) {
    throw new UsageError(
      "Options --csv and --json are for records of evaluate; results of explain are JSON lines",
    );
  }
  if (parts.kind === "evaluate" && options.values !== undefined) {
    throw new UsageError(
      "Option --values is for results of explain; for records: deno task evaluate --resume --values FILE",
    );
  }
  const out = options.out === undefined ? folders[0]! : withoutEndSlash(options.out);
  if (options.out === undefined && folders.length > 1) {
    throw new UsageError("Option --out DIR must name the folder for the results of several folders");
  }
  if (options.withoutTimes && folders.some((folder) => samePlace(folder, out))) {
    throw new UsageError("Option --without-times needs another folder by --out: times cannot be had again");
  }
  if (options.csv !== undefined) await checkWritable(options.csv);
  await makeFolder(out);
  return parts.kind === "explain"
    ? await mergeExplained(call, parts, { folders, out })
    : await mergeEvaluated(call, parts, out);
});

type MergeCall = Call<typeof OPTIONS>;

async function mergeExplained(
  { options, terminal, signal }: MergeCall,
  parts: Parts,
  { folders, out }: { readonly folders: readonly string[]; readonly out: string },
): Promise<number> {
  const { values } = options;
  const writeValues = values === undefined ? undefined : await openTableWriter(values);
  if (values !== undefined) await checkWritable(values);
  const run = await runRecord(folders);
  const expected = await imagesOf(options.images, run, terminal, signal);
  const path = `${out}/results.jsonl`;
  const unlock = await takeRunLock(path);
  try {
    const joined = await joinExplained(parts.files, path, expected);
    const { lines } = joined;
    await writeParts(path, encoded(options.withoutTimes ? lines.map(withoutTimes) : lines), signal);
    await writeValues?.(resultRows(lines), RESULT_COLUMNS, signal);
    if (run !== undefined && !await isFile(`${out}/run.json`)) await writeFile(`${out}/run.json`, run.text);
    const failed = lines.filter(isFailure).map(({ image }) => image);
    sayNames(terminal, "failed", failed);
    const whole = sayJoined(terminal, joined, parts);
    terminal.say(`${lines.length - failed.length} images joined: ${printable(path)}`);
    return whole && failed.length === 0 ? 0 : 1;
  } finally {
    await unlock();
  }
}

async function mergeEvaluated(
  { options, terminal, signal }: MergeCall,
  parts: Parts,
  out: string,
): Promise<number> {
  const path = `${out}/records.jsonl`;
  const unlock = await takeRunLock(path);
  try {
    const images = options.images === undefined ? undefined : await listImages(options.images, terminal.say);
    const joined = await joinEvaluated(parts.files, { written: path, images, times: !options.withoutTimes });
    const { records, result, document, unfinished } = joined;
    await writeParts(path, encoded(records), signal);
    await writeFile(`${out}/results.json`, documentText(document));
    if (options.csv !== undefined) await writeFile(options.csv, evaluationCsv(result));
    sayNames(terminal, "not finished", unfinished);
    const whole = sayJoined(terminal, joined, parts);
    const { skipped, model, seed, statistics } = document;
    if (skipped.length > 0) terminal.say(`${skipped.length} image(s) could not be read and were skipped`);
    for (const line of resultLines(result, records, { model, seed, statistics })) terminal.say(line);
    terminal.say(`records: ${printable(path)}`);
    if (options.json) console.log(JSON.stringify(document, null, 2));
    return whole && unfinished.length === 0 ? 0 : 1;
  } finally {
    await unlock();
  }
}

/** The images that the run was to explain; undefined if they cannot be listed. */
async function imagesOf(
  named: string | undefined,
  run: RunRecord | undefined,
  { say }: Terminal,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const source = named ?? run?.source;
  if (source === undefined) return undefined;
  try {
    const found = await namesInResults(source, named === undefined ? () => {} : say, {
      column: run?.imageColumn,
      signal,
    });
    if (found === undefined) {
      say(`Whether images of ${printable(source)} are missing is not known: it has shards`);
    }
    return found;
  } catch (error) {
    if (named !== undefined || run === undefined || signal.aborted) throw error;
    say(
      `The images ${
        printable(source)
      } cannot be listed on this machine: name them by --images, so that missing ones are known`,
    );
    return undefined;
  }
}

function* encoded(lines: Iterable<unknown>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const line of lines) yield encoder.encode(recordLine(line));
}

/** Says what is missing or doubled; gives whether nothing is missing. */
function sayJoined(
  terminal: Terminal,
  { doubled, missing, unexpected }: Omit<Joined<unknown>, "lines">,
  parts: Parts,
): boolean {
  sayNames(terminal, "in several parts, with the same result", doubled);
  sayNames(terminal, "not among the images", unexpected);
  sayNames(terminal, "missing", missing ?? []);
  // Where the images are known, they decide: a part without an image has no file.
  const whole = missing === undefined ? parts.missing.length === 0 : missing.length === 0;
  if (!whole && parts.missing.length > 0) terminal.say(`There is no part ${parts.missing.join(", ")}`);
  return whole;
}

function sayNames(terminal: Terminal, what: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const shown = names.slice(0, MOST_NAMED).map(printable).join(", ");
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  terminal.say(`${names.length} ${what}: ${shown}${more}`);
}
