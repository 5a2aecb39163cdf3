/**
 * The page of examples/browser in Firefox and WebKit: the first visit, isolated and not, and a visit without a network.
 * tests/browser/page_test.ts does the same in Chromium, and much more.
 *
 * With PTAME_HEAVY=1 alone. PTAME_LOADS says how many first loads Firefox makes with threads.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { bundleBrowser } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { startFirefox } from "./browsers/firefox.ts";
import { type Browser, type StartBrowser, type Tab, until } from "./browsers/types.ts";
import { startWebKit } from "./browsers/webkit.ts";
import { type Said, sameAsHere } from "./packed.ts";

const BROWSERS: Readonly<Record<string, StartBrowser>> = { Firefox: startFirefox, WebKit: startWebKit };

/** Loading 30 MB and explaining, on a busy machine. */
const PATIENCE = 120_000;
/** First loads of Firefox; before the memory was large from the start, 6 of 16 hung. */
const LOADS = Number(Deno.env.get("PTAME_LOADS") ?? "10");

/** Keeps what the page announces, from before its engine is there. */
const LISTEN = `globalThis.announced ??= (() => {
  const seen = [];
  document.addEventListener("ptame", ({ detail }) => seen.push(detail));
  return seen;
})()`;

/** Explains the sample in a page that has just been opened. */
async function explainSample(tab: Tab, name: string): Promise<Said> {
  await tab.evaluate(`(${LISTEN}).length`);
  const ready = "document.body.dataset.ready !== undefined";
  await until(tab, ready, PATIENCE, `A page that is ready in ${name}`).catch(async ({ message }) => {
    const status = await tab.evaluate<string>(
      "document.getElementById('status')?.textContent ?? document.title",
    );
    throw new Error(`${message}; it says: ${status}`);
  });
  // What it shows by itself is another image.
  await tab.evaluate("announced.length = 0");
  await tab.evaluate("document.getElementById('sample').click()");
  const event = (kind: string) =>
    `announced.find((event) => ["failed", ${JSON.stringify(kind)}].includes(event.kind))`;
  await until(tab, event("shown"), PATIENCE, `The sample's map in ${name}`);
  const shown = await tab.evaluate<
    { message?: string; target: { index: number; probability: number }; values: number[] }
  >(`(({ message, target, map }) => ({ message, target, values: [...map?.values ?? []] }))(${
    event("shown")
  })`);
  assertEquals(shown.message, undefined);
  return { ...shown.target, map: shown.values };
}

/** Waits until the page says that it can do without a network. */
async function keptForLater(tab: Tab, name: string): Promise<void> {
  await until(
    tab,
    "!document.getElementById('offline').hidden",
    PATIENCE,
    `An installed service worker in ${name}`,
  );
  const state =
    "navigator.serviceWorker.getRegistration().then((each) => each?.active?.state === 'activated')";
  await until(tab, `(await ${state})`, 30_000, `An active service worker in ${name}`);
}

const threadsSaid = (tab: Tab) => tab.evaluate<string>("document.getElementById('runs').textContent");

async function visit(browser: Browser, folder: URL, checkSame: (said: Said) => void): Promise<void> {
  const plain = serveFolder({ folder, isolated: false });
  const isolated = serveFolder({ folder });
  try {
    const { name } = browser;
    const first = await browser.open(`http://localhost:${plain.addr.port}/`);
    checkSame(await explainSample(first, name));
    assertEquals(/, 1 thread/.test(await threadsSaid(first)), true, await threadsSaid(first));

    const address = `http://localhost:${isolated.addr.port}/`;
    const tab = await browser.open(address);
    checkSame(await explainSample(tab, name));
    // Threads can block Firefox, and do not come up in WebKit: one thread computes.
    assertEquals(/, \d+ thread/.test(await threadsSaid(tab)), true, await threadsSaid(tab));
    await keptForLater(tab, name);
    // The page goes on while the service worker is there.
    checkSame(await explainSample(tab, name));

    await isolated.shutdown();
    await tab.goto(address);
    checkSame(await explainSample(tab, `${name} without a network`));
  } finally {
    await plain.shutdown();
    await isolated.shutdown();
  }
}

const heavy = heavyTests();
if (heavy) await warmUpWasm();

Deno.test({
  name: "the page works on the first visit and without a network",
  ignore: !heavy,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const checkSame = await sameAsHere();
    const dist = await Deno.makeTempDir();
    const folder = new URL(`file://${dist}/`);
    try {
      await bundleBrowser(folder);
      for (const [name, start] of Object.entries(BROWSERS)) {
        const browser = await start();
        await t.step({
          name,
          ignore: browser === undefined,
          sanitizeOps: false,
          sanitizeResources: false,
          fn: async () => {
            try {
              await visit(browser!, folder, checkSame);
            } finally {
              await browser![Symbol.asyncDispose]();
            }
          },
        });
        if (name !== "Firefox" || browser === undefined) continue;
        await t.step(`${LOADS} first loads in Firefox`, async () => {
          await using server = serveFolder({ folder });
          const started = performance.now();
          for (let load = 0; load < LOADS; load++) {
            // A new profile each time: nothing is kept of the load before.
            const fresh = (await start())!;
            try {
              const tab = await fresh.open(`http://localhost:${server.addr.port}/`);
              await explainSample(tab, `load ${load + 1}`);
            } finally {
              await fresh[Symbol.asyncDispose]();
            }
          }
          console.log(
            `${LOADS} loads: ${Math.round((performance.now() - started) / LOADS / 100) / 10} s each`,
          );
        });
      }
    } finally {
      await Deno.remove(dist, { recursive: true });
    }
  },
});
