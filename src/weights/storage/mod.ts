/**
 * The storage to use: a folder in Deno, the browser's cache in a page, or what the caller hands in.
 *
 * Modules that use `Deno.*` are imported only if it exists.
 *
 * @module
 */
import { cacheStorage } from "./cache_storage.ts";
import type { WeightCache, WeightStorage } from "./types.ts";

/** Name of the browser's cache. */
const BROWSER_CACHE = "ptame";

/**
 * Opens the storage for downloaded weights.
 *
 * @param cache A folder in Deno, the name of a cache in a page, or a cache; by default the platform's cache folder in
 * Deno, and the cache "ptame" in a page.
 * @throws {Error} When the user's folder is unknown.
 */
export async function openStorage(cache?: string | WeightCache): Promise<WeightStorage> {
  if (typeof cache === "object") return cacheStorage(cache, "the given cache");
  if ("Deno" in globalThis) {
    const { diskStorage } = await import("./disk.ts");
    const { ownFolder } = await import("./own_folder.ts");
    return diskStorage(cache ?? ownFolder());
  }
  // A page that was not loaded over https has no cache, so a file is downloaded each time.
  if (!("caches" in globalThis)) return cacheStorage(NOTHING_KEPT, "memory");
  const name = cache ?? BROWSER_CACHE;
  return cacheStorage(await caches.open(name), `the browser's cache ${name}`);
}

const NOTHING_KEPT: WeightCache = {
  match: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
};
