/**
 * Keeps the page for the time without a network: a service worker holds its small files, `stored_files.ts` the large.
 * A new version waits beside the one that is open, and takes over when the person asks for it.
 *
 * @module
 */
import { TAKE_OVER } from "./take_over.ts";
import { element } from "./dom.ts";

/** Milliseconds between two looks for a new version, in a page that stays open. */
const LOOKING = 3_600_000;

/** How long the new version may take to take over. */
const PATIENCE = 3_000;

/** Registers the service worker, and says so when the page can do without a network. */
export async function goOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(new URL("service_worker.js", document.baseURI));
  offerUpdates(registration);
  await navigator.serviceWorker.ready;
  element("offline").hidden = false;
}

/** Announces a version that waits. */
function offerUpdates(registration: ServiceWorkerRegistration): void {
  const announce = () => {
    // Without an active one this is the first visit, not an update.
    if (registration.waiting !== null && registration.active !== null) element("update").hidden = false;
  };
  announce();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", announce);
  });
  setInterval(() => registration.update().catch(() => undefined), LOOKING);
  element("update-now").addEventListener("click", () => {
    const { waiting } = registration;
    if (waiting === null) return location.reload();
    waiting.addEventListener("statechange", () => {
      if (waiting.state === "activated") location.reload();
    });
    waiting.postMessage(TAKE_OVER);
    // In Firefox, a page's threads can keep it from answering.
    setTimeout(() => location.reload(), PATIENCE);
  });
}
