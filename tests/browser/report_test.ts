import { assert, assertEquals } from "@std/assert";
import { renderReport } from "../../src/faithfulness/report/page.ts";
import { bundleModules } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { reportData } from "../faithfulness/report/fixture.ts";
import { heavyTests } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";

const program = await findChromium();
/** Not a literal: `deno check` would want its types. */
const AXE = ["npm:axe-core", "4.11.0"].join("@");
const LINKEDOM = ["npm:linkedom", "0.18.12"].join("@");

Deno.test({
  name:
    "a report in a page: no errors, no requests, nothing beyond the edge, on a screen and a phone, light and dark",
  ignore: program === undefined || !heavyTests(),
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const { parseHTML } = await import(LINKEDOM);
    const { document } = parseHTML("<html></html>");
    const path = await Deno.makeTempFile({ suffix: ".html" });
    const dist = await Deno.makeTempDir({ prefix: "ptame_report_" });
    const folder = new URL(`file://${dist}/`);
    await bundleModules([new URL("report_page.ts", import.meta.url)], folder);
    await Deno.writeTextFile(`${dist}/blank.html`, '<!DOCTYPE html><link rel="icon" href="data:,">');
    const site = serveFolder({ folder });
    try {
      await Deno.writeTextFile(path, await renderReport(await reportData(), { document }));
      await using browser = await startChromium(program!);
      const page = await browser.open(`file://${path}`);
      const { default: axe } = await import(AXE);
      // The page forbids scripts; the browser's own tools may run one.
      await page.evaluate(axe.source);
      const papers: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const faults = await page.evaluate<string[]>(
          `axe.run().then(({ violations }) =>
            violations.map(({ id, nodes }) => id + " " + nodes.length + " " + nodes[0].target))`,
        );
        assertEquals(faults, [], colorScheme);
        papers.push(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 800 });
          const [wide, letters] = await page.evaluate<[number, number]>(
            `[document.documentElement.scrollWidth,
              Math.min(...[...document.querySelectorAll(".charts svg")].map((svg) =>
                svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * 12))]`,
          );
          assertEquals(wide, width);
          // The broad chart of times is the only one that shrinks on a phone.
          assert(letters > 6, `letters of ${letters} px at ${width}`);
        }
      }
      assert(papers[0] !== papers[1], "dark looks like light");
      // Photo and map are really there, and as large as each other.
      const drawn = await page.evaluate<boolean>(
        `[...document.images].every((image) => image.complete && image.naturalWidth > 0) &&
         document.querySelector(".photo").getBoundingClientRect().height > 80`,
      );
      assert(drawn, "a picture is missing");
      assertEquals(page.requests, [`file://${path}`]);
      assertEquals(page.errors, []);

      // A page that draws the report itself draws the same one.
      const drawing = await browser.open(`http://127.0.0.1:${site.addr.port}/blank.html`);
      await drawing.evaluate(`import("/report_page.js").then(() => {})`);
      const own = parseHTML(await drawing.evaluate<string>("draw()")).document;
      const ours = parseHTML(await Deno.readTextFile(path)).document;
      const said = (page: Document) =>
        [...page.querySelectorAll("table, .verdicts, svg, figcaption")].map((each) => each.textContent);
      assertEquals(said(own), said(ours));
      const curve = (page: Document) => page.querySelector('svg [data-part="line"] path')!.getAttribute("d");
      assertEquals(curve(own), curve(ours));
      assertEquals(drawing.errors, []);
    } finally {
      await site.shutdown();
      await Deno.remove(path);
      await Deno.remove(dist, { recursive: true });
    }
  },
});
