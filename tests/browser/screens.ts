/**
 * Takes screenshots of a bundled page in Chromium, to be looked at: three widths, light and dark, each tab.
 *
 *     deno run -A tools/launch.ts deno run -A tests/browser/screens.ts OUT [DIST]
 *
 * OUT gets WIDTH.SCHEME.TAB.png. DIST is a folder that `deno task bundle` made, such as one of an older checkout; by
 * default the page is bundled anew. Nothing is compared: tests/browser/page_test.ts tells what the page does.
 *
 * @module
 */
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { findChromium, type OpenPage, startChromium } from "./chromium.ts";
import { watchPage } from "./watched_page.ts";

const SIZES = [[1440, 900], [1024, 768], [390, 844]] as const;
const SCHEMES = ["light", "dark"] as const;
const TABS = ["look", "erase", "compare", "teach"];
/** Animations and charts settle. */
const SETTLING = 1500;

/** Playwright's own way to take a screenshot; tests do not need it. */
type Shot = OpenPage & {
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
};

const [out, dist] = Deno.args;
if (out === undefined) {
  console.error("Usage: screens.ts OUT [DIST]");
  Deno.exit(2);
}
const program = await findChromium();
if (program === undefined) Deno.exit(1);
Deno.mkdirSync(out, { recursive: true });
const made = dist === undefined ? Deno.makeTempDirSync({ prefix: "ptame_page_" }) : undefined;
const folder = new URL(`${made ?? Deno.realPathSync(dist!)}/`, "file:///");
if (made !== undefined) await bundleBrowser(folder);
const server = serveFolder({ folder });
const browser = await startChromium(program);
try {
  const page = await watchPage(browser, `http://127.0.0.1:${server.addr.port}/?threads=1`) as
    & Shot
    & Awaited<ReturnType<typeof watchPage>>;
  // Older pages say in this way that they are ready.
  const ready = "document.querySelector('#sample:not(:disabled)') !== null";
  await page.waitForFunction(ready, undefined, { timeout: 180_000 });
  await page.click("#sample");
  await page.event("event.kind === 'shown'");
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      for (const tab of TABS) {
        await page.evaluate(`document.getElementById("tab-${tab}")?.click()`);
        await new Promise((resolve) => setTimeout(resolve, SETTLING));
        await page.evaluate("scrollTo(0, 0)");
        await page.screenshot({ path: `${out}/${width}.${colorScheme}.${tab}.png`, fullPage: false });
      }
    }
  }
  console.log(`${SIZES.length * SCHEMES.length * TABS.length} screenshots in ${out}`);
} finally {
  await browser[Symbol.asyncDispose]();
  await server.shutdown();
  if (made !== undefined) Deno.removeSync(made, { recursive: true });
}
