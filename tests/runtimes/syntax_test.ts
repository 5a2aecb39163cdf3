import { assert, assertEquals } from "@std/assert";
import { faultsForRuntimes } from "../support/every_runtime.ts";

const ROOT = new URL("../../", import.meta.url);

/** The modules that are published, as deno.json lists them. */
function publishedModules(): string[] {
  const { publish } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const found: string[] = [];
  const add = (path: string) => {
    if (Deno.statSync(new URL(path, ROOT)).isDirectory) {
      for (const { name } of Deno.readDirSync(new URL(`${path}/`, ROOT))) add(`${path}/${name}`);
    } else if (/\.[jt]s$/.test(path)) found.push(path);
  };
  for (const path of publish.include) add(path);
  return found.sort();
}

/** Places that only Node and Deno reach, where no bundler has been at work: how many faults of the kind are fine. */
const NO_BUNDLE: ReadonlyMap<string, number> = new Map([
  // The start of the program, which waits for its command.
  ["src/cli/main.ts", 1],
  // Node's worker, started by its file's name; the web's worker is a literal beside it.
  ["src/image/decode_bounded.ts", 1],
  // A file of an npm package, in Deno and in Node; a page takes the one beside its bundle.
  ["src/image/codecs/magick.ts", 2],
]);

Deno.test("every published module runs everywhere: syntax of ES2022, nothing that Node 20 lacks", () => {
  const paths = publishedModules();
  assert(paths.includes("mod.ts") && paths.includes("src/server/page/page.js") && paths.length > 200);
  const faults = paths.flatMap((path) => {
    const found = faultsForRuntimes(path, Deno.readTextFileSync(new URL(path, ROOT)));
    const known = found.filter((fault) => /bundlers follow|Vite builds/.test(fault)).slice(
      0,
      NO_BUNDLE.get(path) ?? 0,
    );
    return found.filter((fault) => !known.includes(fault)).map((fault) => `${path}:${fault}`);
  });
  assertEquals(faults, []);
});

const REFUSED = [
  "using file = open();",
  "async () => { await using explainer = open(); };",
  "for (using file of files) read(file);",
  "const widths = starts.keys().map((y) => y);",
  "const all = new Map().entries().toArray();",
  'const words = [..."a b".matchAll(/a/g).map(String)];',
  "const all = Array.fromAsync(source);",
  "const { promise } = Promise.withResolvers();",
  "const by = Object.groupBy(list, String);",
  "const both = new Set(a).union(b);",
  "const halves = new Float16Array(4);",
  "const stack = new AsyncDisposableStack();",
  "const letters = /[\\p{L}--[a-z]]/v;",
  'import { readFile } from "node:fs/promises";',
  'import * as path from "path";',
  'export * from "node:path";',
  'const files = () => import("node:fs");',
  "const threads = await load();",
  'import data from "./data.json" with { type: "json" };',
  'const folder = new URL("../../models/weights/", import.meta.url);',
  "const file = new URL(`./${name}`, import.meta.url);",
  'const file = new URL("./a/" + name, import.meta.url);',
  "const here = import.meta.url;",
  "const here = import.meta.dirname;",
];

for (const source of REFUSED) {
  Deno.test(`faultsForRuntimes() refuses ${source}`, () => {
    assertEquals(faultsForRuntimes("module.ts", `\n${source}\n`).map((fault) => fault.slice(0, 2)), ["2:"]);
  });
}

Deno.test("faultsForRuntimes() lets through what runs everywhere", () => {
  const source = `
    import type { Hash } from "node:crypto";
    import { a } from "./a.ts";
    export { b } from "./b.ts";
    const file = new URL("../models/a.safetensors", import.meta.url);
    const names = Object.keys(a).map(String).concat([...new Map().keys()].map(String));
    for (const [i, each] of names.entries()) console.log(i, each, names.toSorted(), names.at(-1));
    const halves = "Float16Array" in globalThis;
    const part = async () => await import("./part.ts");
    const name = "node:fs";
    const files = import(name);
    const wasm = new URL("@scope/package/a.wasm", import.meta.url);
    const same = /a(?:b)/u;
  `;
  assertEquals(faultsForRuntimes("module.ts", source), []);
});

Deno.test("a package that is loaded by a computed name has the version of deno.json", () => {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  for (
    const [path, name] of [
      ["src/runtime/ort.ts", "onnxruntime-web"],
      ["src/image/codecs/magick.ts", "@imagemagick/magick-wasm"],
      ["src/faithfulness/report/plot.ts", "@observablehq/plot"],
    ] as const
  ) {
    const [, version] =
      /^(?:export )?const VERSION = "(.*)";$/m.exec(Deno.readTextFileSync(new URL(path, ROOT))) ?? [];
    assertEquals(imports[name], `npm:${name}@${version}`);
  }
});
