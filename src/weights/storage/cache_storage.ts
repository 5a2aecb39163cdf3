/**
 * Downloaded weights in a cache with `match` and `put`, the browser's own in a page. Such a cache gives a complete file
 * or nothing, so the file is collected in memory, where the runtime of a page needs it anyway.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import type { PublishedFile } from "../../../models/network.ts";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import type { Incoming, WeightCache, WeightStorage } from "./types.ts";

/**
 * The storage over a cache.
 *
 * @param place Description for people.
 */
export function cacheStorage(cache: WeightCache, place: string): WeightStorage {
  return {
    place,
    open: async (file) => {
      const response = await cache.match(cacheKey(file));
      if (response === undefined) return undefined;
      const bytes = new Uint8Array(await response.arrayBuffer());
      return bytes.length === file.bytes ? toByteSource(bytes) : undefined;
    },
    begin: (file) => Promise.resolve(incomingBytes(file, cache)),
  };
}

function cacheKey(file: PublishedFile): string {
  return file.urls[0]!;
}

function incomingBytes(file: PublishedFile, cache: WeightCache): Incoming {
  const bytes = new Uint8Array(file.bytes);
  let length = 0;
  return {
    get length() {
      return length;
    },
    write: (chunk) => {
      bytes.set(chunk, length);
      length += chunk.length;
      return Promise.resolve();
    },
    restart: () => {
      length = 0;
      return Promise.resolve();
    },
    digest: async () => uint8ArrayToHex(await crypto.subtle.digest("SHA-256", bytes.subarray(0, length))),
    publish: async () => {
      const source: ByteSource = toByteSource(bytes);
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": `${bytes.length}`,
      };
      try {
        await cache.put(cacheKey(file), new Response(bytes, { headers }));
      } catch (error) {
        // The weights are in memory; use them even if the page's disk quota is exhausted.
        return { source, unkept: error instanceof Error ? error.message || error.name : String(error) };
      }
      return { source };
    },
    close: () => Promise.resolve(),
  };
}
