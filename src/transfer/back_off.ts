/**
 * The wait before the next attempt: it doubles each time, with a random part, so that clients that failed at the same
 * time do not retry together.
 *
 * @module
 */

/** When to retry, and when to give up. */
export interface RetryPolicy {
  /** Maximum number of consecutive attempts without a new byte. */
  readonly attempts: number;
  /** Wait after the first failure, in milliseconds; it doubles from there. */
  readonly firstWait: number;
  /** Longest wait without a server's request, in milliseconds. */
  readonly longestWait: number;
  /** Longest wait that a server may request, in milliseconds; a longer request counts as a refusal. */
  readonly longestAsked: number;
  /** Time without data after which an attempt fails, in milliseconds. */
  readonly stall: number;
}

/** The default: five attempts within about eight seconds, half a minute without data. */
export const RETRY_POLICY: RetryPolicy = {
  attempts: 5,
  firstWait: 500,
  longestWait: 15_000,
  longestAsked: 120_000,
  stall: 30_000,
};

/**
 * Milliseconds to wait after a number of consecutive failures: between half of the doubled wait and all of it.
 *
 * @param random A number in [0, 1).
 */
export function waitAfter(failures: number, policy: RetryPolicy, random: number = Math.random()): number {
  const whole = Math.min(policy.firstWait * 2 ** (failures - 1), policy.longestWait);
  return whole / 2 + random * whole / 2;
}

/**
 * Milliseconds that a Retry-After header asks for: a number of seconds or a date (RFC 9110, section 10.2.3).
 * `undefined` if it has neither.
 */
export function askedWait(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
