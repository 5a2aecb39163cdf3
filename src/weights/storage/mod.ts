/**
 * The storage to use: a folder in Deno, the browser's cache in a page, or what the caller hands in.
 *
 * Modules that use `Deno.*` are imported only if it exists.
 *
 * @module
 */
import { cachedOrigin, cacheStorage } from "./cache_storage.ts";
import type { ModelOrigin, WeightCache, WeightStorage } from "./types.ts";

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
  const { kept, place } = await openCache(cache);
  return cacheStorage(kept, place);
}

/**
 * Opens what is stored of one origin of models.
 *
 * @param parts What identifies it, from the general to the particular.
 * @param cache As for `openStorage`.
 */
export async function openModelOrigin(
  parts: readonly string[],
  cache?: string | WeightCache,
): Promise<ModelOrigin> {
  if (typeof cache === "object") return cachedOrigin(parts, cache, "the given cache");
  if ("Deno" in globalThis) {
    const { modelFolder } = await import("./model_folder.ts");
    return modelFolder(parts, cache);
  }
  const { kept, place } = await openCache(cache);
  return cachedOrigin(parts, kept, place);
}

async function openCache(name: string = BROWSER_CACHE): Promise<{ kept: WeightCache; place: string }> {
  // A page that was not loaded over https has no cache, so a file is downloaded each time.
  if (!("caches" in globalThis)) return { kept: NOTHING_KEPT, place: "memory" };
  return { kept: await caches.open(name), place: `the browser's cache ${name}` };
}

const NOTHING_KEPT: WeightCache = {
  match: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
};
