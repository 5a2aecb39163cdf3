/**
 * Keeps the page for the time without a network: a service worker holds its small files, `stored_files.ts` the large.
 *
 * @module
 */
import { element } from "./dom.ts";

/** Registers the service worker, and says so when the page can do without a network. */
export async function goOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(new URL("service_worker.js", document.baseURI));
  await navigator.serviceWorker.ready;
  element("offline").hidden = false;
}
