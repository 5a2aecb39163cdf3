/**
 * The page's caches, which its workers and its service worker share.
 *
 * @module
 */

/** Name of the cache of the large files: weights, head, runtime. */
export const LARGE_FILES = "ptame-files";

let held: Cache | undefined;

/**
 * Holds the large files' cache open as long as the caller lives. In a private session, WebKit empties a cache that nobody
 * holds open, and the worker that fills this one ends soon.
 */
export async function holdLargeFiles(): Promise<void> {
  if (!("caches" in globalThis)) return;
  held ??= await caches.open(LARGE_FILES);
}
