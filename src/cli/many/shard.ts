/**
 * One part of a long list, so that any job array or queue spreads it over machines without anybody who coordinates:
 * part K of N is every N-th image from the K-th on. All machines must list the same images in the same order.
 *
 * @module
 */
import { UsageError } from "../usage.ts";

/** Part `index` (from 1) of `count`. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
}

/** All of a list. */
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
    throw new UsageError(`Option --shard takes K/N with K from 1 to N, as 3/16, not ${text}`);
  }
  return { index, count };
}

/** The items of a part. Neighbours in a list are often alike, so they go to different parts. */
export function shardOf<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index - 1);
}

/** What tells a part's files from the others'; "" for all of a list. */
export function shardSuffix({ index, count }: Shard): string {
  return count === 1 ? "" : `.${index}-of-${count}`;
}
