/**
 * How many workers a command starts by itself.
 *
 * @module
 */

/** At most: more would only share the memory bandwidth. */
export const MOST_WORKERS = 8;

/** One for each core. */
export function usualWorkers(): number {
  return Math.min(MOST_WORKERS, navigator.hardwareConcurrency);
}
