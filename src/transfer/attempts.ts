/**
 * Attempts at a request: which failures pass, when to try again, and when to give up.
 *
 * @module
 */
import delay from "delay";
import { withoutUndefined } from "../text/without_undefined.ts";
import { askedWait, type RetryPolicy, waitAfter } from "./back_off.ts";

/** A failed address; the message gives the reason, without the address. */
export class TransferError extends Error {
  override name = "TransferError";
  /** The status that the server answered, if it is what failed. */
  readonly status: number | undefined;
  constructor(
    message: string,
    { status, cause }: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
  }
}

/** A temporary failure. */
export class PassingFailure extends Error {
  /** Wait requested by the server, in milliseconds. */
  readonly wait: number | undefined;
  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/** How attempts are repeated. */
export interface AttemptOptions {
  readonly policy: RetryPolicy;
  /** Called before a wait. */
  readonly onRetry?: ((reason: string, milliseconds: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits before the next attempt.
 *
 * @param error What the last attempt threw.
 * @param failures How many attempts have failed since the last progress.
 * @throws {TransferError} When there have been enough, or the server asks for too long a wait.
 * @throws The signal's reason when it stops, and every failure that does not pass.
 */
export async function waitOrGiveUp(
  error: unknown,
  failures: number,
  { policy, onRetry, signal }: AttemptOptions,
): Promise<void> {
  signal?.throwIfAborted();
  if (!(error instanceof PassingFailure)) throw error;
  if (failures >= policy.attempts) {
    throw new TransferError(`${error.message} (${failures} attempts)`, { cause: error });
  }
  if (error.wait !== undefined && error.wait > policy.longestAsked) {
    const seconds = Math.ceil(error.wait / 1000);
    throw new TransferError(`${error.message} and asks to wait ${seconds} s`, { cause: error });
  }
  const wait = error.wait ?? waitAfter(failures, policy);
  onRetry?.(error.message, wait);
  await delay(wait, withoutUndefined({ signal }));
}

/**
 * Repeats an attempt until it succeeds.
 *
 * @throws As {@linkcode waitOrGiveUp}.
 */
export async function untilDone<T>(attempt: () => Promise<T>, options: AttemptOptions): Promise<T> {
  for (let failures = 1;; failures++) {
    try {
      return await attempt();
    } catch (error) {
      await waitOrGiveUp(error, failures, options);
    }
  }
}

/** Throws a {@linkcode PassingFailure} for a status after which another attempt may succeed. */
export function refusePassing({ status, headers }: Response): void {
  if (status === 429 || status === 408 || status >= 500) {
    throw new PassingFailure(`the server answered ${status}`, askedWait(headers.get("retry-after")));
  }
}
