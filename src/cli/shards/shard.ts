/**
 * One part of many images, so that a job array or queue can spread them over machines without a coordinator. Which part
 * an image belongs to follows from its name below the folder alone: images that are added later move no other, and the
 * machines need not list them in the same order.
 *
 * @module
 */
import { hashText } from "../../random/hash.ts";
import { pathBelow } from "../../text/path_below.ts";
import { UsageError } from "../usage.ts";

/** Part `index` (from 1) of `count`. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
}

/** All images. */
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

/**
 * The images of a part, in their order.
 *
 * @param source The folder or list that names them: a folder's own path does not count, so that it may lie elsewhere on
 * each machine.
 */
export function takeShard(images: readonly string[], shard: Shard, source: string): string[] {
  return images.filter((image) => isInShard(pathBelow(image, source), shard));
}

/** Whether an image is in a part, by its name below the source. */
export function isInShard(name: string, { index, count }: Shard): boolean {
  return count === 1 || partIndex(name, count) === index;
}

/** The part, from 1, of an image by its name. */
function partIndex(name: string, count: number): number {
  return mixed(hashText(name.normalize("NFC"))) % count + 1;
}

/** MurmurHash3's last step: FNV's low bits alone, which the remainder takes, are those of a text's low bits. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

/** Suffix for the files of a part; "" for all images. */
export function shardSuffix({ index, count }: Shard): string {
  return count === 1 ? "" : `.${index}-of-${count}`;
}
