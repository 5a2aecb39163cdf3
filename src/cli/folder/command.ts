/**
 * `explain DIR --out DIR`: explains every image of a folder on a pool of workers. Results are JSON lines, in a file
 * next to the overlays and, on request, on stdout. A run that was stopped at any moment continues with the missing
 * results when it is started again.
 *
 * @module
 */
import { formatOfPath } from "../../image/encode.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { openRecordFile } from "../evaluation/record_file.ts";
import type { ExplainedImage } from "../explain/document.ts";
import { fetchAhead, openExplainMethod } from "../explain/method.ts";
import { refuseRemoteIfOffline } from "../downloads.ts";
import { explainerOptions } from "../explainer_options.ts";
import type { ExplainCall, ExplainGiven } from "../explain/options.ts";
import { explainRequest } from "../explain/image.ts";
import { teachIfAsked } from "../explain/teach.ts";
import { isFolder, makeFolder, readTextIfThere, writeFile } from "../files.ts";
import { listImages } from "../image_lists.ts";
import {
  errorMessage,
  longDuration,
  printable,
  progressBar,
  sayNowAndThen,
  type Terminal,
} from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { openImageWorker } from "./image_workers.ts";
import type { ImageTask } from "./image_worker.ts";
import { runPool } from "./pool.ts";
import { shardSuffix, takeShard } from "./shard.ts";

/** A line of the results. */
type Line = ExplainedImage | { readonly image: string; readonly error: string };

/** Default number of workers at most: more would only share the memory bandwidth. */
const MOST_WORKERS = 8;

/** Options that do not change the results: a run may continue with different ones. */
const HOW = ["workers", "shard", "json", "quiet", "device", "threads", "out", "help", "minutes"];

/** Whether the arguments name a folder, or a list of images. */
export async function namesMany({ positional, typed }: ExplainGiven): Promise<boolean> {
  const folders = await Promise.all(
    positional.map(async (path) => /\.txt$/i.test(path) || await isFolder(path)),
  );
  const many = folders.includes(true);
  if (many && positional.length > 1) {
    throw new UsageError("A folder or list of images must be the only argument of explain");
  }
  const stray = many ? undefined : ["workers", "shard"].find((name) => name in typed);
  if (stray !== undefined) throw new UsageError(`Option --${stray} is for a folder or list of images`);
  return many;
}

/** Explains all images and gives the exit code. */
export async function explainMany(call: ExplainCall): Promise<number> {
  const { options, positional, terminal, signal } = call;
  const source = positional[0]!;
  const out = options.out?.replace(/[/\\]+$/, "");
  if (out === undefined || formatOfPath(out) !== undefined) {
    throw new UsageError("Option --out must name a folder for the results of a folder or list of images");
  }
  if (options.check) {
    throw new UsageError("Option --check is for single images; deno task evaluate measures many");
  }
  explainRequest(options);
  const method = openExplainMethod(options);
  const { shard, workers = Math.min(MOST_WORKERS, navigator.hardwareConcurrency) } = options;

  const all = createTasks(refuseRemoteIfOffline(options, await listImages(source)), source, out, options.map);
  const tasks = takeShard(all, shard);
  await makeFolder(out);
  await checkSameRun(`${out}/run.json`, call);
  const path = `${out}/results${shardSuffix(shard)}.jsonl`;
  const done = new Set<string>();
  const wanted = new Set(tasks.map(({ image }) => image));
  const records = await openRecordFile<Line>(path, isFile(path), (line) => {
    // Failed images are tried again, and results that were removed or stopped early are made again.
    const there = "out" in line && wanted.has(line.image) && isFile(line.out) && !isStopped(line);
    if (there) done.add(line.image);
    return there;
  });
  const missing = tasks.filter(({ image }) => !done.has(image));
  const progress = reporter(terminal, missing.length);
  let failed = 0;
  const keep = async (line: Line) => {
    await records.append(line);
    if (options.json) console.log(JSON.stringify(line));
    progress(line);
  };
  if (done.size > 0) terminal.say(`${done.size} of ${tasks.length} are already explained`);
  try {
    if (missing.length > 0) {
      await teachIfAsked(call);
      terminal.doing("Loading");
      const settings = await explainerOptions(options, call.typed, terminal, method.needs === "head");
      await fetchAhead(method, settings, signal);
    }
    await runPool(missing, {
      workers,
      open: () => openImageWorker(workerArgs(call), signal),
      onResult: (_, document) => keep(document),
      onError: async ({ image }, error) => {
        failed++;
        terminal.fail(`ptame: ${printable(errorMessage(error))}`);
        await keep({ image, error: errorMessage(error) });
      },
      signal,
    });
  } finally {
    await records.close();
  }
  const ready = done.size + records.appended - failed;
  if (signal.aborted) {
    terminal.say(`${ready} of ${tasks.length} are explained; the same command continues`);
    throw signal.reason;
  }
  terminal.say(
    `${ready} of ${tasks.length} explained${failed > 0 ? `, ${failed} failed` : ""}; results: ${
      printable(path)
    }`,
  );
  return failed > 0 ? 1 : 0;
}

