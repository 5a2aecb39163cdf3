/**
 * Writes src/image/codecs/wasm/: the WebAssembly of the small codecs, deflated, as text in modules. So a codec comes with the
 * module on every runtime and in every bundle, needs no permission, and is fetched only when it is imported.
 *
 * Run it after a package's version below changed: deno run -A tools/embed_codecs.ts; and with the folder that
 * tools/codecs/build.py filled for those that are compiled here: deno run -A tools/embed_codecs.ts OUT
 *
 * @module
 */
import { deflateSync } from "node:zlib";
import { uint8ArrayToBase64 } from "uint8array-extras";

/** The modules of packages: name, package, the file in it, and a script of it whose loading brings the package here. */
export const EMBEDDED = {
  jpeg: ["@cornerstonejs/codec-libjpeg-turbo-8bit@1.2.8", "/decodewasm", "/decodewasmjs"],
  png: ["@jsquash/png@3.1.1", "/codec/pkg/squoosh_png_bg.wasm", "/codec/pkg/squoosh_png.js"],
  webp: ["@jsquash/webp@1.5.0", "/codec/dec/webp_dec.wasm", "/codec/dec/webp_dec.js"],
  avif: ["@jsquash/avif@2.1.1", "/codec/dec/avif_dec.wasm", "/codec/dec/avif_dec.js"],
} as const;

/** The modules that tools/codecs/build.py compiles: name, and what it is. */
export const COMPILED = {
  color: "tools/codecs/color.c with Little CMS 2.19",
} as const;

/**
 * The script of the JPEG codec as a module. Its branches for reading files go: the WebAssembly is handed to it, and
 * `require("fs")`, even in a branch that a page never takes, fails in bundlers.
 *
 * @throws {Error} When the package's script has another form.
 */
export async function jpegScript(): Promise<string> {
  const [npm, , script] = EMBEDDED.jpeg;
  await import(`npm:${npm}${script}`);
  const source = await Deno.readTextFile(new URL(import.meta.resolve(`npm:${npm}${script}`)));
  const cut = (text: string, from: string, to: string) => {
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    if (start < 0 || end < start) throw new Error(`Cannot take ${script} apart: it lacks ${from} or ${to}`);
    return text.slice(0, start) + text.slice(end);
  };
  const withoutFiles = cut(source, 'if(ENVIRONMENT_IS_NODE){var fs=require("fs")', 'var out=Module["print"]');
  const tail = withoutFiles.indexOf("if (typeof exports === 'object'");
  return `// deno-lint-ignore-file
/**
 * npm:${npm}${script} without its branches for reading files. Made by tools/embed_codecs.ts.
 *
 * @module
 */
${withoutFiles.slice(0, tail).trim()}
export default libjpegturbowasm_decode;
`;
}

const FOLDER = new URL("../src/image/codecs/wasm/", import.meta.url);

/** Reads the WebAssembly of a codec from its package. */
export async function packagedWasm(name: keyof typeof EMBEDDED): Promise<Uint8Array<ArrayBuffer>> {
  const [npm, file, script] = EMBEDDED[name];
  // Deno says where a package's files are once it has loaded the package.
  await import(`npm:${npm}${script}`);
  return await Deno.readFile(new URL(import.meta.resolve(`npm:${npm}${file}`)));
}

async function writeModule(name: string, origin: string, wasm: Uint8Array): Promise<void> {
  const text = uint8ArrayToBase64(new Uint8Array(deflateSync(wasm, { level: 9 })));
  const module = `/**
 * ${origin}, deflated, in base64. Made by tools/embed_codecs.ts.
 *
 * @module
 */

/** ${wasm.length} bytes of WebAssembly. */
export const WASM: string = "${text}";
`;
  await Deno.writeTextFile(new URL(`${name}.ts`, FOLDER), module);
  console.log(`${name}: ${wasm.length} bytes, ${text.length} as text`);
}

if (import.meta.main) {
  await Deno.mkdir(FOLDER, { recursive: true });
  const [built] = Deno.args;
  if (built === undefined) {
    for (const name of Object.keys(EMBEDDED) as (keyof typeof EMBEDDED)[]) {
      await writeModule(name, `npm:${EMBEDDED[name].slice(0, 2).join("")}`, await packagedWasm(name));
    }
    await Deno.writeTextFile(new URL("jpeg_script.js", FOLDER), await jpegScript());
  } else {
    for (const [name, origin] of Object.entries(COMPILED)) {
      await writeModule(name, origin, await Deno.readFile(`${built}/${name}.wasm`));
    }
  }
}
