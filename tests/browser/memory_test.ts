/**
 * What a page keeps after 200 images: its renderer's memory after 20 and after 200 of them.
 *
 *     PTAME_HEAVY=1 deno task test tests/browser/memory_test.ts
 */
import { assert, assertEquals } from "@std/assert";
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { heavyTests } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { watchPage } from "./watched_page.ts";

const IMAGES = 200;
/** After these, everything is loaded. */
const FIRST = 20;
/** What may be held beyond what the first left, in megabytes: an image and its maps are 5 at most. */
const MOST_GROWN = 100;

const FIXTURES = ["photo_1.jpg", "photo_2.jpg", "photo_3.jpg"]
  .map((name) => decodeURIComponent(new URL(`../fixtures/image/${name}`, import.meta.url).pathname));

const program = heavyTests() && Deno.build.os === "linux" ? await findChromium() : undefined;

/** Resident memory of Chromium's renderers, in megabytes. */
function rendererMemory(): number {
  let kilobytes = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!Deno.readTextFileSync(`/proc/${name}/cmdline`).includes("--type=renderer")) continue;
      kilobytes += Number(/VmRSS:\s*(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${name}/status`))?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return kilobytes / 1024;
}

Deno.test({
  name: `the page keeps nothing of ${IMAGES} images but the last`,
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
      const page = await watchPage(browser, `http://127.0.0.1:${server.addr.port}/?threads=1`);
      await page.ready();
      let first = NaN;
      for (let i = 0; i < IMAGES; i++) {
        const from = await page.count();
        await page.setInputFiles("#files", FIXTURES[i % FIXTURES.length]!);
        await page.event("event.kind === 'explained'", from);
        if (i + 1 === FIRST) first = rendererMemory();
      }
      const last = rendererMemory();
      console.log(
        `renderers: ${Math.round(first)} MB after ${FIRST} images, ${Math.round(last)} MB after ${IMAGES}`,
      );
      assert(first > 50, "no renderer was found");
      assert(last < first + MOST_GROWN, `${last - first} MB more`);
      assertEquals(page.errors, []);
      await page.close();
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
