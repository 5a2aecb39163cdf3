/**
 * Runs one explanation at a time, queues a limited number, and refuses more.
 *
 * A wasm run blocks its thread, and on WebGPU all runs share one lock: two explanations at once would only take turns
 * and need twice the memory. So only one runs. A request takes its place before its body is read, which also limits the
 * bodies in memory. Requests run in the order in which their bodies arrive: a slow sender occupies a place, never the
 * runtime.
 *
 * @module
 */
import { HttpError } from "./errors.ts";

/** A place in the queue; leave it when the response is complete. */
export interface Place {
  /**
   * Runs `act` when it is this place's turn.
   *
   * @throws The signal's reason as soon as it is aborted. A running `act` continues until it ends, so that nothing else
   * starts at the same time.
   */
  run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Gives the place to another request. */
  leave(): void;
}

/** The queue of requests. */
export interface Queue {
  /** Number of taken places: running, waiting, and still receiving their body. */
  readonly taken: number;
  /** Takes a place; undefined if all are taken, or the wait would be too long. */
  enter(): Place | undefined;
  /** Seconds after which to retry, estimated from the last durations; at least 1. */
  retryAfter(): number;
  /** Resolves when no place is taken and nothing runs. */
  idle(): Promise<void>;
}

/** Weight of the newest duration in the mean. */
const WEIGHT = 0.2;

/**
 * A queue in which one request runs and `waiting` may wait. Fewer may wait if the estimated wait exceeds `longestWait`
 * milliseconds: refusing now is better than failing at the deadline.
 */
export function createQueue(waiting: number, longestWait = Infinity): Queue {
  let taken = 0;
  let running = false;
  let mean = 0;
  const turns: (() => void)[] = [];
  const idle: (() => void)[] = [];

  function next(): void {
    if (running) return;
    const turn = turns.shift();
    if (turn !== undefined) {
      running = true;
      turn();
    } else if (taken === 0) {
      for (const resolve of idle.splice(0)) resolve();
    }
  }

  async function perform<T>(act: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await act();
    } finally {
      const milliseconds = performance.now() - started;
      mean = mean === 0 ? milliseconds : mean + WEIGHT * (milliseconds - mean);
      const free = () => {
        running = false;
        next();
      };
      // A task, not a microtask: between two runs that block the thread, new requests are seen and refused.
      if (turns.length > 0) setTimeout(free, 0);
      else free();
    }
  }

  function enter(): Place | undefined {
    if (taken > waiting || taken * mean > longestWait) return undefined;
    taken++;
    let left = false;
    return {
      run: (act, signal) =>
        new Promise((resolve, reject) => {
          const turn = () => {
            perform(act).then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
          };
          const stop = () => {
            const at = turns.indexOf(turn);
            if (at >= 0) turns.splice(at, 1);
            reject(signal.reason);
          };
          if (signal.aborted) return reject(signal.reason);
          signal.addEventListener("abort", stop, { once: true });
          turns.push(turn);
          next();
        }),
      leave: () => {
        if (left) return;
        left = true;
        taken--;
        next();
      },
    };
  }

  return {
    get taken() {
      return taken;
    },
    enter,
    retryAfter: () => Math.max(1, Math.ceil(taken * mean / 1000)),
    idle: () =>
      new Promise((resolve) => {
        idle.push(resolve);
        next();
      }),
  };
}

/** Takes a place, or refuses the request with 429 and the time after which to retry. */
export function enterOrRefuse(queue: Queue): Place {
  const place = queue.enter();
  if (place !== undefined) return place;
  const seconds = queue.retryAfter();
  throw new HttpError(429, "busy", `Cannot explain now: the queue is full; retry in ${seconds} s`, {
    "retry-after": String(seconds),
  });
}
