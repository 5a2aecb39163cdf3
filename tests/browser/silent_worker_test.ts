/** A worker that never answers, as Firefox had one: the page starts another, and explains the image by it. */
import { assertEquals } from "@std/assert";
import { heavyTests } from "../support/devices.ts";
import { onBundledPage } from "./bundled_page.ts";
import { findChromium } from "./chromium.ts";

const program = heavyTests() ? await findChromium() : undefined;

/** The first worker never gets its first image; the page's patience of 75 s is over soon. */
const SILENT = `globalThis.kinds = [];
document.addEventListener("ptame", ({ detail }) => kinds.push(detail.kind));
const Own = Worker;
globalThis.dropped = 0;
globalThis.Worker = class extends Own {
  postMessage(message, transfer) {
    if (message?.method === "explain" && dropped++ === 0) return;
    super.postMessage(message, transfer);
  }
};
const later = setTimeout;
let shortened = 0;
globalThis.setTimeout = (act, wait, ...given) =>
  later(act, wait === 75000 && shortened++ === 0 ? 200 : wait, ...given);`;

Deno.test({
  name: "the page replaces a worker that never answers, and explains the image by another",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    onBundledPage(program!, async (page) => {
      assertEquals(await page.evaluate("dropped"), 2);
      const kinds = await page.evaluate<string[]>("kinds");
      assertEquals(kinds.filter((kind) => kind === "ready").length, 2);
      assertEquals([kinds.includes("explained"), kinds.includes("failed")], [true, false]);
      assertEquals(await page.evaluate("document.body.classList.contains('busy')"), false);
    }, SILENT),
});
