/**
 * The arrival of a body: it must be complete after some time, and never slower than a least rate.
 *
 * @module
 */
import { deadline } from "./deadline.ts";

/** Bytes per second below which a sender counts as stuck; the slowest mobile networks send ten times as many. */
const LEAST_RATE = 1000;
/** Milliseconds before the rate counts: a network may hesitate. */
const GRACE = 3000;
const LOOK_EVERY = 500;

/** A body that arrives. */
export interface Arrival {
  /** Aborted with the error when the body is too slow, or when another signal is. */
  readonly signal: AbortSignal;
  /** Counts bytes that have arrived. */
  count(bytes: number): void;
  /** Stops its timers. */
  stop(): void;
}

/**
 * Begins to watch a body.
 *
 * @param milliseconds Time for the whole body.
 * @param error The reason of the signal if it is too slow.
 * @param other Another signal to follow.
 */
export function watchArrival(milliseconds: number, error: () => Error, other: AbortSignal): Arrival {
  const stuck = new AbortController();
  const limit = deadline(milliseconds, error, other);
  const started = performance.now();
  let arrived = 0;
  const timer = setInterval(() => {
    const counted = performance.now() - started - GRACE;
    if (arrived < LEAST_RATE * counted / 1000) stuck.abort(error());
  }, LOOK_EVERY);
  const follow = () => stuck.abort(limit.signal.reason);
  if (limit.signal.aborted) follow();
  else limit.signal.addEventListener("abort", follow, { once: true });
  return {
    signal: stuck.signal,
    count: (bytes) => {
      arrived += bytes;
    },
    stop: () => {
      clearInterval(timer);
      limit.stop();
    },
  };
}
