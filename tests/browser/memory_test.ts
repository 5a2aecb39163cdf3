/**
 * What a page keeps after 200 images: its renderer's memory after 20 and after 200 of them.
 *
 *     PTAME_HEAVY=1 deno task test tests/browser/memory_test.ts
 */
import { assert, assertEquals } from "@std/assert";
import { residentMegabytes } from "../../bench/serving/resident.ts";
import { heavyTests } from "../support/devices.ts";
import { onBundledPage } from "./bundled_page.ts";
import { findChromium } from "./chromium.ts";

const IMAGES = 200;
/** After these, everything is loaded. */
const FIRST = 20;
/** What may be held beyond what the first left, in megabytes: an image and its maps are 5 at most. */
const MOST_GROWN = 100;

const FIXTURES = ["photo_1.jpg", "photo_2.jpg", "photo_3.jpg"]
  .map((name) => decodeURIComponent(new URL(`../fixtures/image/${name}`, import.meta.url).pathname));

const program = heavyTests() && Deno.build.os === "linux" ? await findChromium() : undefined;

/** Resident memory of Chromium's renderers, in megabytes. */
async function rendererMemory(): Promise<number> {
  let megabytes = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // Empty for a process that has ended.
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (command.includes("--type=renderer")) megabytes += await residentMegabytes(Number(name));
  }
  return megabytes;
}

Deno.test({
  name: `the page keeps nothing of ${IMAGES} images but the last`,
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    onBundledPage(program!, async (page) => {
      let first = NaN;
      for (let i = 0; i < IMAGES; i++) {
        const from = await page.count();
        await page.setInputFiles("#files", FIXTURES[i % FIXTURES.length]!);
        await page.event("event.kind === 'explained'", from);
        if (i + 1 === FIRST) first = await rendererMemory();
      }
      const last = await rendererMemory();
      console.log(
        `renderers: ${Math.round(first)} MB after ${FIRST} images, ${Math.round(last)} MB after ${IMAGES}`,
      );
      assert(first > 50, "no renderer was found");
      assert(last < first + MOST_GROWN, `${last - first} MB more`);
      assertEquals(page.errors, []);
    }),
});
