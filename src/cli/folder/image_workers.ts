/**
 * The other end of image_worker.ts: a worker with the interface that the pool needs.
 *
 * @module
 */
import type { ExplainedImage } from "../explain/document.ts";
import type { FromWorker, ImageTask, ToWorker, WorkerDevice } from "./image_worker.ts";
import { type PoolWorker, WorkerDied } from "./pool.ts";
import { createWorkerClient, type Failed } from "./worker_client.ts";

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
  const client = createWorkerClient<ToWorker, Exclude<FromWorker, Failed>>(worker);
  const stop = () => worker.postMessage({ kind: "stop" } satisfies ToWorker);
  signal.addEventListener("abort", stop, { once: true });
  return {
    ready: client.ask({ kind: "open", args, where }).then(() => undefined),
    run: async (task) => {
      if (task.failure !== undefined) throw new Error(task.failure);
      const reply = await client.ask({ kind: "explain", task });
      if (reply.kind !== "done") throw new WorkerDied("A worker sent an answer without a request");
      if (reply.missing !== "") onMissing(reply.missing);
      return reply.document;
    },
    close: () => {
      signal.removeEventListener("abort", stop);
      client.close();
    },
  };
}
