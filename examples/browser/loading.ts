/**
 * Loading the classifier, again and again where the network fails: after a pause that doubles, when the network comes
 * back, or at once by a button.
 *
 * @module
 */
import { element, say } from "./dom.ts";
import { LoadError } from "./engine.ts";
import { shownRate } from "./rate.ts";
import type { LoadProgress } from "./stored_files.ts";

/** Milliseconds before the second attempt, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [2_000, 60_000];

/** Runs `load` until it succeeds; errors that another attempt cannot mend are thrown. */
export async function loadPersistently<T>(load: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE;; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      const why = navigator.onLine ? "the server does not answer" : "there is no network";
      say(`Cannot load the classifier: ${why}. Nothing is lost; it goes on where it was.`);
      element("loading-text").title = error.message;
      await pauseOrPress(pause);
    } finally {
      element("retry").hidden = true;
    }
  }
}

/** Waits, and counts down; a press of the button or a network that is back ends it. */
async function pauseOrPress(pause: number): Promise<void> {
  const button = element<HTMLButtonElement>("retry");
  element("loading").hidden = false;
  element<HTMLProgressElement>("loading-bar").removeAttribute("value");
  button.hidden = false;
  const until = performance.now() + pause;
  const stopper = new AbortController();
  try {
    await new Promise<void>((resolve) => {
      const tick = () => {
        const left = until - performance.now();
        if (left <= 0) return resolve();
        element("loading-text").textContent = `Trying again in ${Math.ceil(left / 1000)} s`;
      };
      tick();
      const timer = setInterval(tick, 250);
      const { signal } = stopper;
      signal.addEventListener("abort", () => clearInterval(timer));
      button.addEventListener("click", () => resolve(), { signal });
      addEventListener("online", () => resolve(), { signal });
    });
  } finally {
    stopper.abort();
  }
}

/** Shows how far loading is; `undefined` when it is over. */
export function showLoading(progress: LoadProgress | undefined): void {
  element("loading").hidden = progress === undefined;
  if (progress === undefined) return;
  const { loaded, total, downloading, trouble, bytesPerSecond } = progress;
  const bar = element<HTMLProgressElement>("loading-bar");
  bar.max = total;
  bar.value = loaded;
  const rate = shownRate({ present: loaded, bytes: total, bytesPerSecond });
  element("loading-text").textContent = trouble !== ""
    ? `The connection was cut; trying again (${rate})`
    : loaded === total
    ? "Starting the classifier …"
    : total === 1
    ? "Loading …"
    : `${downloading ? "Downloading" : "Loading"} ${rate}`;
}
