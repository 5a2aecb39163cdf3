/**
 * The error for wrong usage.
 *
 * @module
 */

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
