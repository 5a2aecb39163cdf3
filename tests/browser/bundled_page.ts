/**
 * The page of examples/browser, bundled and served for one test, open in Chromium on one thread.
 *
 * @module
 */
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { startChromium } from "./chromium.ts";
import { type WatchedPage, watchPage } from "./watched_page.ts";

/**
 * Opens the page, waits until it has shown its first image, and removes everything after `act`.
 *
 * @param script Runs before the page's own program, too.
 */
export async function onBundledPage(
  program: string,
  act: (page: WatchedPage) => Promise<void>,
  script = "",
): Promise<void> {
  const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_page_" })}/`);
  await bundleBrowser(folder);
  const server = serveFolder({ folder });
  try {
    await using browser = await startChromium(program);
    const page = await watchPage(browser, `http://127.0.0.1:${server.addr.port}/?threads=1`, script);
    await page.ready();
    await act(page);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}
