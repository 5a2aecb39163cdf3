/**
 * Measures images at the same time in workers (measure_worker.ts), a thread each. Records come in any order; they are of
 * the same bytes as those of one process.
 *
 * @module
 */
import { evaluate } from "../../faithfulness/evaluate.ts";
import type { EvaluateOptions } from "../../faithfulness/evaluate_options.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import { type PoolWorker, runPool, WorkerDied } from "../folder/pool.ts";
import type { WorkerDevice } from "../folder/image_worker.ts";
import { createWorkerClient, type Failed } from "../folder/worker_client.ts";
import { longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "../terminal.ts";
import type { MeasureContext } from "./measure.ts";
import type { FromWorker, MeasuredImage, MeasureTask, ToWorker } from "./measure_worker.ts";
import type { OpenMethods } from "./methods.ts";
import type { Plan } from "./plan.ts";

/** What is measured, besides the plan. */
export interface WorkersContext extends MeasureContext {
  readonly images: readonly string[];
  /** The methods as the command has opened them. */
  readonly opened: Pick<OpenMethods, "methods" | "score" | "session">;
  /** What records depend on. */
  readonly settings: Required<
    Pick<EvaluateOptions, "preset" | "measures" | "seed" | "model" | "normalization">
  >;
}

/**
 * Measures what has no whole record yet, if the plan has more than one worker, and stores the records.
 *
 * @returns The new records; an image without one could not be read, or its worker has died.
 * @throws {RangeError} When an earlier record was made with other settings.
 */
export async function measureInWorkers(plan: Plan, context: WorkersContext): Promise<ImageRecord[]> {
  const { file, terminal, signal, opened, settings, images } = context;
  if (plan.workers === 1) return [];
  const { device } = opened.session;
  if (device === "webgpu") {
    terminal.say("All images are measured by one process: workers would share the one GPU");
    return [];
  }
  // Settings of earlier records are compared before the work, not after it.
  await evaluate({ ...settings, ...opened, images: [], records: file.records });
  const earlier = new Map(file.records.map((record) => [record.image, record]));
  const tasks = images.flatMap((image): MeasureTask[] => {
    const record = earlier.get(image);
    if (record === undefined) return [{ image }];
    return Object.keys(opened.methods).every((method) => record.methods[method] !== undefined)
      ? []
      : [{ image, record }];
  });
  const where: WorkerDevice = {
    ...context.local,
    device,
    threads: typeof context.typed["threads"] === "string" ? Number(context.typed["threads"]) : 1,
  };
  const made: ImageRecord[] = [];
  const progress = reporter(terminal, images.length, images.length - tasks.length);
  await runPool(tasks, {
    workers: plan.workers,
    open: () => openMeasureWorker(context.args, where, settings.model, signal),
    onResult: async ({ image }, { record }) => {
      if (record !== undefined) {
        await file.append(record);
        made.push(record);
      }
      progress(image);
    },
    onError: ({ image }, error) => {
      if (signal.aborted) return;
      if (!(error instanceof WorkerDied)) throw error;
      terminal.say(`${printable(image)} is measured once more: ${printable(error.message)}`);
    },
    signal,
  });
  signal.throwIfAborted();
  return made;
}

function openMeasureWorker(
  args: readonly string[],
  where: WorkerDevice,
  model: string,
  signal: AbortSignal,
): PoolWorker<MeasureTask, MeasuredImage> {
  const worker = new Worker(new URL("./measure_worker.ts", import.meta.url), { type: "module" });
  const client = createWorkerClient<ToWorker, Exclude<FromWorker, Failed>>(worker);
  // An image may take minutes: it is done again when the run continues.
  const stop = () => client.close();
  signal.addEventListener("abort", stop, { once: true });
  return {
    ready: client.ask({ kind: "open", args, where, model }).then(() => undefined),
    run: async (task) => {
      const reply = await client.ask({ kind: "measure", task });
      if (reply.kind !== "done") throw new WorkerDied("A worker sent an answer without a request");
      return reply.measured;
    },
    close: () => {
      signal.removeEventListener("abort", stop);
      client.close();
    },
  };
}

/** A progress bar on a terminal, a line every half minute elsewhere. */
function reporter(terminal: Terminal, total: number, before: number): (image: string) => void {
  const started = performance.now();
  const sayCount = sayNowAndThen(terminal);
  let count = 0;
  return (image) => {
    count++;
    const done = before + count;
    const left = longDuration((performance.now() - started) / 1000 / count * (total - done));
    terminal.doing(`${progressBar(done / total)} ${done}/${total}  ${left} left  ${printable(image)}`);
    sayCount(`image ${done}/${total}  ${left} left`);
  };
}
