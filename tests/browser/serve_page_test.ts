import { assert, assertEquals, assertMatch } from "@std/assert";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { createHandler } from "../../src/server/mod.ts";
import { findChromium, startChromium } from "./chromium.ts";

const chromium = await findChromium();
const SAMPLE = decodeURIComponent(new URL("../../models/sample/chelsea.jpg", import.meta.url).pathname);

Deno.test({
  name: "the server's page explains a picture, and another class at a click, under its own policy",
  ignore: chromium === undefined,
  // playwright leaves its pipes to the browser's end.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using explainer = await createExplainer({ device: "wasm" });
    const handler = createHandler({ explainer });
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => handler(request),
    );
    try {
      await using browser = await startChromium(chromium!);
      const page = await browser.open(`http://127.0.0.1:${server.addr.port}/`);
      // Asked from outside: the page's policy forbids the evaluation that waitForFunction needs.
      const wait = async (expression: string) => {
        for (let i = 0; i < 800; i++) {
          if (await page.evaluate<boolean>(expression)) return;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`Waited 40 s in vain: ${expression}; ${await page.textContent("#status")}`);
      };
      await wait(`document.querySelectorAll("#labels option").length === 1000`);
      await page.setInputFiles("#file", SAMPLE);
      await wait(
        `!document.querySelector("#result").hidden && document.querySelector("#overlay").naturalWidth > 0`,
      );
      const pressed = () => page.textContent("#classes button[aria-pressed=true] span");
      assertEquals(await pressed(), "Egyptian cat");
      const first = await page.evaluate<string>(`document.querySelector("#overlay").src`);
      await page.click("#classes li:nth-child(2) button");
      await wait(`document.querySelector("#overlay").src !== ${JSON.stringify(first)}`);
      assert(await pressed() !== "Egyptian cat");

      await page.fill("#another", "no such thing at all");
      await page.click("#any button");
      await wait(`document.querySelector("#status").classList.contains("failed")`);
      assertMatch((await page.textContent("#status"))!, /^Unknown class "no such thing at all"/);
      // A pasted photograph with long sides travels smaller; noise, so that the file is not small.
      const pasted = await page.evaluate<number>(`(async () => {
        const canvas = new OffscreenCanvas(2200, 550);
        const context = canvas.getContext("2d");
        const image = context.createImageData(2200, 550);
        for (let i = 0, state = 1; i < image.data.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) | 0;
          image.data[i] = i % 4 === 3 ? 255 : state >>> 24;
        }
        context.putImageData(image, 0, 0);
        const blob = await canvas.convertToBlob({ type: "image/png" });
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([blob], "wide.png", { type: "image/png" }));
        dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        return blob.size;
      })()`);
      assert(pasted > 1e6, `${pasted} bytes`);
      await wait(
        `/It was sent smaller, 2048 x 512\\.$/.test(document.querySelector("#status").textContent)`,
      );
      await page.click("#sample");
      await wait(`/^Explained in \\d+ ms\\.$/.test(document.querySelector("#status").textContent)`);
      assertEquals(await pressed(), "Egyptian cat");
      // The one error that the console shows is the answer of the unknown class.
      assertEquals(page.errors.filter((error) => !/status of 400/.test(error)), []);
    } finally {
      await server.shutdown();
      await handler.close();
    }
  },
});
