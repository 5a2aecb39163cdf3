/**
 * Makes examples/browser/dist: the page of examples/browser as files that any web server can hand out.
 *
 * `deno bundle` does the work. Five things are ours to arrange:
 * - onnxruntime-web's root is for Deno; a page loads `/wasm` or `/webgpu`, so the root is mapped to `/wasm` and no
 *   third copy is bundled;
 * - the runtime's .wasm files, and the scripts that its threads start from, stay files of their own;
 * - the library starts its decoding worker from a file beside its own modules: that worker is bundled too;
 * - ImageMagick's magick.wasm, which only rare formats need, lies beside the bundle;
 * - the library finds weights and heads at `../../models/` from its own modules. The bundle lies in `src/page/`, so
 *   the same relative address holds for it.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";

const ROOT = new URL("../", import.meta.url);
const PAGE = new URL("examples/browser/", ROOT);

/** Where the page goes unless another folder is named. */
export const DIST: URL = new URL("dist/", PAGE);

/** onnxruntime-web's own files: for wasm, and for WebGPU. */
const RUNTIME_FILES = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"]
  .flatMap((name) => [`${name}.wasm`, `${name}.mjs`]);

/** An import map for a page: npm packages as deno.json has them, the package's own name, and no Deno build. */
function importMap(): { imports: Record<string, string> } {
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries<string>(config.imports)) {
    if (target.startsWith("npm:")) imports[name] = target;
  }
  const runtime = imports["onnxruntime-web"]!;
  imports["onnxruntime-web"] = `${runtime}/wasm`;
  for (const build of ["wasm", "webgpu"]) imports[`onnxruntime-web/${build}`] = `${runtime}/${build}`;
  for (const [path, file] of Object.entries<string>(config.exports)) {
    imports[config.name + path.slice(1)] = new URL(file, ROOT).href;
  }
  return { imports };
}

async function copy(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(new URL("./", to), { recursive: true });
  await Deno.copyFile(from, to);
}

/**
 * Bundles modules of one folder, each to a file of its own name, shared code beside them.
 *
 * @param out The folder, with a slash at the end.
 * @throws {Error} When the bundler fails; the message is what it said.
 */
export async function bundleModules(modules: readonly URL[], out: URL): Promise<void> {
  const map = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(map, JSON.stringify(importMap()));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--no-config", "--no-lock", "--import-map", map, "--platform", "browser"]
        .concat("--code-splitting", "--minify", "--outdir", pathOf(out), ...modules.map(pathOf)),
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr).trim()}`);
  } finally {
    await Deno.remove(map);
  }
}

/**
 * Bundles modules that read images: beside them lie the worker that decodes, and magick.wasm.
 *
 * @param folder The folder, with a slash at the end.
 */
export async function bundleImageCodecs(modules: readonly URL[], folder: URL): Promise<void> {
  // Each by itself: what two share would be one chunk, and the page's thread would evaluate the worker's library.
  for (const module of [...modules, new URL("src/image/start_decode_worker.js", ROOT)]) {
    await bundleModules([module], folder);
  }
  await import("@imagemagick/magick-wasm");
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const magick = import.meta.resolve(`${imports["@imagemagick/magick-wasm"]}/magick.wasm`);
  await copy(new URL(magick), new URL("@imagemagick/magick-wasm/magick.wasm", folder));
}

/** What of the bundle is large: the page keeps these files itself, each by its digest. */
const LARGE = /\.(safetensors|wasm)$/;

/**
 * Puts the page together in a folder.
 *
 * @param out The folder, with a slash at the end; it is made, or emptied first.
 * @throws {Error} When the bundler fails.
 */
export async function bundleBrowser(out: URL = DIST): Promise<void> {
  await Deno.remove(out, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const page = new URL("src/page/", out);
  await bundleImageCodecs(
    ["main.ts", "worker.ts", "files_worker.ts", "element.ts"].map((name) => new URL(name, PAGE)),
    page,
  );
  await bundleModules([new URL("service_worker.ts", PAGE)], out);
  // Deno says where a package's files are once it has loaded the package.
  await import("onnxruntime-web");
  for (const file of RUNTIME_FILES) {
    const from = new URL(import.meta.resolve(`onnxruntime-web/${file}`));
    await copy(from, new URL(`src/page/onnxruntime/${file}`, out));
  }
  for (const folder of ["models/weights/", "models/heads/"]) {
    for await (const { name } of Deno.readDir(new URL(folder, ROOT))) {
      if (name.endsWith(".safetensors")) {
        await copy(new URL(folder + name, ROOT), new URL(folder + name, out));
      }
    }
  }
  for (const file of ["LICENSE", "NOTICE"]) await copy(new URL(file, ROOT), new URL(file, out));
  await copy(new URL("models/sample/chelsea.jpg", ROOT), new URL("samples/chelsea.jpg", out));
  for (const page of ["index.html", "element.html"]) await copy(new URL(page, PAGE), new URL(page, out));
  for (const folder of ["style/", "samples/"]) {
    for await (const { name } of Deno.readDir(new URL(folder, PAGE))) {
      await copy(new URL(folder + name, PAGE), new URL(folder + name, out));
    }
  }
  // What this page and the server's start page share.
  for (const file of ["base.css", "classes.css"]) {
    await copy(new URL(`src/server/page/${file}`, ROOT), new URL(`style/${file}`, out));
  }
  await listFiles(out);
}

/** Writes files.json (the large files, for stored_files.ts) and tells the service worker of the small ones. */
async function listFiles(out: URL): Promise<void> {
  const large: Record<string, { bytes: number; sha256: string }> = {};
  const small: [path: string, sha256: string][] = [];
  for (const path of filesBelow(out)) {
    if (path === "service_worker.js") continue;
    const bytes = await Deno.readFile(new URL(path, out));
    const sha256 = await digestOf(bytes);
    if (LARGE.test(path)) large[path] = { bytes: bytes.length, sha256 };
    else small.push([path, sha256]);
  }
  const list = JSON.stringify({ large });
  await Deno.writeTextFile(new URL("files.json", out), list);
  const version = await digestOf(new TextEncoder().encode(small.join() + list));
  const shell = {
    version: version.slice(0, 16),
    files: ["./", "files.json", ...small.map(([path]) => path)],
  };
  const worker = new URL("service_worker.js", out);
  const program = await Deno.readTextFile(worker);
  await Deno.writeTextFile(worker, `self.SHELL = ${JSON.stringify(shell)};\n${program}`);
}

function filesBelow(folder: URL, under = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(new URL(`${name}/`, folder), `${under}${name}/`) : [under + name]
  ).sort();
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return uint8ArrayToHex(await crypto.subtle.digest("SHA-256", bytes));
}

function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}

if (import.meta.main) {
  await bundleBrowser();
  console.log("The page is in examples/browser/dist; tools/serve_example.ts hands it out");
}
