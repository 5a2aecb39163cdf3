/**
 * The page of examples/browser as a test sees it: what it dispatches as "ptame", kept in the order in which it came.
 *
 * @module
 */
import type { Chromium, OpenPage } from "./chromium.ts";

/** A page that is watched. */
export interface WatchedPage extends OpenPage {
  /** How many events have come. */
  count(): Promise<number>;
  /**
   * Waits for an event after the first `from` ones.
   *
   * @param condition An expression of the page over `event`.
   */
  event<T>(condition: string, from?: number): Promise<T>;
  /** Waits until the page has shown its first image, and forgets what it dispatched until then. */
  ready(): Promise<void>;
}

const PATIENCE = { timeout: 180_000 };

/** Runs before the page's own program, at every load. */
const LISTEN = `globalThis.seen = [];
document.addEventListener("ptame", ({ detail }) => seen.push(detail));`;

/**
 * Opens a page and watches it.
 *
 * @param script Runs before the page's own program, at every load.
 */
export async function watchPage(browser: Chromium, url: string, script = ""): Promise<WatchedPage> {
  const page = await browser.open(url, `${LISTEN}\n${script}`);
  return Object.assign(page, {
    count: () => page.evaluate<number>("seen.length"),
    event: async <T>(condition: string, from = 0): Promise<T> => {
      const find = `seen.slice(${from}).find((event) => event.kind === "failed" || (${condition}))`;
      await page.waitForFunction(find, undefined, PATIENCE);
      const found = await page.evaluate<T & { kind: string; message?: string }>(
        `(({ map, ...rest }) => ({ ...rest, ...(map && { map: [...map.values] }) }))(${find})`,
      );
      if (found.kind === "failed") throw new Error(`The page failed: ${found.message}`);
      return found;
    },
    ready: async () => {
      await page.waitForFunction("document.body.dataset.ready !== undefined", undefined, PATIENCE);
      await page.evaluate("seen.length = 0");
    },
  });
}
