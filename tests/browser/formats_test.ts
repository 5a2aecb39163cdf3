/**
 * Every format of images in a page, in Node and on an edge platform: the pixels are Pillow's, as in Deno.
 *
 * With PTAME_HEAVY=1 alone: it bundles the codecs, and decodes a hundred files.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { peakKibibytes } from "../../bench/serving/resident.ts";
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

/** As a platform at the edge has it: without workers and processes. It waits, so that its memory can be read. */
const EDGE = `
delete globalThis.Worker;
process.getBuiltinModule = () => undefined;
await import("./formats_page.js");
const load = async (name) => new Uint8Array(await (await fetch(Deno.args[0] + "image/" + name)).arrayBuffer());
console.log(JSON.stringify(await compareFormats(load, Deno.args[0] + "@imagemagick/magick-wasm/magick.wasm")));
setInterval(() => {}, 1000);
`;
/** What the smallest of them give, in megabytes. */
const EDGE_MEMORY = 512;

const program = heavyTests() ? await findChromium() : undefined;

Deno.test({
  name: "images of every format in Node, at the edge and in Chromium have Pillow's pixels",
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
        name: "no disk, no FFI, no workers, 512 MB",
        ignore: Deno.build.os !== "linux",
        fn: async () => {
          await Deno.writeTextFile(new URL("edge.js", folder), `import process from "node:process";${EDGE}`);
          const site = serveFolder({ folder });
          const host = `127.0.0.1:${site.addr.port}`;
          await using edge = new Deno.Command(Deno.execPath(), {
            // Modules of the program itself are read without permission.
            args: [
              "run",
              "--no-config",
              "--no-lock",
              "--no-prompt",
              `--allow-net=${host}`,
              "edge.js",
              `http://${host}/`,
            ],
            cwd: folder,
            stdout: "piped",
            stderr: "piped",
          }).spawn();
          try {
            const lines = edge.stdout.pipeThrough(new TextDecoderStream()).getReader();
            let said = "";
            while (!said.endsWith("}\n")) {
              const { value, done } = await lines.read();
              assert(!done, said + (done ? await new Response(edge.stderr).text() : ""));
              said += value;
            }
            const peak = (await peakKibibytes(edge.pid))! / 1024;
            console.log(`${Object.keys(JSON.parse(said)).length} images, at most ${Math.round(peak)} MB`);
            checkAll(JSON.parse(said));
            assert(peak < EDGE_MEMORY, `it took ${peak} MB`);
          } finally {
            edge.kill();
            await Promise.all([edge.status, site.shutdown()]);
          }
        },
      });
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
