import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createErasure, erasedInput, GRID } from "../../examples/browser/erasure.ts";
import { createExplainer, readHead } from "../../mod.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { train } from "../../src/train.ts";
import { bundleBrowser, bundleModules } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { watchMainThread } from "./main_thread.ts";
import { type WatchedPage, watchPage } from "./watched_page.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const STEPS = 3;
/** As examples/browser/engine.ts has it. */
const LEARNING_RATE = 1e-3;
/** Not a literal: every test would download it. */
const AXE = ["npm:axe-core", "4.11.0"].join("@");
/** A task of the page's thread that takes longer is felt. */
const LONG_TASK = 50;

await warmUpWasm();
const program = await findChromium();

interface Shown {
  readonly which: string;
  readonly target: { readonly index: number; readonly label: string; readonly probability: number };
  readonly map: readonly number[];
}

interface Erased {
  readonly share: number;
  readonly probability: number;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Where a point of the erasing layer lies in the window, from shares of its size. */
async function placeOnLayer(page: WatchedPage, x: number, y: number): Promise<[x: number, y: number]> {
  const [left, top, width, height] = await page.evaluate<[number, number, number, number]>(
    `(({ left, top, width, height }) => [left, top, width, height])(
      document.getElementById("erase-layer").getBoundingClientRect())`,
  );
  return [left + x * width, top + y * height];
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
    const expected = await explainer.explain(SAMPLE, { topK: 2 });
    const [top, second] = expected.targets;

    const isolated = serveFolder({ folder });
    const plain = serveFolder({ folder, isolated: false });
    const at = ({ addr }: typeof isolated) => `http://127.0.0.1:${addr.port}/`;
    let online = true;
    try {
      await using browser = await startChromium(program!);

      await t.step("a bundle holds no Deno build and asks for no node module of ours", async () => {
        const scripts = [...Deno.readDirSync(new URL("src/page/", folder))]
          .filter(({ name }) => name.endsWith(".js")).map(({ name }) => name);
        assertEquals(scripts.filter((name) => name.startsWith("ort.")).length, 2, scripts.join());
        for (const name of ["main.js", "worker.js"]) {
          const text = await Deno.readTextFile(new URL(`src/page/${name}`, folder));
          // A name that is handed to process.getBuiltinModule, where there is one, is no import.
          assert(!/\b(?:from|import|require)\s*\(?\s*["'`]node:/.test(text), `${name} imports from node:`);
        }
        const { size } = await Deno.stat(new URL("src/page/main.js", folder));
        assert(size < 70_000, `the page's own thread loads ${size} bytes: has it the library in it?`);
      });

      const page = await watchPage(browser, `${at(isolated)}?threads=2`);
      const tools = await page.tools();
      /** Runs a step, and requires that it never held the page's thread. */
      const awake = async (act: () => Promise<void>) => {
        const { tasks, longest } = await watchMainThread(tools, act);
        assert(tasks > 10, `only ${tasks} tasks were seen`);
        assert(longest < LONG_TASK, `a task held the page's thread for ${longest} ms`);
      };
      let before: Shown;

      await t.step("explains as Deno does, on two threads, where the page is isolated", async () => {
        await awake(async () => {
          await page.ready();
          await page.click("#sample");
          before = await page.event<Shown>("event.kind === 'shown'");
          await page.event("event.kind === 'explained'");
        });
        // The software adapter is there, and `auto` leaves it alone.
        assertEquals(await page.textContent("#runs"), "Runs on wasm, 2 threads.");
        assertEquals(before.target.index, top!.index);
        assertAlmostEquals(before.target.probability, top!.probability, 1e-4);
        assert(largestDifference(before.map, top!.map.values) < 1e-3);
        const listed = await page.evaluate<string[]>(
          `[...document.querySelectorAll("#classes .label")].map((label) => label.textContent)`,
        );
        assertEquals(listed, expected.prediction.map(({ label }) => label));
      });

      await t.step("shows another class when it is chosen", async () => {
        const from = await page.count();
        await page.click(`#classes button[data-index="${second!.index}"]`);
        const shown = await page.event<Shown>("event.kind === 'shown'", from);
        assertEquals(shown.target.label, second!.label);
        assert(largestDifference(second!.map.values, top!.map.values) > 1e-2, "two classes look the same");
        assert(largestDifference(shown.map, second!.map.values) < 1e-3);
        assertEquals(await page.textContent("#classes button[aria-pressed=true] .label"), second!.label);
        await page.click(`#classes button[data-index="${top!.index}"]`);
      });

      await t.step("erases by keyboard and by pointer, and the probability follows", async () => {
        const { pixels } = preprocess(expected.image, explainer.backbone.preprocessing);
        const erasure = createErasure(Math.sqrt(pixels.length / 3));
        await awake(async () => {
          await page.click("#tab-erase");
          await page.focus("#erase-grid [tabindex='0']");
          for (const key of ["ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
          const from = await page.count();
          await page.keyboard.press(" ");
          const erased = await page.event<Erased>("event.kind === 'erased' && event.share > 0", from);
          erasure.toggleCell(1, 2);
          assertAlmostEquals(erased.share, 1 / GRID ** 2, 1e-6);
          const probabilities = await explainer.probabilities(erasedInput(pixels, erasure, undefined));
          assertAlmostEquals(erased.probability, probabilities[top!.index]!, 1e-3);
          assert(Math.abs(erased.probability - top!.probability) > 1e-3, "erasing changed nothing");
          assertEquals(
            await page.evaluate(
              `document.activeElement.ariaLabel + " " + document.activeElement.ariaSelected`,
            ),
            "Row 2, column 3 true",
          );

          await page.mouse.move(...await placeOnLayer(page, 0.6, 0.3));
          await page.mouse.down();
          await page.mouse.move(...await placeOnLayer(page, 0.9, 0.8), { steps: 6 });
          await page.mouse.up();
          const painted = await page.event<Erased>(`event.share > ${erased.share + 0.05}`, from);
          assert(Math.abs(painted.probability - erased.probability) > 1e-3, "painting changed nothing");
          const undone = await page.count();
          for (let i = 0; i < 2; i++) await page.click("#erase-undo");
          const whole = await page.event<Erased>("event.kind === 'erased' && event.share === 0", undone);
          assertAlmostEquals(whole.probability, top!.probability, 1e-4);
        });
      });

      await t.step("shows what tells two classes apart", async () => {
        const from = await page.count();
        await page.click("#tab-compare");
        const { map } = await page.event<{ map: number[] }>("event.kind === 'compared'", from);
        const own = expected.contrast(top!.index, second!.index);
        assert(Math.max(...own.map.values) === 1 || Math.min(...own.map.values) === -1);
        assert(largestDifference(map, own.map.values) < 2e-3);
        const swapped = await page.count();
        await page.click("#swap");
        const other = await page.event<{ map: number[] }>("event.kind === 'compared'", swapped);
        assert(largestDifference(other.map, map.map((value) => -value)) < 1e-3);
        await page.click("#swap");
      });

      await t.step({
        name: "explains what the camera shows, and takes its picture",
        ignore: !heavyTests(),
        fn: async () => {
          await page.click("#tab-look");
          await page.click("#use-camera");
          await page.event("event.kind === 'live'");
          const from = await page.count();
          await page.click("#shutter");
          await page.event("event.kind === 'explained'", from);
          assertEquals(await page.evaluate("document.getElementById('camera').open"), false);
          const back = await page.count();
          await page.click("#sample");
          await page.event("event.kind === 'explained'", back);
        },
      });

      await t.step("hands out the picture with its heatmap", async () => {
        await page.click("#tab-look");
        const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-overlay")]);
        assertEquals(download.suggestedFilename(), "Egyptian_cat.png");
        const png = await Deno.readFile(await download.path());
        assertEquals([...png.slice(1, 4)], [...new TextEncoder().encode("PNG")]);
      });

      await t.step({
        name: "stops a training between two steps",
        ignore: !heavyTests(),
        fn: async () => {
          await page.click("#tab-teach");
          await page.fill("#steps", "50");
          await page.click("#start");
          await page.event("event.progress?.kind === 'step'");
          await page.click("#stop");
          await page.event("event.kind === 'stopped'");
          const steps = await page.evaluate<number>(
            "seen.filter((event) => event.progress?.kind === 'step').length",
          );
          assert(steps < 10, `${steps} steps were done`);
        },
      });

      await t.step({
        name: "has no fault that axe finds, in any tab, light and dark",
        ignore: !heavyTests(),
        fn: async () => {
          const { default: axe } = await import(AXE);
          await page.evaluate(axe.source);
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            for (const tab of ["look", "erase", "compare", "teach"]) {
              await page.click(`#tab-${tab}`);
              const faults = await page.evaluate<string[]>(
                // What a closed box holds never ends its transitions.
                `Promise.all(document.getAnimations().filter(({ effect }) => effect.target.checkVisibility({
                  contentVisibilityAuto: true,
                })).map(({ finished }) => finished)).then(() => axe.run())
                  .then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].target))`,
              );
              assertEquals(faults, [], `${tab}, ${colorScheme}`);
            }
          }
        },
      });

      await t.step({
        name: "trains as Deno does, and the map follows; the head can be kept",
        ignore: !heavyTests(),
        fn: async () => {
          const from = await page.count();
          let losses: readonly number[] = [];
          let after: Shown;
          await awake(async () => {
            await page.click("#tab-teach");
            await page.fill("#steps", String(STEPS));
            await page.click("#start");
            ({ losses } = await page.event<{ losses: number[] }>("event.kind === 'trained'", from));
            after = await page.event<Shown>("event.which === 'after' && event.kind === 'shown'", from);
          });
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
          own.losses.forEach(({ total }, i) => assertAlmostEquals(losses[i]!, total, 1e-3));
          await using trained = await createExplainer({ device: "wasm", head: own.head });
          const { targets } = await trained.explain(SAMPLE, { target: top!.index });
          assert(largestDifference(after!.map, targets[0]!.map.values) < 5e-3);
          assert(largestDifference(after!.map, before.map) > 1e-2, "training did not change the map");

          const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-head")]);
          const kept = await readHead(
            await Deno.readFile(await download.path()),
            download.suggestedFilename(),
          );
          assertEquals(kept.record.name, "taught in a page");
          assertEquals(kept.record.trained, true);
        },
      });

      await t.step({
        name: "goes over to another device with its picture and its head",
        ignore: !heavyTests(),
        fn: async () => {
          const from = await page.count();
          await page.click("#device-box summary");
          await page.selectOption("#device", "wasm");
          await page.event("event.kind === 'ready'", from);
          const shown = await page.event<Shown>("event.which === 'after' && event.kind === 'shown'", from);
          assertEquals(shown.target.label, top!.label);
        },
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
      });

      await t.step("says what is wrong with a device in its address, and lets one choose", async () => {
        const page = await watchPage(browser, `${at(plain)}?device=gpu`);
        await page.waitForFunction("document.querySelector('#status.failed')", undefined, {
          timeout: 10_000,
        });
        assertEquals(await page.textContent("#status"), "Unknown device gpu: choose auto, webgpu or wasm");
        assertEquals(await page.evaluate("document.getElementById('device').disabled"), false);
        await page.close();
      });

      await t.step("works without a network after the first visit, and asks nobody else", async () => {
        await page.waitForFunction("!document.getElementById('offline').hidden", undefined, {
          timeout: 30_000,
        });
        await isolated.shutdown();
        online = false;
        await page.reload();
        await page.ready();
        await page.click("#sample");
        const shown = await page.event<Shown>("event.kind === 'shown'");
        assert(largestDifference(shown.map, before.map) < 1e-6);
        assertEquals(await page.textContent("#runs"), "Runs on wasm, 2 threads.");
        assertEquals(page.errors, []);
        const strangers = page.requests.filter((url) => !url.replace(/^blob:/, "").startsWith(at(isolated)));
        assertEquals([page.requests.length > 10, strangers], [true, []]);
        await page.close();
      });

      await t.step({
        name: "explains on one thread where the page is not isolated; the next visit has more",
        ignore: !heavyTests(),
        fn: async () => {
          const page = await watchPage(browser, at(plain));
          await page.ready();
          await page.click("#sample");
          const shown = await page.event<Shown>("event.kind === 'shown'");
          assertEquals(
            await page.textContent("#runs"),
            "Runs on wasm, 1 thread; reload the page for more threads.",
          );
          assert(largestDifference(shown.map, top!.map.values) < 1e-3);
          await page.waitForFunction("!document.getElementById('offline').hidden", undefined, {
            timeout: 30_000,
          });
          await page.reload();
          assertEquals(await page.evaluate("crossOriginIsolated"), true);
          assertEquals(page.errors, []);
          await page.close();
        },
      });

      await t.step({
        name: "explains on WebGPU",
        ignore: !heavyTests(),
        fn: async () => {
          const page = await watchPage(browser, `${at(plain)}?device=webgpu#sample=chelsea`);
          const shown = await page.event<Shown>("event.kind === 'shown'");
          assertEquals(await page.textContent("#runs"), "Runs on webgpu.");
          assertAlmostEquals(shown.target.probability, top!.probability, 1e-3);
          assert(largestDifference(shown.map, top!.map.values) < 5e-3);
          assertEquals(page.errors, []);
          await page.close();
        },
      });

      // The whole classifier takes 18 s a pass on the software adapter of a page; a small network shows the same.
      await t.step({
        name: "WebGPU in a page computes what wasm does",
        ignore: !heavyTests(),
        fn: async () => {
          await bundleModules([new URL("webgpu_page.ts", import.meta.url)], new URL("src/page/", folder));
          await Deno.writeTextFile(
            new URL("blank.html", folder),
            '<!DOCTYPE html><link rel="icon" href="data:,">',
          );
          const page = await browser.open(`${at(plain)}blank.html`);
          const [gpu, wasm] = await page.evaluate<{ device: string; values: number[] }[]>(
            `import("/src/page/webgpu_page.js").then(async () => [await run("webgpu"), await run("wasm")])`,
          );
          assertEquals([gpu!.device, wasm!.device], ["webgpu", "wasm"]);
          assert(Math.max(...wasm!.values.map(Math.abs)) > 0.1, "the network says nothing");
          assert(largestDifference(gpu!.values, wasm!.values) < 1e-4);
          assertEquals(page.errors, []);
          await page.close();
        },
      });
    } finally {
      if (online) await isolated.shutdown();
      await plain.shutdown();
      await Deno.remove(dist, { recursive: true });
    }
  },
});
