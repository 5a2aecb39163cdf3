/**
 * `explain DIR --out DIR`: every picture of a folder, on a pool of workers. Results come as JSON lines, in a file beside
 * the overlays and, when asked for, on stdout. Stopped at any moment and started again, it goes on with what is missing.
 *
 * @module
 */
import { openRecordFile } from "../evaluation/record_file.ts";
import type { ExplainedImage } from "../explain/document.ts";
import { fetchAhead, methodOf } from "../explain/method.ts";
import { allowed } from "../downloads.ts";
import { explainerOptions } from "../explainer_options.ts";
import { EXPLAIN_NAMES } from "../explain/names.ts";
import { requestOf } from "../explain/picture.ts";
import { isFolder, makeFolder, reason, writeFile } from "../files.ts";
import { listImages } from "../image_lists.ts";
import { bar, longDuration, messageOf, openTerminal, printable, type Terminal } from "../terminal.ts";
import { type Arguments, UsageError } from "../usage.ts";
import { openPictureWorker } from "./picture_workers.ts";
import type { PictureTask } from "./picture_worker.ts";
import { runPool } from "./pool.ts";
import { parseShard, shardOf, shardSuffix, WHOLE } from "./shard.ts";

/** A line of the results. */
type Line = ExplainedImage | { readonly image: string; readonly error: string };

/** Workers at once where the caller does not say: more would share the memory's bandwidth without a gain. */
const MOST_WORKERS = 8;

/** Seconds between lines of progress where there is no terminal. */
const QUIET_SECONDS = 30;

/** Options that say how the work is done, not what comes of it: a run may go on with others. */
const HOW = ["workers", "shard", "json", "quiet", "device", "threads", "out", "help"];

/** Whether the arguments name a folder, or a list of pictures. */
export async function namesMany(given: Arguments): Promise<boolean> {
  const { positional } = given;
  const folders = await Promise.all(
    positional.map(async (path) => /\.txt$/i.test(path) || await isFolder(path)),
  );
  const many = folders.includes(true);
  if (many && positional.length > 1) {
    throw new UsageError("A folder or list of pictures must be the only argument of explain");
  }
  const stray = many ? undefined : ["workers", "shard"].find((name) => given.value(name) !== undefined);
  if (stray !== undefined) throw new UsageError(`Option --${stray} is for a folder or list of pictures`);
  return many;
}

/** Explains all of them and gives the exit code. */
export async function explainMany(
  given: Arguments,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const source = given.positional[0]!;
  const out = given.value("out")?.replace(/[/\\]+$/, "");
  if (out === undefined || /\.png$/i.test(out)) {
    throw new UsageError("Option --out must name a folder for the results of a folder or list of pictures");
  }
  if (given.flag("check")) {
    throw new UsageError("Option --check is for single pictures; deno task evaluate measures many");
  }
  requestOf(given);
  methodOf(given);
  const shard = given.value("shard") === undefined ? WHOLE : parseShard(given.value("shard")!);
  const workers = given.wholeNumber("workers", 1) ?? Math.min(MOST_WORKERS, navigator.hardwareConcurrency);
  const terminal = openTerminal(given.flag("quiet"));

  const all = tasksOf(allowed(given, await listImages(source)), source, out, given.value("map"));
  const tasks = shardOf(all, shard);
  await makeFolder(out);
  await checkSameRun(`${out}/run.json`, given);
  const path = `${out}/results${shardSuffix(shard)}.jsonl`;
  const done = new Set<string>();
  const wanted = new Set(tasks.map(({ image }) => image));
  const records = await openRecordFile<Line>(path, isFile(path), (line) => {
    // What failed is tried again, and what was removed is made again.
    const there = "out" in line && wanted.has(line.image) && isFile(line.out);
    if (there) done.add(line.image);
    return there;
  });
  const missing = tasks.filter(({ image }) => !done.has(image));
  const progress = reporter(terminal, missing.length);
  let failed = 0;
  const keep = async (line: Line) => {
    await records.append(line);
    if (given.flag("json")) console.log(JSON.stringify(line));
    progress(line);
  };
  if (done.size > 0) terminal.say(`${done.size} of ${tasks.length} are there already`);
  terminal.doing("Loading");
  try {
    if (missing.length > 0) {
      await fetchAhead(methodOf(given), await explainerOptions(given, terminal), signal);
    }
    await runPool(missing, {
      workers,
      open: () => openPictureWorker(workerArgs(args, given)),
      onResult: (_, document) => keep(document),
      onError: async ({ image }, error) => {
        failed++;
        terminal.fail(`ptame: ${printable(messageOf(error))}`);
        await keep({ image, error: messageOf(error) });
      },
      signal,
    });
  } finally {
    await records.close();
  }
  const ready = done.size + records.appended - failed;
  if (signal.aborted) {
    terminal.say(`${ready} of ${tasks.length} are explained; the same command goes on`);
    throw signal.reason;
  }
  terminal.say(
    `${ready} of ${tasks.length} explained${failed > 0 ? `, ${failed} failed` : ""}; results: ${
      printable(path)
    }`,
  );
  return failed > 0 ? 1 : 0;
}

