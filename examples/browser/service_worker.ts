/**
 * Hands out the page's small files from the cache, so that it opens without a network. tools/bundle_browser.ts puts
 * the list of them, and a version that changes with any of them, in front of this program.
 *
 * It also makes the page cross-origin isolated where the server does not: threads need that.
 *
 * @module
 */
/// <reference lib="webworker" />
import { holdLargeFiles } from "./caches.ts";
import { TAKE_OVER } from "./take_over.ts";

declare const self: ServiceWorkerGlobalScope & {
  readonly SHELL: { version: string; files: readonly string[] };
};

const PREFIX = "ptame-shell-";
const { version, files } = self.SHELL;

// Does without it where it cannot be opened.
holdLargeFiles().catch(() => {});

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(PREFIX + version);
    // Past the browser's own cache, which may hold an older version.
    await cache.addAll(files.map((file) => new Request(file, { cache: "reload" })));
    // An open page goes on with the version whose files it has; offline.ts says when the new one may take over.
  })());
});

self.addEventListener("message", ({ data }) => {
  if (data === TAKE_OVER) void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith(PREFIX) && name !== PREFIX + version) await caches.delete(name);
    }
    // The open page goes on without it. `clients.claim()` would wait in Firefox for the page's workers, which wait for
    // their threads and answer nobody: the service worker would stay "activating", and every request with it.
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(PREFIX + version);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept !== undefined) return isolated(kept);
  return isolated(await fetch(request));
}

function isolated(response: Response): Response {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
