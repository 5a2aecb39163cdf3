import { assert, assertEquals } from "@std/assert";
import type { ExplainedImage } from "../../src/cli/explain/document.ts";
import { writeGallery } from "../../src/cli/folder/gallery/write.ts";
import { encodePng } from "../../src/image/png.ts";
import { inFolder } from "../support/folders.ts";
import { heavyTests } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";

const program = await findChromium();
/** Not a literal: `deno check` would want its types. */
const AXE = ["npm:axe-core", "4.11.0"].join("@");
const COUNT = 1000;

Deno.test({
  name:
    "the page of a folder run filters, sorts and opens thousands of images from a disk, and loads few of them",
  ignore: program === undefined || !heavyTests(),
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inFolder(async (folder) => {
      const overlay = await encodePng({ width: 48, height: 60, data: new Uint8Array(3 * 48 * 60).fill(120) });
      const images: string[] = [];
      const lines: ExplainedImage[] = [];
      for (let i = 0; i < COUNT; i++) {
        const [own, seen] = [["cat", "dog"][i % 2]!, ["cat", "dog"][(i % 10 === 0 ? i + 1 : i) % 2]!];
        const image = `p/${own}/${String(i).padStart(4, "0")} #.jpg`;
        const out = `${folder}/${i} #.explained.png`;
        Deno.writeFileSync(out, overlay);
        images.push(image);
        lines.push({
          image,
          out,
          prediction: [{ index: 0, label: seen, probability: 0.5 + i / (2 * COUNT) }, {
            index: 1,
            label: own,
            probability: 0.1,
          }],
          targets: [{ label: seen, out }],
        } as unknown as ExplainedImage);
      }
      const path = await writeGallery(lines, images, { source: "p", out: folder, args: ["p"] });
      await using browser = await startChromium(program!);
      const page = await browser.open(`file://${path}`);
      const count = () => page.textContent("#count");
      assertEquals(await count(), "1000 of 1000 images");
      await page.waitForFunction("document.images[0].naturalWidth === 48", undefined, { timeout: 10_000 });
      const loaded = page.requests.filter((url) => url.endsWith(".png")).length;
      assert(loaded > 0 && loaded < 400, `${loaded} images were loaded`);

      // Each tenth cat is taken for a dog.
      assertEquals(await page.textContent("#confusions li"), "cat → dog (100)");
      await page.click("#confusions button");
      assertEquals(await count(), "100 of 1000 images");
      await page.selectOption("#sort", "high");
      assertEquals(await page.textContent("#grid li span"), "cat/0990 #.jpg");
      await page.fill("#most", "60");
      assertEquals(await count(), "21 of 1000 images");
      await page.click("button[type=reset]");
      await page.waitForFunction(
        `document.getElementById("count").textContent.startsWith("1000 ")`,
        undefined,
        {
          timeout: 10_000,
        },
      );
      await page.fill("#name", "cat/0010");
      assertEquals(await count(), "1 of 1000 images");

      await page.click("#grid button");
      assertEquals(await page.textContent("#detail-title"), "cat/0010 #.jpg");
      assertEquals(await page.textContent("#detail-folder"), "Its folder says cat.");
      assertEquals(await page.textContent("#detail ol"), "dog50.5 %cat10.0 %");
      const { default: axe } = await import(AXE);
      await page.evaluate(axe.source);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (
          const act of [
            "0",
            `document.getElementById("detail").close()`,
            `document.querySelector("#grid button").click()`,
          ]
        ) {
          await page.evaluate(act);
          const faults = await page.evaluate<string[]>(
            `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].target))`,
          );
          assertEquals(faults, [], `${colorScheme}, after ${act}`);
        }
      }
      assertEquals(page.errors, []);
    }),
});
