import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createExplainer, type Explanation } from "../../mod.ts";
import { train } from "../../src/train.ts";
import { bundleBrowser, bundleModules } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { warmUpWasm } from "../support/devices.ts";
import { type Chromium, findChromium, type Page, startChromium } from "./chromium.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const STEPS = 3;
/** As examples/browser/worker.ts has it. */
const LEARNING_RATE = 1e-3;

await warmUpWasm();
const program = await findChromium();

/** Keeps what the page dispatches, for `reply`. */
const LISTEN = `globalThis.replies = [];
document.addEventListener("ptame", ({ detail }) => replies.push(detail)); undefined`;

/** The first answer after `from` of that kind, without its bitmap. */
async function reply<T>(page: Page, condition: string, from = 0): Promise<T> {
  const find = `replies.slice(${from}).find((reply) => reply.kind === "failed" || (${condition}))`;
  await page.waitForFunction(find, undefined, { timeout: 60_000 });
  const found = await page.evaluate<T & { kind: string; message?: string }>(
    `(({ overlay, head, ...rest }) => ({ ...rest, ...(rest.map && { map: [...rest.map.values] }) }))(${find})`,
  );
  if (found.kind === "failed") throw new Error(`The page failed: ${found.message}`);
  return found;
}

interface Shown {
  readonly target: { readonly index: number; readonly label: string; readonly probability: number };
  readonly map: readonly number[];
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

async function openPage(browser: Chromium, url: string) {
  const page = await browser.open(url);
  await page.evaluate(LISTEN);
  await page.waitForFunction("!document.getElementById('sample').disabled", undefined, { timeout: 60_000 });
  await page.click("#sample");
  return page;
}

Deno.test({
  name: "the page of examples/browser",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const dist = await Deno.makeTempDir({ prefix: "ptame_page_" });
    const folder = new URL(`file://${dist}/`);
    await bundleBrowser(folder);
    await using explainer = await createExplainer({ device: "wasm" });
    const expected: Explanation = await explainer.explain(SAMPLE, { topK: 2 });
    const [top, second] = expected.targets;

    const isolated = serveFolder({ folder });
    const plain = serveFolder({ folder, isolated: false });
    const at = ({ addr }: typeof isolated) => `http://127.0.0.1:${addr.port}/`;
    try {
      await using browser = await startChromium(program!);

      await t.step("a bundle holds no Deno build and asks for no node module of ours", async () => {
        const scripts = [...Deno.readDirSync(new URL("src/page/", folder))]
          .filter(({ name }) => name.endsWith(".js")).map(({ name }) => name);
        assertEquals(scripts.filter((name) => name.startsWith("ort.")).length, 2, scripts.join());
        for (const name of ["main.js", "worker.js"]) {
          const text = await Deno.readTextFile(new URL(`src/page/${name}`, folder));
          assert(!text.includes('"node:'), `${name} imports from node:`);
        }
      });

      const page = await openPage(browser, `${at(isolated)}?threads=2`);
      let before: Shown;

      await t.step("explains as Deno does, on two threads, where the page is isolated", async () => {
        before = await reply<Shown>(page, "reply.kind === 'shown'");
        // The software adapter is there, and `auto` leaves it alone.
        assertEquals(await page.textContent("#runs"), "Runs on wasm, 2 threads.");
        assertEquals(before.target.index, top!.index);
        assertAlmostEquals(before.target.probability, top!.probability, 1e-4);
        assert(largestDifference(before.map, top!.map.values) < 1e-3);
        assertEquals(page.errors, []);
      });

      await t.step("shows another class when it is chosen", async () => {
        const from = await page.evaluate<number>("replies.length");
        await page.click(`#classes button[data-index="${second!.index}"]`);
        const shown = await reply<Shown>(page, "reply.kind === 'shown'", from);
        assertEquals(shown.target.label, second!.label);
        assert(largestDifference(second!.map.values, top!.map.values) > 1e-2, "two classes look the same");
        assert(largestDifference(shown.map, second!.map.values) < 1e-3);
        assertEquals(await page.textContent("#classes button[aria-pressed=true] span"), second!.label);
        await page.click(`#classes button[data-index="${top!.index}"]`);
      });

      await t.step("stops a training between two steps", async () => {
        await page.fill("#steps", "50");
        await page.click("#train button[type=submit]");
        await reply(page, "reply.progress?.kind === 'step'");
        await page.click("#stop");
        await reply(page, "reply.kind === 'stopped'");
        const steps = await page.evaluate<number>(
          "replies.filter((reply) => reply.progress?.kind === 'step').length",
        );
        assert(steps < 10, `${steps} steps were done`);
      });

      await t.step("trains as Deno does, and the map follows", async () => {
        const from = await page.evaluate<number>("replies.length");
        await page.fill("#steps", String(STEPS));
        await page.click("#train button[type=submit]");
        const { losses } = await reply<{ losses: readonly { total: number }[] }>(
          page,
          "reply.kind === 'trained'",
          from,
        );
        const after = await reply<Shown>(page, "reply.which === 'after' && reply.kind === 'shown'", from);
        assertEquals(losses.length, STEPS);

        const own = await train({
          backbone: explainer.backbone.name,
          images: [SAMPLE],
          batch: 1,
          steps: STEPS,
          start: explainer.head.bytes,
          hyperParameters: { learningRate: LEARNING_RATE },
          device: "wasm",
        });
        own.losses.forEach(({ total }, i) => assertAlmostEquals(losses[i]!.total, total, 1e-3));
        await using trained = await createExplainer({ device: "wasm", head: own.head });
        const { targets } = await trained.explain(SAMPLE, { target: top!.index });
        assert(largestDifference(after.map, targets[0]!.map.values) < 5e-3);
        assert(largestDifference(after.map, before.map) > 1e-2, "training did not change the map");
        assertEquals(page.errors, []);
      });

      await t.step("says what is wrong with a file that is no picture, and goes on", async () => {
        await Deno.writeTextFile(`${dist}/note.png`, "no picture");
        await page.setInputFiles("#files", `${dist}/note.png`);
        await page.waitForFunction("document.querySelector('#status.failed')", undefined, {
          timeout: 10_000,
        });
        const said = await page.textContent("#status");
        assert(said!.startsWith("Cannot decode image note.png: "), said!);
        assertEquals(page.errors, []);
        await page.close();
      });

      await t.step("explains on one thread where the page is not isolated", async () => {
        const page = await openPage(browser, at(plain));
        const shown = await reply<Shown>(page, "reply.kind === 'shown'");
        assertEquals(
          await page.textContent("#runs"),
          "Runs on wasm, 1 thread; more threads need a cross-origin isolated page.",
        );
        assert(largestDifference(shown.map, top!.map.values) < 1e-3);
        assertEquals(page.errors, []);
        await page.close();
      });

      // The whole classifier takes 18 s a pass on the software adapter of a page; a small network shows the same.
      await t.step("WebGPU in a page computes what wasm does", async () => {
        await bundleModules([new URL("webgpu_page.ts", import.meta.url)], new URL("src/page/", folder));
        await Deno.writeTextFile(
          new URL("blank.html", folder),
          '<!DOCTYPE html><link rel="icon" href="data:,">',
        );
        const page = await browser.open(`${at(isolated)}blank.html`);
        const [gpu, wasm] = await page.evaluate<{ device: string; values: number[] }[]>(
          `import("/src/page/webgpu_page.js").then(async () => [await run("webgpu"), await run("wasm")])`,
        );
        assertEquals([gpu!.device, wasm!.device], ["webgpu", "wasm"]);
        assert(Math.max(...wasm!.values.map(Math.abs)) > 0.1, "the network says nothing");
        assert(largestDifference(gpu!.values, wasm!.values) < 1e-4);
        assertEquals(page.errors, []);
        await page.close();
      });
    } finally {
      await isolated.shutdown();
      await plain.shutdown();
      await Deno.remove(dist, { recursive: true });
    }
  },
});
