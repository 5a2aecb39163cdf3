/**
 * Every format of images in a page and in Node: the pixels are Pillow's, as in Deno.
 *
 * With PTAME_HEAVY=1 alone: it bundles the codecs, and decodes a hundred files.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { bundleImageCodecs } from "../../tools/bundle_browser.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { heavyTests } from "../support/devices.ts";
import { findChromium, startChromium } from "./chromium.ts";

const FIXTURES = new URL("../fixtures/image/", import.meta.url);
/** Of two files of random numbers, whose coefficients overflow, and of codecs that are near. */
const NEAR = [[/\.avif/, 3], [/\.heic/, 10], [/jpeg_(411|grey_2x2)/, 255]] as const;

type Compared = Record<string, number | string>;

function checkAll(found: Compared): void {
  assert(Object.keys(found).length > 70);
  const wrong = Object.entries(found).filter(([name, value]) =>
    typeof value === "string" || value > (NEAR.find(([pattern]) => pattern.test(name))?.[1] ?? 0)
  );
  assertEquals(wrong, []);
}

/** The bundle, and the fixtures beside it. */
async function bundled(): Promise<URL> {
  const folder = new URL(`file://${await Deno.makeTempDir({ prefix: "ptame_formats_" })}/`);
  await bundleImageCodecs([new URL("formats_page.ts", import.meta.url)], folder);
  await Deno.writeTextFile(new URL("blank.html", folder), '<!DOCTYPE html><link rel="icon" href="data:,">');
  await Deno.writeTextFile(new URL("package.json", folder), '{ "type": "module" }');
  for (const name of ["", "color/", "frames/"]) {
    await Deno.mkdir(new URL(`image/${name}`, folder), { recursive: true });
    for (const entry of Deno.readDirSync(new URL(name, FIXTURES))) {
      if (!entry.isFile) continue;
      await Deno.copyFile(
        new URL(name + entry.name, FIXTURES),
        new URL(`image/${name}${entry.name}`, folder),
      );
    }
  }
  return folder;
}

const NODE = `
import { readFile } from "node:fs/promises";
await import("./formats_page.js");
const here = new URL("./", import.meta.url);
const load = async (name) => new Uint8Array(await readFile(new URL("image/" + name, here)));
console.log(JSON.stringify(await compareFormats(load, new URL("@imagemagick/magick-wasm/magick.wasm", here).href)));
process.exit(0);
`;

const program = heavyTests() ? await findChromium() : undefined;

Deno.test({
  name: "images of every format in Node and in Chromium have Pillow's pixels",
  ignore: !heavyTests(),
  // Playwright's pipes and timers are its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const folder = await bundled();
    try {
      await Deno.writeTextFile(new URL("program.js", folder), NODE);
      for (const version of ["20", "24"]) {
        await t.step(`Node ${version}`, async () => {
          const { success, stdout, stderr } = await new Deno.Command("npx", {
            args: ["--yes", `node@${version}`, "program.js"],
            cwd: folder,
          }).output();
          assert(success, new TextDecoder().decode(stderr).slice(-500));
          checkAll(JSON.parse(new TextDecoder().decode(stdout)));
        });
      }
      await t.step({
        name: "Chromium",
        ignore: program === undefined,
        sanitizeOps: false,
        sanitizeResources: false,
        fn: async () => {
          const site = serveFolder({ folder });
          try {
            await using browser = await startChromium(program!);
            const page = await browser.open(`http://127.0.0.1:${site.addr.port}/blank.html`);
            checkAll(
              await page.evaluate<Compared>(`import("/formats_page.js").then(() => compareFormats(
                async (name) => new Uint8Array(await (await fetch("/image/" + name)).arrayBuffer()),
                location.origin + "/@imagemagick/magick-wasm/magick.wasm"))`),
            );
          } finally {
            await site.shutdown();
          }
        },
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
