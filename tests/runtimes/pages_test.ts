/**
 * The packed module in pages: each bundler builds a project without configuration, each browser opens the page, and it
 * explains the shipped sample as Deno does.
 *
 * With PTAME_HEAVY=1 alone: npm fetches 400 MB. What is not installed is skipped, visibly.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { startChromium } from "./browsers/chromium.ts";
import { startFirefox } from "./browsers/firefox.ts";
import { type Browser, type StartBrowser, until } from "./browsers/types.ts";
import { startWebKit } from "./browsers/webkit.ts";
import { canInstall, installPacked, type Said, sameAsHere, SAMPLE } from "./packed.ts";
import { type Project, PROJECTS } from "./page_projects.ts";

const BROWSERS: Readonly<Record<string, StartBrowser>> = {
  Chromium: startChromium,
  Firefox: startFirefox,
  WebKit: startWebKit,
};

/** Loading 30 MB and explaining, on a busy machine. */
const PATIENCE = 120_000;

/** Every project in Chromium; one of them in every browser. */
const browsersFor = ({ name }: Project) => name === "vite" ? Object.keys(BROWSERS) : ["Chromium"];

async function writeProject(folder: string, { files, public: open }: Project): Promise<void> {
  for (const [path, text] of Object.entries({ ...files, [`${open}photo.jpg`]: undefined })) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    if (text === undefined) await Deno.copyFile(SAMPLE, file);
    else await Deno.writeTextFile(file, text);
  }
}

/** The runtime's builds in what a bundler made, by name without digest. */
async function runtimeBuilds(folder: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) { for (const each of await runtimeBuilds(`${folder}/${name}`)) found.add(each); }
    const [build] = /^ort-wasm-simd-threaded(\.(asyncify|jsep|jspi))?(?=[-.])/.exec(name) ?? [];
    if (build !== undefined && name.endsWith(".wasm")) found.add(build);
  }
  return [...found].sort();
}

async function explained(browser: Browser, url: string): Promise<Said> {
  const tab = await browser.open(url);
  await until(tab, "globalThis.said", PATIENCE, `The explanation in ${browser.name}`);
  const said = await tab.evaluate<Said & { readonly failed?: string }>("globalThis.said");
  assertEquals(said.failed, undefined);
  return said;
}

const heavy = heavyTests();
if (heavy) await warmUpWasm();

Deno.test({
  name: "the packed module explains the sample in the pages of bundlers, in every browser, as in Deno",
  ignore: !heavy || !(await canInstall()),
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const checkSame = await sameAsHere();
    const folder = await Deno.makeTempDir();
    try {
      await installPacked(folder, [...new Set(PROJECTS.flatMap(({ packages }) => packages))]);
      for (const project of PROJECTS) {
        await t.step(project.name, async (t) => {
          const at = `${folder}/${project.name}`;
          await writeProject(at, project);
          await project.build(at);
          if (project.output !== undefined) {
            assertEquals(await runtimeBuilds(`${at}/${project.output}`), [
              "ort-wasm-simd-threaded",
              "ort-wasm-simd-threaded.asyncify",
            ]);
          }
          const { url, close } = await project.serve(at);
          try {
            for (const name of browsersFor(project)) {
              const browser = await BROWSERS[name]!();
              await t.step({
                name,
                ignore: browser === undefined,
                sanitizeOps: false,
                sanitizeResources: false,
                fn: async () => {
                  try {
                    checkSame(await explained(browser!, url));
                  } finally {
                    await browser![Symbol.asyncDispose]();
                  }
                },
              });
            }
          } finally {
            await close();
          }
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
