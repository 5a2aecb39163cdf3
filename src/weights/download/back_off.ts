/**
 * How long to wait before the next attempt: twice as long each time, and never in step with others who failed at the
 * same moment.
 *
 * @module
 */

/** When to try again, and when to give up. */
export interface RetryPolicy {
  /** Attempts in a row that may fail without a single new byte. */
  readonly attempts: number;
  /** Wait after the first failure, in milliseconds; it doubles from there. */
  readonly firstWait: number;
  /** Longest wait of our own choice, in milliseconds. */
  readonly longestWait: number;
  /** Longest wait that a server may ask for, in milliseconds; one that asks for more has said no. */
  readonly longestAsked: number;
  /** Silence after which an attempt has failed, in milliseconds. */
  readonly stall: number;
}

/** What downloads use: five attempts within about eight seconds, half a minute of silence. */
export const RETRY_POLICY: RetryPolicy = {
  attempts: 5,
  firstWait: 500,
  longestWait: 15_000,
  longestAsked: 120_000,
  stall: 30_000,
};

/**
 * Milliseconds to wait after so many failures in a row: between half of the doubled wait and all of it.
 *
 * @param random A number in [0, 1).
 */
export function waitAfter(failures: number, policy: RetryPolicy, random: number = Math.random()): number {
  const whole = Math.min(policy.firstWait * 2 ** (failures - 1), policy.longestWait);
  return whole / 2 + random * whole / 2;
}

/**
 * Milliseconds that a Retry-After header asks for: a number of seconds or a date (RFC 9110, section 10.2.3).
 * `undefined` where it says neither.
 */
export function askedWait(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
