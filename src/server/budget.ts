/**
 * A limit for something that all requests share: the bytes of bodies that are received or wait to be explained, the
 * images that are being fetched. Without one, many slow senders would fill the memory before a request is complete.
 *
 * @module
 */
import { HttpError } from "./errors.ts";

/** The share of one request. */
export interface Share {
  /**
   * Takes more.
   *
   * @throws {HttpError} 429 when all requests together would exceed the limit, or those of this client half of it.
   */
  take(amount: number): void;
  /** Gives all of them back. */
  free(): void;
}

/** A limit for all requests together. */
export interface Budget {
  /** The share of a request, by its client's key. */
  share(client: string): Share;
}

/**
 * Opens a budget.
 *
 * @param whole What all clients may take together; one client may take half.
 * @param what What there is too much of, for errors.
 */
export function createBudget(whole: number, what: string): Budget {
  let left = whole;
  const held = new Map<string, number>();
  return {
    share: (client) => {
      let own = 0;
      return {
        take: (more) => {
          const all = (held.get(client) ?? 0) + more;
          if (more > left || all > whole / 2) {
            throw new HttpError(429, "busy", `Cannot explain now: too many ${what}; retry in 2 s`, {
              "retry-after": "2",
            });
          }
          left -= more;
          own += more;
          held.set(client, all);
        },
        free: () => {
          left += own;
          const rest = (held.get(client) ?? 0) - own;
          if (rest > 0) held.set(client, rest);
          else held.delete(client);
          own = 0;
        },
      };
    },
  };
}
