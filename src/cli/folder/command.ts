/**
 * `explain DIR --out DIR`: explains every image of a folder on a pool of workers. Results are JSON lines, in a file
 * next to the overlays and, on request, on stdout. A run that was stopped at any moment continues with the missing
 * results when it is started again.
 *
 * @module
 */
import type { MethodDefinition } from "../../baselines/types.ts";
import { isObjectAddress } from "../../objects/address.ts";
import { chooseDevice } from "../../runtime/mod.ts";
import { formatOfPath } from "../../image/encode.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { hasRecords, openRecordFile } from "../evaluation/record_file.ts";
import { chooseExplainMethod, fetchAhead } from "../explain/method.ts";
import { deviceLines } from "../device_lines.ts";
import { refuseRemoteIfOffline } from "../downloads.ts";
import { explainerOptions } from "../explainer_options.ts";
import type { ExplainCall, ExplainGiven } from "../explain/options.ts";
import { missingCharacterLines, useFonts } from "../fonts.ts";
import { explainRequest } from "../explain/image.ts";
import { teachIfAsked } from "../explain/teach.ts";
import { DiskFullError, isFolder, makeFolder } from "../files.ts";
import { withoutEndSlash } from "../paths.ts";
import { isImageName } from "../image_lists.ts";
import { openSource } from "../sources/open.ts";
import { isPacked } from "../sources/types.ts";
import {
  errorMessage,
  longDuration,
  printable,
  progressBar,
  sayNowAndThen,
  type Terminal,
} from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { shardSuffix } from "../shards/shard.ts";
import { chooseShard } from "../shards/schedulers.ts";
import type { ResultLine } from "./gallery/entries.ts";
import { checkSameRun, earlierResults, forgetUnusedRun, refuseOtherSplit } from "./earlier_runs.ts";
import { openImageWorker } from "./image_workers.ts";
import type { WorkerDevice } from "./image_worker.ts";
import { runPool } from "./pool.ts";
import { usualWorkers } from "./usual_workers.ts";
import { workOnList, workOnStream } from "./work.ts";
import { withLocalModels } from "../model_address.ts";
import { STREAM } from "../streams.ts";

type Line = ResultLine;

/** Whether the arguments name a folder, or a list of images. */
export async function namesMany({ positional, typed }: ExplainGiven): Promise<boolean> {
  const folders = await Promise.all(
    positional.map(async (path) =>
      /\.txt$/i.test(path) || isPacked(path) ||
      (isObjectAddress(path) ? !isImageName(path) : await isFolder(path))
    ),
  );
  const many = folders.includes(true);
  if (many && positional.length > 1) {
    throw new UsageError("A folder or list of images must be the only argument of explain");
  }
  const stray = many ? undefined : ["workers", "shard", "html", "image-column"].find((name) => name in typed);
  if (stray !== undefined) throw new UsageError(`Option --${stray} is for a folder or list of images`);
  return many;
}

