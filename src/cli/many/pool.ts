/**
 * Tasks on a pool of workers, results as they come. A worker that dies takes its task with it and is replaced; the
 * others go on.
 *
 * @module
 */

/** A worker as the pool uses it: one task at a time. */
export interface PoolWorker<Task, Result> {
  /** Settles when it can take tasks; rejects when it cannot be used at all. */
  readonly ready: Promise<void>;
  /**
   * Does a task.
   *
   * @throws {WorkerDied} When the worker is gone and cannot be used again.
   */
  run(task: Task): Promise<Result>;
  /** Ends it. */
  close(): void;
}

/** A worker ended without an answer. */
export class WorkerDied extends Error {
  override name = "WorkerDied";
}

/** How a pool works. */
export interface PoolOptions<Task, Result> {
  /** Most workers at once. */
  readonly workers: number;
  /** Starts one. */
  readonly open: () => PoolWorker<Task, Result>;
  /** Called with each result; the pool waits for it before that worker's next task. */
  readonly onResult: (task: Task, result: Result) => void | Promise<void>;
  /** Called with each task that failed. */
  readonly onError: (task: Task, error: unknown) => void | Promise<void>;
  /** Stops giving out tasks; what is running ends. */
  readonly signal?: AbortSignal;
}

/**
 * Does all tasks. The first worker is opened alone, so that what all need (weights to be fetched, a model that cannot be
 * read) is met once.
 *
 * @throws Whatever keeps the first worker from starting, and what `onResult` or `onError` throw.
 */
export async function runPool<Task, Result>(
  tasks: readonly Task[],
  options: PoolOptions<Task, Result>,
): Promise<void> {
  const { workers, open, onResult, onError, signal } = options;
  const waiting = [...tasks].reverse();
  const opened = new Set<PoolWorker<Task, Result>>();

  async function start(): Promise<PoolWorker<Task, Result>> {
    const worker = open();
    opened.add(worker);
    await worker.ready;
    return worker;
  }

  async function work(first?: PoolWorker<Task, Result>): Promise<void> {
    let worker = first;
    while (waiting.length > 0 && !signal?.aborted) {
      worker ??= await start();
      const task = waiting.pop();
      if (task === undefined) break;
      let result: Result;
      try {
        result = await worker.run(task);
      } catch (error) {
        if (error instanceof WorkerDied) {
          opened.delete(worker);
          worker = undefined;
        }
        await onError(task, error);
        continue;
      }
      await onResult(task, result);
    }
  }

  try {
    if (tasks.length === 0) return;
    const first = await start();
    const others = Math.min(workers, tasks.length) - 1;
    const running = [work(first), ...Array.from({ length: others }, () => work())];
    const outcomes = await Promise.allSettled(running.map((each) =>
      each.catch((error) => {
        // The others must not go on with work whose results cannot be kept.
        waiting.length = 0;
        throw error;
      })
    ));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    for (const worker of opened) worker.close();
  }
}
