/**
 * Runs one explanation at a time, or as many as there are threads for them, queues a limited number, and refuses more.
 *
 * A wasm run blocks its thread, and on WebGPU all runs share one lock: two explanations of one thread would only take
 * turns and need twice the memory. So only one runs for each thread. A request takes its place when it is complete: a
 * slow sender occupies nothing. Clients are served in turn, each in the order of its requests, and a full queue gives a
 * place of the client that has most of them to one that has fewer.
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
   * @throws {HttpError} 429 when another client gets the place.
   */
  run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Gives the place to another request. */
  leave(): void;
}

/** The queue of requests. */
export interface Queue {
  /** Number of taken places: running and waiting. */
  readonly taken: number;
  /** Whether `enter` would refuse this client now. */
  isFullFor(client: string): boolean;
  /** Takes a place for a client, by its key; undefined if all are taken, or the wait would be too long. */
  enter(client?: string): Place | undefined;
  /** Seconds after which to retry, estimated from the last durations; at least 1. */
  retryAfter(): number;
  /** Resolves when no place is taken and nothing runs. */
  idle(): Promise<void>;
}

/** A waiting request. */
interface Turn {
  readonly client: string;
  readonly start: () => void;
  readonly refuse: () => void;
}

/** Weight of the newest duration in the mean. */
const WEIGHT = 0.2;

/** Clients whose last turn is remembered. */
const MOST_REMEMBERED = 1000;

/**
 * A queue in which `atOnce` requests run and `waiting` may wait. Fewer may wait if the estimated wait exceeds
 * `longestWait` milliseconds: refusing now is better than failing at the deadline.
 */
export function createQueue(waiting: number, longestWait = Infinity, atOnce = 1): Queue {
  let taken = 0;
  let running = 0;
  let mean = 0;
  let turnsTaken = 0;
  const turns: Turn[] = [];
  const idle: (() => void)[] = [];
  /** Places of each client that has any. */
  const places = new Map<string, number>();
  /** The number of each client's last turn. */
  const lastTurns = new Map<string, number>();

  function next(): void {
    if (running >= atOnce) return;
    if (turns.length > 0) {
      // The client whose last turn is longest ago; of its turns the first.
      const ago = (turn: Turn) => lastTurns.get(turn.client) ?? 0;
      const turn = turns.reduce((best, each) => ago(each) < ago(best) ? each : best);
      turns.splice(turns.indexOf(turn), 1);
      // In the order of their turns, so that the first is the one to forget.
      lastTurns.delete(turn.client);
      lastTurns.set(turn.client, ++turnsTaken);
      if (lastTurns.size > MOST_REMEMBERED) lastTurns.delete(lastTurns.keys().next().value!);
      running++;
      turn.start();
    } else if (taken === 0 && running === 0) {
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
        running--;
        next();
      };
      // A task, not a microtask: between two runs that block the thread, new requests are seen and refused.
      if (turns.length > 0) setTimeout(free, 0);
      else free();
    }
  }

  /** The last waiting turn of the client with most places, if that has two more than `client`. */
  function turnToRefuse(client: string): Turn | undefined {
    const own = places.get(client) ?? 0;
    const held = (turn: Turn) => places.get(turn.client) ?? 0;
    const last = turns.reduce<Turn | undefined>(
      (most, each) => most === undefined || held(each) >= held(most) ? each : most,
      undefined,
    );
    return last !== undefined && held(last) > own + 1 ? last : undefined;
  }

  /** Milliseconds until a request that enters now would run. */
  const wait = () => taken < atOnce ? 0 : taken * mean / atOnce;
  const isFull = () => taken >= waiting + atOnce || wait() > longestWait;

  function enter(client = ""): Place | undefined {
    if (isFull()) {
      const refused = turnToRefuse(client);
      if (refused === undefined) return undefined;
      turns.splice(turns.indexOf(refused), 1);
      refused.refuse();
    }
    taken++;
    places.set(client, (places.get(client) ?? 0) + 1);
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      taken--;
      const rest = places.get(client)! - 1;
      if (rest > 0) places.set(client, rest);
      else places.delete(client);
      next();
    };
    return {
      run: (act, signal) =>
        new Promise((resolve, reject) => {
          const turn: Turn = {
            client,
            start: () => {
              perform(act).then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
            },
            refuse: () => {
              signal.removeEventListener("abort", stop);
              reject(busy(retryAfter()));
              leave();
            },
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
      leave,
    };
  }

  const retryAfter = () => Math.max(1, Math.ceil(wait() / 1000));
  return {
    get taken() {
      return taken;
    },
    isFullFor: (client) => isFull() && turnToRefuse(client) === undefined,
    enter,
    retryAfter,
    idle: () =>
      new Promise((resolve) => {
        idle.push(resolve);
        next();
      }),
  };
}

function busy(seconds: number): HttpError {
  return new HttpError(429, "busy", `Cannot explain now: the queue is full; retry in ${seconds} s`, {
    "retry-after": String(seconds),
  });
}

/** Refuses a request early, before its body is read, if it would get no place now. */
export function refuseIfFull(queue: Queue, client = ""): void {
  if (queue.isFullFor(client)) throw busy(queue.retryAfter());
}

/** Takes a place, or refuses the request with 429 and the time after which to retry. */
export function enterOrRefuse(queue: Queue, client = ""): Place {
  const place = queue.enter(client);
  if (place === undefined) throw busy(queue.retryAfter());
  return place;
}
