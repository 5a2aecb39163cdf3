/**
 * One part of a long list, so that a job array or queue can spread it over machines without a coordinator. Part K of N
 * is every N-th image, starting with the K-th. All machines must list the same images in the same order.
 *
 * @module
 */
import { UsageError } from "../usage.ts";

/** Part `index` (from 1) of `count`. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
}

/** The whole list. */
export const WHOLE: Shard = { index: 1, count: 1 };

/**
 * Reads "3/16".
 *
 * @throws {UsageError} When it is not K/N with 1 ≤ K ≤ N.
 */
export function parseShard(text: string): Shard {
  const match = text.match(/^(\d+)\/(\d+)$/);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || count < index || !Number.isSafeInteger(count)) {
    throw new UsageError(`Option --shard takes K/N with K from 1 to N, such as 3/16, not ${text}`);
  }
  return { index, count };
}

/** The items of a part. Neighbours in a list are often similar, so they go to different parts. */
export function takeShard<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index - 1);
}

/** Suffix for the files of a part; "" for the whole list. */
export function shardSuffix({ index, count }: Shard): string {
  return count === 1 ? "" : `.${index}-of-${count}`;
}
