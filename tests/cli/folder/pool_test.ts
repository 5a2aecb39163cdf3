import { assertEquals, assertRejects } from "@std/assert";
import { type PoolWorker, runPool, WorkerDied } from "../../../src/cli/folder/pool.ts";

/** Workers that double numbers; `act` may do something else for one. */
function doublers(act: (task: number, worker: number) => Promise<number> | number = (task) => 2 * task) {
  const log = { opened: 0, closed: 0, busy: 0, most: 0 };
  const open = (): PoolWorker<number, number> => {
    const which = log.opened++;
    return {
      ready: Promise.resolve(),
      run: async (task) => {
        log.most = Math.max(log.most, ++log.busy);
        try {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return await act(task, which);
        } finally {
          log.busy--;
        }
      },
      close: () => log.closed++,
    };
  };
  return { log, open };
}

function collect() {
  const results: number[] = [];
  const errors: [number, string][] = [];
  return {
    results,
    errors,
    onResult: (_: number, result: number) => void results.push(result),
    onError: (task: number, error: unknown) => void errors.push([task, (error as Error).message]),
  };
}

const TASKS = [1, 2, 3, 4, 5, 6, 7];

Deno.test("runPool() does every task once on as many workers as asked, and closes them", async () => {
  const { log, open } = doublers();
  const kept = collect();
  await runPool(TASKS, { workers: 3, open, ...kept });
  assertEquals(kept.results.toSorted((a, b) => a - b), TASKS.map((task) => 2 * task));
  assertEquals(log, { opened: 3, closed: 3, busy: 0, most: 3 });
  const few = doublers();
  await runPool([1], { workers: 3, open: few.open, ...collect() });
  assertEquals(few.log.opened, 1, "no more workers than tasks");
  await runPool([], { workers: 3, open: few.open, ...collect() });
  assertEquals(few.log.opened, 1, "none for nothing");
});

Deno.test("runPool() goes on after a task that fails, and replaces a worker that dies", async () => {
  const { log, open } = doublers((task) => {
    if (task === 3) throw new TypeError("three");
    if (task === 5) throw new WorkerDied("gone");
    return 2 * task;
  });
  const kept = collect();
  await runPool(TASKS, { workers: 1, open, ...kept });
  assertEquals(kept.results, [2, 4, 8, 12, 14]);
  assertEquals(kept.errors, [[3, "three"], [5, "gone"]]);
  assertEquals([log.opened, log.closed], [2, 1]);
});

Deno.test("runPool() gives out nothing more when it is told to stop, or a result cannot be kept", async () => {
  const controller = new AbortController();
  const kept = collect();
  const { log, open } = doublers((task) => {
    if (task === 2) controller.abort();
    return 2 * task;
  });
  await runPool(TASKS, { workers: 1, open, ...kept, signal: controller.signal });
  assertEquals(kept.results, [2, 4], "what was running ends");
  assertEquals(log.opened, log.closed);

  const full = doublers();
  await assertRejects(
    () =>
      runPool(TASKS, {
        workers: 2,
        open: full.open,
        ...collect(),
        onResult: () => Promise.reject(new Error("no space left")),
      }),
    Error,
    "no space left",
  );
  assertEquals(full.log.opened, full.log.closed);
});

Deno.test("runPool() ends with the error of a first worker that cannot start", async () => {
  const opened: number[] = [];
  const open = (): PoolWorker<number, number> => {
    opened.push(1);
    return {
      ready: Promise.reject(new RangeError("no such model")),
      run: (task) => Promise.resolve(task),
      close: () => {},
    };
  };
  await assertRejects(() => runPool(TASKS, { workers: 4, open, ...collect() }), RangeError, "no such model");
  assertEquals(opened.length, 1);
});
