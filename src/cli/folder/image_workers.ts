/**
 * The other end of image_worker.ts: a worker with the interface that the pool needs.
 *
 * @module
 */
import type { ExplainedImage } from "../explain/document.ts";
import type { FromWorker, ImageTask, ToWorker, WorkerDevice } from "./image_worker.ts";
import { DiskFullError } from "../files.ts";
import { UsageError } from "../usage.ts";
import { type PoolWorker, WorkerDied } from "./pool.ts";

/** Callbacks for the worker's answer. */
interface Waiting {
  resolve(reply: FromWorker): void;
  reject(error: Error): void;
}

/**
 * Starts a worker that explains images.
 *
 * @param args The options of `explain`, as they were given.
 * @param where Its device and threads.
 * @param signal Stops refining; the worker answers with the best map so far.
 * @param onMissing Called with characters that no font has.
 */
export function openImageWorker(
  args: readonly string[],
  where: WorkerDevice,
  signal: AbortSignal,
  onMissing: (characters: string) => void,
): PoolWorker<ImageTask, ExplainedImage> {
  const worker = new Worker(new URL("./image_worker.ts", import.meta.url), { type: "module" });
  let waiting: Waiting | undefined;
  let dead: WorkerDied | undefined;
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => waiting?.resolve(data);
  worker.onerror = (event) => {
    // Without this, the error would end the whole program.
    event.preventDefault();
    dead = new WorkerDied(`A worker ended: ${event.message.split("\n")[0]}`);
    waiting?.reject(dead);
  };
  const stop = () => worker.postMessage({ kind: "stop" } satisfies ToWorker);
  signal.addEventListener("abort", stop, { once: true });
  const ask = async (message: ToWorker): Promise<FromWorker> => {
    if (dead !== undefined) throw dead;
    const reply = await new Promise<FromWorker>((resolve, reject) => {
      waiting = { resolve, reject };
      worker.postMessage(message);
    });
    if (reply.kind === "failed") {
      const Kind = reply.what === "usage" ? UsageError : reply.what === "disk" ? DiskFullError : Error;
      throw new Kind(reply.message);
    }
    return reply;
  };
  return {
    ready: ask({ kind: "open", args, where }).then(() => undefined),
    run: async (task) => {
      const reply = await ask({ kind: "explain", task });
      if (reply.kind !== "done") throw new WorkerDied("A worker sent an answer without a request");
      if (reply.missing !== "") onMissing(reply.missing);
      return reply.document;
    },
    close: () => {
      signal.removeEventListener("abort", stop);
      worker.terminate();
    },
  };
}