/** Explains all images and gives the exit code. */
export async function explainMany(call: ExplainCall): Promise<number> {
  const { options, positional, terminal, signal } = call;
  const source = positional[0]!;
  const { out: named, map } = options;
  if (named === undefined || named === STREAM || formatOfPath(named) !== undefined) {
    throw new UsageError("Option --out must name a folder for the results of a folder or list of images");
  }
  if (options.scale === "shared") {
    throw new UsageError(
      "Option --scale shared is for named images: the workers of a folder do not know each other's maps; name them " +
        "one by one",
    );
  }
  if (options.check) {
    throw new UsageError("Option --check is for single images; deno task evaluate measures many");
  }
  if (options.animate !== undefined) throw new UsageError("Option --animate is for a single image");
  const { looks } = explainRequest(options);
  const method = chooseExplainMethod(options);
  const { workers = usualWorkers() } = options;

  const out = withoutEndSlash(named);
  refuseRemoteIfOffline(options, [source]);
  const opened = await openSource(source, terminal.say);
  const images = opened.kind === "listed" ? refuseRemoteIfOffline(options, opened.images) : undefined;
  const shard = chooseShard(options.shard, terminal);
  const places = { source, out, map };
  const stream = { workers, column: options.imageColumn, signal };
  const work = opened.kind === "listed"
    ? workOnList(opened.images, shard, places)
    : workOnStream(opened, shard, places, stream);
  if (work.total === 0) {
    terminal.say(
      `Shard ${shard.index}/${shard.count} has no image: ${printable(source)} has ${images?.length}`,
    );
    return 0;
  }
  if (options.html && (images === undefined || isObjectAddress(out))) {
    throw new UsageError(
      "Option --html is for a folder or list of images on this machine, and results there",
    );
  }
  const made = !isObjectAddress(out) && !(await isFolder(out));
  await makeFolder(out);
  const path = `${out}/results${shardSuffix(shard)}.jsonl`;
  const whenLocked = async () => {
    await refuseOtherSplit(out, shard.count);
    await checkSameRun(out, path, call);
    // Of other shards of the same images, whatever their number.
    for await (const line of earlierResults<Line>(out, path)) work.keep(line);
  };
  const records = await openRecordFile<Line>(path, await hasRecords(path), {
    keep: work.keep,
    whenLocked,
    remember: false,
  });
  let failed = 0;
  const tasks = work.tasks();
  const missing = work.total === undefined ? undefined : work.total - work.before;
  const ready = () => work.before + records.appended - failed;
  const counted = () => work.total === undefined ? `${ready()}` : `${ready()} of ${work.total}`;
  const progress = reporter(terminal, missing);
  const sayMissing = missingCharacterLines(terminal.say);
  const store = async (line: Line) => {
    await records.append(line);
    if (options.json) console.log(JSON.stringify(line));
    progress(line);
  };
  if (ready() > 0) terminal.say(`${counted()} are already explained`);
  try {
    const where = missing === 0 ? undefined : await prepareRun(method, call);
    await runPool(tasks, {
      workers,
      open: () => openImageWorker(call.args, where!, signal, sayMissing),
      onResult: (_, document) => store(document),
      onError: async ({ image, identity }, error) => {
        // Every other image would fail, too.
        if (error instanceof DiskFullError) throw error;
        failed++;
        terminal.fail(`ptame: ${printable(errorMessage(error))}`);
        await store({ image, error: errorMessage(error), ...withoutUndefined({ identity }) });
      },
      signal,
    });
  } catch (error) {
    if (error instanceof DiskFullError) {
      terminal.say(`${counted()} are explained; make room, and the same command continues`);
    }
    throw error;
  } finally {
    await records.close();
    if (ready() + failed === 0) await forgetUnusedRun(out, path, made);
  }
  if (signal.aborted) {
    terminal.say(`${counted()} are explained; the same command continues`);
    throw signal.reason;
  }
  if (options.html) {
    const { writeGallery } = await import("./gallery/write.ts");
    const lines: Line[] = [];
    for await (const line of earlierResults<Line>(out, "")) lines.push(line);
    terminal.say(
      `Page: ${
        printable(
          await writeGallery(lines, images!, {
            source,
            out,
            args: call.args,
            ...withoutUndefined({ looks }),
          }),
        )
      }`,
    );
  }
  const failures = failed > 0 ? `, ${failed} failed` : "";
  const written = isObjectAddress(path) ? `${path.replace(/\.jsonl$/, "")}/` : path;
  const place = await hasRecords(path) ? written : `${out}/results.*.jsonl`;
  terminal.say(`${counted()} explained${failures}; results: ${printable(place)}`);
  return failed > 0 ? 1 : 0;
}

/** Downloads what the workers need, and decides for all of them where they run. */
async function prepareRun(method: MethodDefinition, typedCall: ExplainCall): Promise<WorkerDevice> {
  const { typed, terminal, signal } = typedCall;
  const options = await withLocalModels(typedCall.options, terminal, signal);
  // A font that cannot be read is an error of the run, not of each image.
  await useFonts(options.font, () => {});
  await teachIfAsked({ ...typedCall, options });
  terminal.doing("Loading");
  const settings = await explainerOptions(options, typed, terminal, method.needs === "head");
  await fetchAhead(method, settings, signal);
  // A worker that asks for a WebGPU adapter and is ended can take the process with it (Mesa's software Vulkan).
  const choice = await chooseDevice(options.device);
  const { asked, device } = choice;
  for (const line of deviceLines(choice, options.verbose)) terminal.say(line);
  // One thread for each worker, unless the caller names a number.
  return {
    ...(asked !== "auto" || device === "webgpu" ? { device: asked } : { device, choice }),
    ...withoutUndefined({ model: options.model, auxiliary: options.auxiliary }),
    ...withoutUndefined({ threads: options.threads ?? (device === "webgpu" ? undefined : 1) }),
  };
}

/** A progress bar on a terminal, occasional lines elsewhere. */
function reporter(terminal: Terminal, total: number | undefined): (line: Line) => void {
  const started = performance.now();
  const sayCount = sayNowAndThen(terminal);
  let count = 0;
  return ({ image }) => {
    count++;
    const rate = count / (performance.now() - started) * 1000;
    const pace = `${rate.toFixed(1)} images/s`;
    const words = total === undefined
      ? `${count}  ${pace}`
      : `${count}/${total}  ${pace}, ${longDuration((total - count) / rate)} left`;
    const bar = total === undefined ? "" : `${progressBar(count / total)} `;
    terminal.doing(`${bar}${words}  ${printable(image)}`);
    sayCount(words);
  };
}
