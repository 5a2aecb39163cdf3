/**
 * Downloaded weights in a cache with `match` and `put`, the browser's own in a page. Such a cache gives a complete file
 * or nothing, so the file is collected in memory, where the runtime of a page needs it anyway.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import type { PublishedFile } from "../../../models/network.ts";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import type { Incoming, ModelOrigin, WeightCache, WeightStorage } from "./types.ts";

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

/**
 * What a cache keeps of one origin of models. Files are stored by their addresses. A cache cannot remove one: a discarded
 * file is only passed over, until the next one takes its place.
 */
export function cachedOrigin(parts: readonly string[], cache: WeightCache, place: string): ModelOrigin {
  // No server has this name (RFC 2606).
  const key = (name: string) => `https://ptame.invalid/${[...parts, name].map(encodeURIComponent).join("/")}`;
  const discarded = new Set<string>();
  const storage = cacheStorage(cache, place);
  return {
    place,
    storage: () => ({
      ...storage,
      open: (file) => discarded.has(cacheKey(file)) ? Promise.resolve(undefined) : storage.open(file),
    }),
    discard: (file) => Promise.resolve(void discarded.add(cacheKey(file))),
    recall: async (name) => {
      try {
        return await (await cache.match(key(name)))?.json();
      } catch {
        return undefined;
      }
    },
    // Without it, the next start asks the server again.
    remember: (name, document) => cache.put(key(name), Response.json(document)).catch(() => {}),
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
