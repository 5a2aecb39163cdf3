/**
 * Keys of a server's clients: each client has a token of its own, a name for logs and metrics, and a limit.
 *
 * @module
 */
import { TokenBucket } from "limiter";
import { HttpError } from "./errors.ts";

/** The key of one client. */
export interface ClientKey {
  /** The client's name in logs and metrics. */
  readonly name: string;
  /** The token that its requests carry (`Authorization: Bearer …`). */
  readonly token: string;
  /** Requests for explanations per minute; any number by default. As many may come at once after a quiet minute. */
  readonly perMinute?: number;
}

/** What is left to each client. */
export interface KeyLimits {
  /**
   * Counts a request for an explanation.
   *
   * @throws {HttpError} 429 when the client has had its share.
   */
  count(client: ClientKey): void;
}

/** Limits by a bucket for each client: it holds a minute's requests, is full at first, and fills evenly. */
export function createKeyLimits(): KeyLimits {
  const buckets = new Map<string, TokenBucket>();
  const bucketFor = (name: string, perMinute: number) => {
    const known = buckets.get(name);
    if (known !== undefined) return known;
    const bucket = new TokenBucket({
      bucketSize: perMinute,
      tokensPerInterval: perMinute,
      interval: "minute",
    });
    bucket.content = perMinute;
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    count: ({ name, perMinute }) => {
      if (perMinute === undefined) return;
      const bucket = bucketFor(name, perMinute);
      if (bucket.tryRemoveTokens(1)) return;
      const seconds = Math.max(1, Math.ceil(bucket.getWaitTime(1) / 1000));
      throw new HttpError(
        429,
        "rate_limited",
        `Cannot explain now: ${name} may ask for ${perMinute} a minute; retry in ${seconds} s`,
        { "retry-after": String(seconds) },
      );
    },
  };
}
