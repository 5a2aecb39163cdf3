/** A person's own classifier in the page: dropped, named, explained by the methods that it allows; a head made for it. */
import { assert, assertEquals } from "@std/assert";
import { createBaseline } from "../../src/baselines.ts";
import { encodePng } from "../../src/image/png.ts";
import { patchworkPhotos } from "../ptame/fit/patchwork.ts";
import { colourClassifier, COLOURS } from "../support/colour_classifier.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { pythonTorch, runPython } from "../support/python_torch.ts";
import { onBundledPage } from "./bundled_page.ts";
import { findChromium } from "./chromium.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const EXPORT = new URL("../fixtures/onnx/export_torchvision.py", import.meta.url);
const QUANTISED = new URL("../fixtures/onnx/quantised.json", import.meta.url);

const heavy = heavyTests();
const program = heavy ? await findChromium() : undefined;
const python = heavy ? await pythonTorch() : undefined;

interface Shown {
  readonly which: string;
  readonly target: { readonly index: number; readonly label: string };
  readonly map: readonly number[];
}

Deno.test({
  name: "the page explains a classifier of one's own, and makes a head for it",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    await warmUpWasm();
    const files = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_files_" })}/`);
    const put = async (name: string, content: Uint8Array | string) => {
      const path = new URL(name, files).pathname;
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
      return path;
    };
    await onBundledPage(program!, async (page) => {
      const status = () => page.textContent("#status");
      const failed = async () => {
        await page.waitForFunction("document.querySelector('#status.failed')", undefined, {
          timeout: 20_000,
        });
        return await status();
      };
      await page.click("#sample");
      await page.event("event.kind === 'explained'");

      await t.step("a text named .onnx gets one line, and the page goes on", async () => {
        await page.setInputFiles("#files", await put("note.onnx", "This is a text."));
        assertEquals(await failed(), "Cannot open note.onnx as an ONNX model: it is a text");
        assertEquals(await page.textContent("#model-name"), "EfficientNet-Lite0");
      });

      await t.step({
        name:
          "what torchvision exported is explained for the class that it names there, by P-TAME: it has ImageNet's classes",
        ignore: python === undefined,
        fn: async () => {
          const path = new URL("mobilenet.onnx", files).pathname;
          const index = Number(await runPython(python!, EXPORT, [path, "1"]));
          const from = await page.count();
          await page.setInputFiles("#files", path);
          await page.event("event.kind === 'classifier' && event.classes === 1000", from);
          await page.setInputFiles("#files", SAMPLE.pathname);
          const shown = await page.event<Shown>("event.kind === 'shown'", from);
          assertEquals([shown.target.index, shown.which], [index, "before"]);
          assertEquals(await page.textContent("#model-name"), "mobilenet");
        },
      });

      const onnx = await put("colours.onnx", colourClassifier());
      const labels = await put("labels.txt", COLOURS.join("\n"));

      await t.step("an .onnx file with its labels is explained by Grad-CAM, as in Deno", async () => {
        const from = await page.count();
        await page.setInputFiles("#files", [onnx, labels, await put("letter.pdf", "no")]);
        const shown = await page.event<Shown>("event.kind === 'shown' && event.which === 'gradcam'", from);
        assertEquals(shown.target.label, COLOURS[0]);
        assertEquals(await page.textContent("#model-name"), "colours");
        assertEquals(await page.evaluate("document.querySelectorAll('#classes button').length"), 3);
        // The file that is of no use is named, and the others are used.
        assertEquals(await failed(), "letter.pdf is no image, no .onnx classifier and no head.");
        const model = { name: "colours", onnx: colourClassifier(), labels: COLOURS };
        await using baseline = await createBaseline("gradcam", { model, device: "wasm" });
        const { targets: [own] } = await baseline.explain(SAMPLE);
        assertEquals(shown.map.length, own!.map.values.length);
        assertEquals(shown.map.filter((value, i) => Math.abs(value - own!.map.values[i]!) > 1e-4).length, 0);
      });

      await t.step("another method is chosen, and a second one beside it", async () => {
        const from = await page.count();
        await page.selectOption("#method", "rise");
        const { target } = await page.event<Shown>("event.kind === 'shown' && event.which === 'rise'", from);
        assertEquals(target.label, COLOURS[0]);
        await page.selectOption("#beside", "occlusion");
        await page.event<Shown>("event.kind === 'shown' && event.which === 'occlusion'", from);
        const captions = await page.evaluate<string[]>(
          "[...document.querySelectorAll('figure:not([hidden]) figcaption')].map((each) => each.textContent)",
        );
        assertEquals(captions.map((caption) => caption.replace(/.*: |; .*/g, "")), ["RISE", "Occlusion"]);
      });

      await t.step("erasing and comparing work without a head", async () => {
        const from = await page.count();
        await page.click("#tab-erase");
        await page.event("event.kind === 'curve' && event.order === 'random'", from);
        await page.click("#erase-strongest");
        await page.event("event.kind === 'erased' && event.share > 0.09", from);
        await page.click("#tab-compare");
        await page.event("event.kind === 'shown' && event.target.label === 'greenish'", from);
        assertEquals(await page.evaluate("document.getElementById('third').hidden"), true);
      });

      await t.step("a head is made from dropped images, and maps come from it", async () => {
        const photos = await Promise.all(
          patchworkPhotos(24).map(async (photo, i) => await put(`patch_${i}.png`, await encodePng(photo))),
        );
        const from = await page.count();
        await page.setInputFiles("#files", photos);
        await page.event("event.kind === 'explained'", from);
        assertEquals(await page.evaluate("document.querySelectorAll('#strip button').length"), 24);
        await page.click("#tab-teach");
        await page.click("#fit");
        await page.event("event.kind === 'trained'", from);
        const made = await page.count();
        assert(/The regression on 24 photographs/.test((await page.textContent("#teach-state"))!));
        await page.click("#tab-look");
        const { map } = await page.event<Shown>("event.kind === 'shown' && event.which === 'before'", made);
        assertEquals(map.length, 56 * 56);
        const [saved] = await Promise.all([
          page.waitForEvent("download"),
          page.click("#tab-teach").then(() => page.click("#save-head")),
        ]);
        const head = await put("colours_head.safetensors", await Deno.readFile(await saved.path()));

        // Two steps further, beside the head that was made.
        const taught = await page.count();
        await page.fill("#steps", "2");
        await page.click("#start");
        const { losses } = await page.event<{ losses: number[] }>("event.kind === 'trained'", taught);
        assertEquals([losses.length, losses.every(Number.isFinite)], [2, true]);
        await page.event("event.kind === 'shown' && event.which === 'after'", taught);

        const back = await page.count();
        await page.evaluate("document.getElementById('model-back').click()");
        await page.event("event.kind === 'classifier' && event.classes === 1000", back);
        await page.event("event.kind === 'explained'", back);
        const again = await page.count();
        await page.setInputFiles("#files", [onnx, labels, head]);
        await page.event("event.kind === 'classifier' && event.method === 'ptame'", again);
        await page.event("event.kind === 'explained' && event.which === 'before'", again);
      });

      await t.step("an int8 classifier is explained by what it allows", async () => {
        const files = JSON.parse(await Deno.readTextFile(QUANTISED)) as Record<string, { model: string }>;
        const { model } = files["operators, per channel"]!;
        const path = await put("eight.onnx", Uint8Array.from(atob(model), (char) => char.charCodeAt(0)));
        const from = await page.count();
        await page.setInputFiles("#files", path);
        const { which } = await page.event<Shown>("event.kind === 'shown'", from);
        assertEquals(which, "rise");
        assertEquals(await page.textContent("#model-name"), "eight");
      });
      assertEquals(page.errors, []);
    }).finally(() => Deno.remove(files, { recursive: true }));
  },
});