/** Whether refining was stopped in the image. */
function isStopped({ targets }: ExplainedImage): boolean {
  return targets.some(({ refinement }) => refinement?.stopped);
}

/** The images with the paths of their results, in the same subfolders as the images. */
function createTasks(
  images: readonly string[],
  source: string,
  out: string,
  map: string | undefined,
): ImageTask[] {
  const root = `${source.replace(/[/\\]+$/, "")}/`;
  const taken = new Set<string>();
  return images.flatMap((image) => {
    // Results in the same folder as the images are not images to explain.
    if (image.startsWith(`${out}/`) || /\.explained(\.[^/]*)?\.png$/.test(image)) return [];
    const inside = image.startsWith(root) ? image.slice(root.length) : image.split(/[/\\]/).at(-1)!;
    let name = inside.replace(/\.[^./\\]+$/, "");
    // a.jpg and a.png keep their extensions, and equal names are numbered.
    if (taken.has(name)) name = inside;
    for (let i = 2; taken.has(name); i++) name = `${inside}-${i}`;
    taken.add(name);
    const folder = map?.replace(/[/\\]+$/, "");
    const mapPath = folder === undefined ? undefined : `${folder}/${name}.npy`;
    return [{ image, stem: `${out}/${name}`, ...withoutUndefined({ map: mapPath }) }];
  });
}

/** The options for a worker: as given, with one thread each unless the caller names a number. */
function workerArgs({ args, options: { threads, device } }: ExplainCall): string[] {
  return threads === undefined && device !== "webgpu" ? [...args, "--threads", "1"] : [...args];
}

/** Everything that the results of a run depend on. Results of other settings must not be mixed with them. */
async function checkSameRun(path: string, { options, positional, typed }: ExplainGiven): Promise<void> {
  const all = { ...typed, images: positional, target: options.target };
  const settings = Object.entries(all).filter(([name]) => !HOW.includes(name));
  const present = await readTextIfThere(path);
  if (present === undefined) {
    return await writeFile(path, JSON.stringify(Object.fromEntries(settings), null, 2) + "\n");
  }
  if (!isSameRun(present, settings)) {
    throw new Error(
      `Cannot continue: ${path} belongs to a run with other options; name another --out`,
    );
  }
}

/** Whether a stored run has the same settings, in any order. */
function isSameRun(text: string, settings: readonly [string, unknown][]): boolean {
  const sorted = (entries: readonly [string, unknown][]) =>
    JSON.stringify([...entries].sort(([a], [b]) => a < b ? -1 : 1));
  try {
    return sorted(Object.entries(JSON.parse(text))) === sorted(settings);
  } catch {
    return false;
  }
}

/** Whether a file exists. */
function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A progress bar on a terminal, occasional lines elsewhere. */
function reporter(terminal: Terminal, total: number): (line: Line) => void {
  const started = performance.now();
  const sayCount = sayNowAndThen(terminal);
  let count = 0;
  return ({ image }) => {
    count++;
    const rate = count / (performance.now() - started) * 1000;
    const words = `${count}/${total}  ${rate.toFixed(1)} images/s, ${
      longDuration((total - count) / rate)
    } left`;
    terminal.doing(`${progressBar(count / total)} ${words}  ${printable(image)}`);
    sayCount(words);
  };
}
