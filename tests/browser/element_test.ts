/** `<ptame-explain>` in a plain page: one script, the map of Deno, events, attributes that change, another classifier. */
import { assert, assertEquals } from "@std/assert";
import { createExplainer } from "../../mod.ts";
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { colourClassifier } from "../support/colour_classifier.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";

const COFFEE = new URL("../../examples/browser/samples/coffee.jpg", import.meta.url);

const heavy = heavyTests();
const program = heavy ? await findChromium() : undefined;

interface Told {
  readonly type: string;
  readonly element: number;
  readonly label?: string;
  readonly method?: string;
  readonly message?: string;
  readonly map?: readonly number[];
}

/** Keeps what the elements tell, from before their script runs. */
const LISTEN = `globalThis.told = [];
for (const type of ["progress", "result", "error"]) {
  addEventListener(type, ({ target, detail }) => {
    if (target.localName !== "ptame-explain") return;
    const element = [...document.querySelectorAll("ptame-explain")].indexOf(target);
    const { message, method } = detail;
    told.push({ type, element, message, method, label: detail.target?.label, map: detail.map && [...detail.map.values] });
  }, { capture: true });
}`;

Deno.test({
  name: "<ptame-explain> explains the images of a plain page, by one script",
  ignore: program === undefined,
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await warmUpWasm();
    const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_page_" })}/`);
    await bundleBrowser(folder);
    await Deno.writeFile(new URL("colours.onnx", folder), colourClassifier());
    const server = serveFolder({ folder, isolated: false });
    try {
      await using browser = await startChromium(program!);
      const page = await browser.open(`http://127.0.0.1:${server.addr.port}/element.html`, LISTEN);
      const told = async (condition: string, from = 0): Promise<Told> => {
        const find = `told.slice(${from}).find((event) => ${condition})`;
        await page.waitForFunction(find, undefined, { timeout: 90_000 });
        return await page.evaluate<Told>(find);
      };
      const count = () => page.evaluate<number>("told.length");
      const set = (element: number, name: string, value: string) =>
        page.evaluate(
          `document.querySelectorAll("ptame-explain")[${element}].setAttribute(${JSON.stringify(name)}, ${
            JSON.stringify(value)
          })`,
        );
      const caption = (element: number) =>
        page.evaluate<string>(
          `document.querySelectorAll("ptame-explain")[${element}].shadowRoot.querySelector("p").textContent`,
        );

      const coffee = await told("event.type === 'result' && event.element === 0");
      await using explainer = await createExplainer({ device: "wasm" });
      const { targets: [own] } = await explainer.explain(COFFEE);
      assertEquals([coffee.label, coffee.method, coffee.map!.length], ["espresso", "ptame", 56 * 56]);
      assertEquals(coffee.map!.filter((value, i) => Math.abs(value - own!.map.values[i]!) > 1e-3).length, 0);
      assert(/^espresso 8\d\.\d %$/.test(await caption(0)), await caption(0));
      assertEquals((await told("event.type === 'result' && event.element === 1")).label, "tiger cat");
      // Weights and head are loaded once for both.
      const weights = page.requests.filter((url) => url.endsWith("efficientnet_lite0.safetensors"));
      assert(weights.length <= 2, weights.join());

      const another = await count();
      await set(0, "target", "cup");
      assertEquals((await told("event.type === 'result' && event.element === 0", another)).label, "cup");
      const wrong = await count();
      await set(0, "opacity", "2");
      const failure = await told("event.type === 'error'", wrong);
      assertEquals(failure.message, "Cannot draw a map with an opacity of 2: it is a number from 0 to 1");
      assertEquals(await caption(0), failure.message);
      await set(0, "opacity", "0.5");
      assertEquals(
        await page.evaluate(
          "document.querySelector('ptame-explain').shadowRoot.querySelector('canvas').hidden",
        ),
        false,
      );

      const foreign = await count();
      await page.evaluate("document.querySelectorAll('ptame-explain')[1].removeAttribute('target')");
      await set(1, "model", "colours.onnx");
      const colours = await told("event.type === 'result' && event.method === 'gradcam'", foreign);
      assertEquals([colours.element, colours.label], [1, "class 0"]);
      const rise = await count();
      await set(1, "method", "occlusion");
      await told("event.type === 'progress' && event.element === 1", rise);
      await told("event.type === 'result' && event.method === 'occlusion'", rise);
      assertEquals(page.errors, []);
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
