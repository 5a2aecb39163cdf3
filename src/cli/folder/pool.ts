/**
 * Runs tasks on a pool of workers and reports each result when it is ready. If a worker dies, its task fails and the
 * worker is replaced; the others continue.
 *
 * @module
 */

/** A worker of the pool; it does one task at a time. */
export interface PoolWorker<Task, Result> {
  /** Resolves when it can take tasks; rejects if it cannot be used at all. */
  readonly ready: Promise<void>;
  /**
   * Does a task.
   *
   * @throws {WorkerDied} When the worker has ended and cannot be used again.
   */
  run(task: Task): Promise<Result>;
  /** Ends it. */
  close(): void;
}

/** A worker ended without an answer. */
export class WorkerDied extends Error {
  override name = "WorkerDied";
}

/** Options of a pool. */
export interface PoolOptions<Task, Result> {
  /** Maximum number of workers. */
  readonly workers: number;
  /** Starts one. */
  readonly open: () => PoolWorker<Task, Result>;
  /** Called with each result; the pool waits for it before it gives that worker the next task. */
  readonly onResult: (task: Task, result: Result) => void | Promise<void>;
  /** Called with each task that failed. */
  readonly onError: (task: Task, error: unknown) => void | Promise<void>;
  /** Stops handing out tasks; running tasks are finished. */
  readonly signal?: AbortSignal;
}

/**
 * Does all tasks. The first worker is opened alone, so that shared work (downloading weights) and shared errors (an
 * unreadable model) happen once.
 *
 * @throws Whatever keeps the first worker from starting, and what `onResult` or `onError` throw.
 */
export async function runPool<Task, Result>(
  tasks: Iterable<Task> | AsyncIterable<Task>,
  options: PoolOptions<Task, Result>,
): Promise<void> {
  const { workers, open, onResult, onError, signal } = options;
  const waiting = inTurn(tasks);
  const opened = new Set<PoolWorker<Task, Result>>();

  async function start(): Promise<PoolWorker<Task, Result>> {
    const worker = open();
    opened.add(worker);
    await worker.ready;
    return worker;
  }

  async function work(worker?: PoolWorker<Task, Result>, first?: { readonly task: Task }): Promise<void> {
    for (let next = first; !signal?.aborted; next = undefined) {
      next ??= await waiting.next();
      if (next === undefined) break;
      const { task } = next;
      worker ??= await start();
      if (signal?.aborted) break;
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
    const task = await waiting.next();
    if (task === undefined) return;
    const first = await start();
    const running = [work(first, task), ...Array.from({ length: workers - 1 }, () => work())];
    const outcomes = await Promise.allSettled(running.map((each) =>
      each.catch((error) => {
        // The others must not continue if their results cannot be stored.
        waiting.end();
        throw error;
      })
    ));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    waiting.end();
    for (const worker of opened) worker.close();
  }
}

/** Gives tasks one by one; none after its end. */
function inTurn<Task>(tasks: Iterable<Task> | AsyncIterable<Task>) {
  const each = async function* () {
    yield* tasks;
  };
  const iterator = each();
  let ended = false;
  return {
    next: async (): Promise<{ readonly task: Task } | undefined> => {
      if (ended) return undefined;
      const { done, value } = await iterator.next();
      return done || ended ? undefined : { task: value };
    },
    end: () => {
      ended = true;
      // What a source holds open is closed; its failure was reported, or is of no interest any more.
      iterator.return(undefined).catch(() => {});
    },
  };
}
