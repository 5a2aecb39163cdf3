/** What a visit of the page goes through: a server that is gone, files that come early, Back, a new version. */
import { assert, assertEquals } from "@std/assert";
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { watchPage } from "./watched_page.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);

const heavy = heavyTests();
const program = heavy ? await findChromium() : undefined;

interface Shown {
  readonly target: { readonly index: number; readonly label: string };
}

Deno.test({
  name: "a visit of the page: a server that is gone, early files, Back, a new version, no foreign address",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    await warmUpWasm();
    const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_page_" })}/`);
    await bundleBrowser(folder);
    const [list, away] = [new URL("files.json", folder), new URL("files.json.away", folder)];
    let sent = new Map<string, number>();
    const server = serveFolder({
      folder,
      onSent: (path, bytes) => sent.set(path, (sent.get(path) ?? 0) + bytes),
    });
    const megabytes = () => [...sent.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6;
    const address = `http://127.0.0.1:${server.addr.port}/`;
    const patience = { timeout: 60_000 };
    let firstResult = NaN;
    try {
      await using browser = await startChromium(program!);
      await Deno.rename(list, away);
      const page = await watchPage(browser, `${address}?threads=1`);
      const until = (expression: string) => page.waitForFunction(expression, undefined, patience);

      await t.step(
        "counts down while the server is gone, and goes on by a button; an early file is kept",
        async () => {
          await until("!document.getElementById('retry').hidden");
          const said = await page.textContent("#status");
          assertEquals(
            said,
            "Cannot load the classifier: the server does not answer. Nothing is lost; it goes on where it was.",
          );
          await until("/^Trying again in \\d+ s$/.test(document.getElementById('loading-text').textContent)");
          await page.setInputFiles("#files", SAMPLE.pathname);
          assertEquals(await page.textContent("#status"), "It is taken as soon as the classifier is here.");
          await Deno.rename(away, list);
          await page.click("#retry");
          const { target } = await page.event<Shown>("event.kind === 'shown'");
          assertEquals(target.label, "Egyptian cat");
          firstResult = megabytes();
          assertEquals(await page.evaluate("document.getElementById('loading').hidden"), true);
        },
      );

      await t.step("tab, class and sample are in the address, and Back goes back", async () => {
        await page.ready();
        await page.click("[data-sample=coffee]");
        await page.event("event.kind === 'explained'");
        await page.click("#classes li:nth-child(2) button");
        await page.click("#tab-erase");
        const hash = await page.evaluate<string>("location.hash");
        assert(/^#sample=coffee&class=\d+&tab=erase$/.test(hash), hash);
        const from = await page.count();
        await page.evaluate("history.back()");
        await until("document.body.dataset.tab === 'look'");
        await page.evaluate("history.back()");
        const { target } = await page.event<Shown>(
          "event.kind === 'shown' && event.target.label === 'espresso'",
          from,
        );
        const away = await page.count();
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await page.event(`event.kind === 'shown' && event.target.index !== ${target.index}`, away);
        assertEquals(await page.evaluate("document.body.dataset.tab"), "erase");
      });

      await t.step("its policy forbids other addresses, and nothing of its own is refused", async () => {
        const refused = await page.evaluate<string>(
          "fetch('https://example.org/').then(() => 'sent', (error) => String(error))",
        );
        assert(refused.startsWith("TypeError"), refused);
        const violations = page.errors.filter((error) => !error.includes("example.org"));
        // The list of files was away at first.
        assertEquals(violations.filter((error) => !error.includes("404")), []);
      });

      await t.step("a new version announces itself, and takes over when it is asked to", async () => {
        await until("!document.getElementById('offline').hidden");
        const files = [...sent].filter(([, bytes]) => bytes > 1e5).map(([path, bytes]) => `${path} ${bytes}`);
        // Weights, head and runtime, compressed, and nothing twice; magick.wasm and the runtime for WebGPU stay away.
        assert(firstResult < 21, `${firstResult} MB before the first result: ${files}`);
        sent = new Map();
        await page.reload();
        await page.ready();
        assert(megabytes() < 0.1, `${megabytes()} MB at the second visit: ${[...sent.keys()]}`);
        console.log(`first visit ${firstResult.toFixed(1)} MB, second ${(1000 * megabytes()).toFixed(0)} kB`);
        const index = new URL("index.html", folder);
        const html = await Deno.readTextFile(index);
        await Deno.writeTextFile(index, html.replace("<title>Where", "<title>New: where"));
        const worker = new URL("service_worker.js", folder);
        const script = await Deno.readTextFile(worker);
        await Deno.writeTextFile(worker, script.replace(/"version":"\w+"/, '"version":"another"'));
        await page.reload();
        assertEquals((await page.evaluate<string>("document.title")).startsWith("New"), false);
        await until("!document.getElementById('update').hidden");
        await page.click("#update-now");
        await until("document.title.startsWith('New')");
        await page.ready();
        assertEquals(
          await page.evaluate("caches.keys().then((names) => names.filter((name) => /shell/.test(name)))"),
          ["ptame-shell-another"],
        );
      });
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
