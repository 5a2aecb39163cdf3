/** A worker that never answers, as Firefox had one: the page starts another, and explains the image by it. */
import { assertEquals } from "@std/assert";
import { heavyTests } from "../support/devices.ts";
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { findChromium, startChromium } from "./chromium.ts";

const program = heavyTests() ? await findChromium() : undefined;

/** The first worker never gets its first image; the page's patience of 75 s is over soon. */
const SILENT = `globalThis.seen = [];
document.addEventListener("ptame", ({ detail }) => seen.push(detail.kind));
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
  fn: async () => {
    const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_page_" })}/`);
    await bundleBrowser(folder);
    const server = serveFolder({ folder });
    try {
      await using browser = await startChromium(program!);
      const page = await browser.open(`http://127.0.0.1:${server.addr.port}/?threads=1`, SILENT);
      const ready = "document.body.dataset.ready !== undefined";
      await page.waitForFunction(ready, undefined, { timeout: 180_000 });
      assertEquals(await page.evaluate("dropped"), 2);
      const seen = await page.evaluate<string[]>("seen");
      assertEquals(seen.filter((kind) => kind === "ready").length, 2);
      assertEquals([seen.includes("explained"), seen.includes("failed")], [true, false]);
      assertEquals(await page.evaluate("document.body.classList.contains('busy')"), false);
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
