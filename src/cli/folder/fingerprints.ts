/**
 * A set of texts in 8 bytes each, for millions of images: names are digested, not kept. Of ten million, two have the same
 * digest with a chance of three in a million.
 *
 * @module
 */
import { builtinModule } from "../../platform/builtin.ts";

/** Fingerprints are added first, then asked for. */
export interface Fingerprints {
  /** Number of texts that were added. */
  readonly size: number;
  add(text: string): void;
  has(text: string): boolean;
}

/** The used part of node:crypto. */
interface HashModule {
  createHash(name: "sha256"): { update(text: string): { digest(): Uint8Array } };
}

/** An empty set. */
export function createFingerprints(): Fingerprints {
  const { createHash } = builtinModule("node:crypto") as HashModule;
  const fingerprint = (text: string): bigint => {
    const digest = createHash("sha256").update(text).digest();
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  };
  let values = new BigUint64Array(1024);
  let [size, sorted] = [0, true];
  return {
    get size() {
      return size;
    },
    add: (text) => {
      if (size === values.length) {
        const larger = new BigUint64Array(2 * size);
        larger.set(values);
        values = larger;
      }
      values[size++] = fingerprint(text);
      sorted = false;
    },
    has: (text) => {
      if (!sorted) values.subarray(0, size).sort();
      sorted = true;
      const wanted = fingerprint(text);
      let [low, high] = [0, size];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (values[middle]! < wanted) low = middle + 1;
        else high = middle;
      }
      return low < size && values[low] === wanted;
    },
  };
}
