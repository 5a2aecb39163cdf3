/** "Sharpen" of the page: its steps, its map and its stop are those of `refine` in Deno. */
import { assert, assertEquals } from "@std/assert";
import { createExplainer } from "../../mod.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { onBundledPage } from "./bundled_page.ts";
import { findChromium } from "./chromium.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);

const heavy = heavyTests();
const program = heavy ? await findChromium() : undefined;

interface Shown {
  readonly target: { readonly index: number };
  readonly map: readonly number[];
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

Deno.test({
  name: "the page sharpens a map as Deno does; pressed again, it stops and keeps the best map",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await warmUpWasm();
    await onBundledPage(program!, async (page) => {
      await page.click("#sample");
      const plain = await page.event<Shown>("event.kind === 'shown'");
      await page.event("event.kind === 'explained'");

      await page.click("#tab-look");
      const from = await page.count();
      await page.click("#sharpen");
      await page.waitForFunction(
        "/step [2-9] of 20/.test(document.getElementById('status').textContent)",
        undefined,
        { timeout: 120_000 },
      );
      assertEquals(await page.textContent("#sharpen"), "Stop");
      await page.click("#sharpen");
      const sharp = await page.event<Shown>("event.kind === 'shown'", from);
      await page.waitForFunction("document.getElementById('sharpen').textContent === 'Sharpen'", undefined, {
        timeout: 10_000,
      });
      const said = await page.textContent("#status");
      const [, steps, passes] = /^Sharpened in (\d+) steps and (\d+) passes\.$/.exec(said!)!.map(Number);
      assert(steps! >= 2 && steps! < 20, said!);
      assertEquals(passes, 9 * (steps! + 1));
      assertEquals(sharp.target.index, plain.target.index);
      assert(largestDifference(sharp.map, plain.map) > 1e-2, "sharpening changed nothing");

      await using explainer = await createExplainer({ device: "wasm" });
      const explanation = await explainer.explain(SAMPLE);
      const { map } = await explanation.refine({ steps: steps! });
      const away = largestDifference(sharp.map, map.values);
      console.log(`${said} The page is away from Deno by ${away.toExponential(1)}`);
      assert(away < 1e-2, `${away}`);

      // The map stays that of the class.
      const again = await page.count();
      await page.click("#tab-compare");
      await page.click("#tab-look");
      const shown = await page.event<Shown>("event.kind === 'shown'", again);
      assertEquals(largestDifference(shown.map, sharp.map), 0);
    });
  },
});
