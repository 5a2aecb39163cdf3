/**
 * Chromium, with the interface of the other browsers.
 *
 * @module
 */
import { findChromium, startChromium as start } from "../../browser/chromium.ts";
import type { Browser } from "./types.ts";

/** Starts Chromium; undefined, with a line that says what to install, where it is not there. */
export async function startChromium(): Promise<Browser | undefined> {
  const program = await findChromium();
  if (program === undefined) return undefined;
  const browser = await start(program);
  return {
    name: "Chromium",
    open: async (url) => {
      const page = await browser.open(url);
      return {
        goto: async (url) => {
          await page.goto(url);
        },
        evaluate: <T>(expression: string) => page.evaluate<T>(`(async () => await (${expression}))()`),
      };
    },
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}