/** The pictures with the places of their results: as in the folder that they come from. */
function tasksOf(
  images: readonly string[],
  source: string,
  out: string,
  map: string | undefined,
): PictureTask[] {
  const root = `${source.replace(/[/\\]+$/, "")}/`;
  const taken = new Set<string>();
  return images.flatMap((image) => {
    // Results that lie among the pictures are none.
    if (image.startsWith(`${out}/`) || /\.explained(\.[^/]*)?\.png$/.test(image)) return [];
    const inside = image.startsWith(root) ? image.slice(root.length) : image.split(/[/\\]/).at(-1)!;
    let name = inside.replace(/\.[^./\\]+$/, "");
    // a.jpg and a.png keep their endings, and what is listed twice under one name is numbered.
    if (taken.has(name)) name = inside;
    for (let i = 2; taken.has(name); i++) name = `${inside}-${i}`;
    taken.add(name);
    const folder = map?.replace(/[/\\]+$/, "");
    return [{
      image,
      stem: `${out}/${name}`,
      ...(folder === undefined ? {} : { map: `${folder}/${name}.npy` }),
    }];
  });
}

/** The options for a worker: as given, and one thread each where the caller names no number. */
function workerArgs(args: readonly string[], given: Arguments): string[] {
  const single = given.value("threads") === undefined && given.value("device") !== "webgpu";
  return single ? [...args, "--threads", "1"] : [...args];
}

/** What the results of a run depend on: another run must not mix its own among them. */
async function checkSameRun(path: string, given: Arguments): Promise<void> {
  const { flags, values, lists } = EXPLAIN_NAMES;
  const options: [string, unknown][] = [
    ["images", given.positional],
    ...flags.map((name): [string, unknown] => [name, given.flag(name) || undefined]),
    ...values.map((name): [string, unknown] => {
      const several = (lists as readonly string[]).includes(name);
      return [name, several ? given.list(name) : given.value(name)];
    }),
  ];
  const settings = Object.fromEntries(options.filter(([name]) => !HOW.includes(name)));
  const text = JSON.stringify(settings, null, 2) + "\n";
  let present: string | undefined;
  try {
    present = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`Cannot read ${path}: ${reason(error)}`, { cause: error });
    }
  }
  if (present === undefined) return await writeFile(path, text);
  if (present !== text) {
    throw new Error(
      `Cannot go on: ${path} says that the results there are of other options; name another --out`,
    );
  }
}

/** Whether a file is there. */
function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A bar on a terminal, a line now and then elsewhere. */
function reporter(terminal: Terminal, total: number): (line: Line) => void {
  const started = performance.now();
  let [count, last] = [0, started];
  return ({ image }) => {
    count++;
    const now = performance.now();
    const rate = count / (now - started) * 1000;
    const words = `${count}/${total}  ${rate.toFixed(1)} images/s, ${
      longDuration((total - count) / rate)
    } left`;
    terminal.doing(`${bar(count / total, 10).padEnd(10, "░")} ${words}  ${printable(image)}`);
    if (!terminal.live && now - last > QUIET_SECONDS * 1000) {
      terminal.say(words);
      last = now;
    }
  };
}
