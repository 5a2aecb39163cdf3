import { assertEquals, assertStringIncludes } from "@std/assert";
import { bundleModules } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { hexDigest } from "../support/digest.ts";
import { corrupted, good, sampleBytes, serveFile } from "../support/weight_server.ts";
import type { Obtained } from "./cache_page.ts";
import { findChromium, startChromium } from "./chromium.ts";

const program = await findChromium();
const CONTENT = sampleBytes(300_000);

Deno.test({
  name: "weights are kept in a page's own cache",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const dist = await Deno.makeTempDir({ prefix: "ptame_cache_page_" });
    const folder = new URL(`file://${dist}/`);
    await bundleModules([new URL("cache_page.ts", import.meta.url)], folder);
    await Deno.writeTextFile(`${dist}/blank.html`, '<!DOCTYPE html><link rel="icon" href="data:,">');
    const site = serveFolder({ folder });
    // Another server than the page's, as a published file is: it has to allow that (CORS).
    const extra = { "access-control-allow-origin": "*" };
    await using server = serveFile(CONTENT, [
      (content, asked) => {
        const answer = good({ cut: 100_000, extra })(content, asked);
        // What a page has not read when the connection is cut is lost to it.
        return { ...answer, parts: [...answer.parts!, 400] };
      },
      good({ extra }),
    ]);
    await using wrong = serveFile(CONTENT, [(content, asked) => ({
      ...corrupted(content, asked),
      headers: { ...corrupted(content, asked).headers!, ...extra },
    })]);
    const sha256 = await hexDigest(CONTENT);
    try {
      await using browser = await startChromium(program!);
      const page = await browser.open(`http://127.0.0.1:${site.addr.port}/blank.html`);
      await page.evaluate(`import("/cache_page.js").then(() => true)`);
      const obtain = (url: string, offline: boolean) =>
        page.evaluate<Obtained>(
          `obtain(${JSON.stringify(url)}, ${CONTENT.length}, "${sha256}", ${offline})`,
        );

      const absent = await obtain(`${server.url}/w`, true);
      assertStringIncludes(
        absent.error!,
        "not in the browser's cache ptame, or damaged there, and offline forbids the network",
      );
      const first = await obtain(`${server.url}/w`, false);
      assertEquals([first.error, first.sha256], [undefined, sha256]);
      assertEquals([first.kinds[0], first.kinds.at(-1)], ["download-start", "download-end"]);
      assertEquals(server.asked.map(({ from }) => from), [undefined, 100_000]);
      const again = await obtain(`${server.url}/w`, true);
      assertEquals([again.sha256, again.kinds], [sha256, []]);

      assertStringIncludes(
        (await obtain(`${wrong.url}/w`, false)).error!,
        "the content differs from the published file",
      );
      assertStringIncludes((await obtain(`${wrong.url}/w`, true)).error!, "offline forbids the network");
    } finally {
      await site.shutdown();
      await Deno.remove(dist, { recursive: true });
    }
  },
});
