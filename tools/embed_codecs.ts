/**
 * Writes src/image/codecs/wasm/: the WebAssembly of the small codecs, deflated, as text in modules. So a codec comes with the
 * module on every runtime and in every bundle, needs no permission, and is fetched only when it is imported.
 *
 * Run it after a package's version below changed: deno run -A tools/embed_codecs.ts; and with the folder that
 * tools/codecs/build.py filled for those that are compiled here: deno run -A tools/embed_codecs.ts OUT
 *
 * @module
 */
import { embed, packageFile } from "./embed_text.ts";

/** The modules of packages: name, package, the file in it, and a script of it whose loading brings the package here. */
export const EMBEDDED = {
  png: ["@jsquash/png@3.1.1", "/codec/pkg/squoosh_png_bg.wasm", "/codec/pkg/squoosh_png.js"],
  webp: ["@jsquash/webp@1.5.0", "/codec/dec/webp_dec.wasm", "/codec/dec/webp_dec.js"],
  avif: ["@jsquash/avif@2.1.1", "/codec/dec/avif_dec.wasm", "/codec/dec/avif_dec.js"],
} as const;

/** The modules that tools/codecs/build.py compiles: name, and what it is. */
export const COMPILED = {
  jpeg: "tools/codecs/jpeg.c with libjpeg-turbo 3.1.0",
  color: "tools/codecs/color.c with Little CMS 2.19",
} as const;

const FOLDER = new URL("../src/image/codecs/wasm/", import.meta.url);

/** Reads the WebAssembly of a codec from its package. */
export async function packagedWasm(name: keyof typeof EMBEDDED): Promise<Uint8Array<ArrayBuffer>> {
  const [npm, file, script] = EMBEDDED[name];
  // Deno says where a package's files are once it has loaded the package.
  await import(`npm:${npm}${script}`);
  return await packageFile(npm, file);
}

async function writeModule(name: string, origin: string, bytes: Uint8Array): Promise<void> {
  await embed(new URL(`${name}.ts`, FOLDER), {
    constant: "WASM",
    about: `${origin}, deflated, in base64. Made by tools/embed_codecs.ts`,
    content: " of WebAssembly",
    bytes,
  });
}

if (import.meta.main) {
  await Deno.mkdir(FOLDER, { recursive: true });
  const [built] = Deno.args;
  if (built === undefined) {
    for (const name of Object.keys(EMBEDDED) as (keyof typeof EMBEDDED)[]) {
      await writeModule(name, `npm:${EMBEDDED[name].slice(0, 2).join("")}`, await packagedWasm(name));
    }
  } else {
    for (const [name, origin] of Object.entries(COMPILED)) {
      await writeModule(name, origin, await Deno.readFile(`${built}/${name}.wasm`));
    }
  }
}
