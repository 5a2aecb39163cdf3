/**
 * A registry laid out as JSR's, on this machine: the published files under /@scope/name/version/, with the imports that
 * publishing writes (npm: instead of the names in deno.json).
 *
 * @module
 */
import { CONFIG } from "../support/run_deno.ts";
import { hexDigest } from "../support/digest.ts";

const ROOT = new URL("../../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ts: "text/typescript",
  js: "text/javascript",
  json: "application/json",
  html: "text/html; charset=utf-8",
};

/** A running registry. */
export interface Registry extends AsyncDisposable {
  /** For the environment: where Deno looks for `jsr:`. */
  readonly url: string;
  /** The package, as `jsr:` names it. */
  readonly specifier: string;
  /** Every path that was asked for and is no module: weights, heads, images. Emptied by the caller. */
  readonly files: string[];
}

interface Config {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

/** The published files, by their paths. */
function publishedFiles({ publish }: Config): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const add = (path: string) => {
    const url = new URL(path, ROOT);
    if (Deno.statSync(url).isDirectory) {
      for (const { name } of Deno.readDirSync(new URL(`${path}/`, ROOT))) add(`${path}/${name}`);
    } else if (!path.endsWith(".py")) files.set(`/${path}`, Deno.readFileSync(url));
  };
  for (const path of publish.include) add(path);
  return files;
}

/** A module with the imports that publishing writes. */
function published(source: string, path: string, imports: Config["imports"]): string {
  return source.replace(
    /(\bfrom\s+|\bimport\s*\(?\s*)"(@?[\w/.-]+)"/g,
    (whole, before: string, name: string) => {
      const target = imports[name];
      if (target === undefined) return whole;
      // The stand-ins for JSR's packages lie in the package.
      const up = "../".repeat(path.split("/").length - 2) || "./";
      return `${before}"${target.startsWith("./") ? up + target.slice(2) : target}"`;
    },
  );
}

/** Serves the package of this checkout. */
export async function serveRegistry(): Promise<Registry> {
  const config: Config = JSON.parse(await Deno.readTextFile(CONFIG));
  const { name, version, exports, imports } = config;
  const files = publishedFiles(config);
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const [path, bytes] of files) {
    if (/\.[jt]s$/.test(path)) {
      const text = published(new TextDecoder().decode(bytes), path, imports);
      files.set(path, new TextEncoder().encode(text));
    }
    manifest[path] = {
      size: files.get(path)!.length,
      checksum: `sha256-${await hexDigest(files.get(path)!)}`,
    };
  }
  const json = (value: unknown) => Response.json(value);
  const base = `/${name}/`;
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === `${base}meta.json`) {
      const versions = { [version]: { createdAt: "2020-01-01T00:00:00Z" } };
      return json({
        scope: name.slice(1).split("/")[0],
        name: name.split("/")[1],
        latest: version,
        versions,
      });
    }
    if (pathname === `${base}${version}_meta.json`) return json({ manifest, exports });
    const path = decodeURIComponent(pathname).slice(base.length + version.length);
    const bytes = pathname.startsWith(`${base}${version}/`) ? files.get(path) : undefined;
    if (bytes === undefined) return new Response("Not found", { status: 404 });
    const ending = path.split(".").pop()!;
    if (!/^[jt]s$/.test(ending)) asked.push(path);
    return new Response(bytes, { headers: { "content-type": TYPES[ending] ?? "application/octet-stream" } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    specifier: `jsr:${name}@${version}`,
    files: asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
