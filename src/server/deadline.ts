/**
 * A signal that aborts after a time with a given error, or when another signal aborts. Its timer ends with it.
 *
 * @module
 */

/** A limit of time. */
export interface Deadline {
  /** Aborted when the time is over, with the error, or when another signal is. */
  readonly signal: AbortSignal;
  /** Stops its timer. */
  stop(): void;
}

/** Starts a limit of time. */
export function deadline(milliseconds: number, error: () => Error, other?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(error()), milliseconds);
  const follow = () => controller.abort(other!.reason);
  if (other?.aborted) follow();
  else other?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      other?.removeEventListener("abort", follow);
    },
  };
}

/** The promise, or the signal's reason as soon as it is aborted. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
