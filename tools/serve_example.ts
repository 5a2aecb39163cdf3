/**
 * Hands out examples/browser/dist on this machine alone, by default with the two headers that make a page
 * cross-origin isolated: only then may its threads share memory.
 *
 * ```sh
 * deno run -A tools/serve_example.ts [--port 8000] [--no-isolation]
 * ```
 *
 * @module
 */
import { bundleBrowser, DIST } from "./bundle_browser.ts";

/** What gzip makes smaller. Weights and images it does not, and ranges of weights are asked for by their own bytes. */
const COMPRESSED = /\.(html|css|js|mjs|json|wasm)$/;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  wasm: "application/wasm",
  jpg: "image/jpeg",
};

/** What `serveFolder` hands out, and how. */
export interface ServeOptions {
  /** The folder, with a slash at the end. */
  readonly folder: URL;
  /** 0 takes a free one. */
  readonly port?: number;
  /** Whether pages are cross-origin isolated; true by default. */
  readonly isolated?: boolean;
  /** Told of each file that was sent, and how many bytes it took. */
  readonly onSent?: (path: string, bytes: number) => void;
}

/** Serves a folder on the loopback address. */
export function serveFolder(
  { folder, port = 0, isolated = true, onSent = () => {} }: ServeOptions,
): Deno.HttpServer<Deno.NetAddr> {
  const isolation: Record<string, string> = isolated
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  /** Compressed files by path, with the time of the file that they were made from. */
  const kept = new Map<string, { readonly changed: number; readonly bytes: Uint8Array<ArrayBuffer> }>();
  const compressed = async (file: URL) => {
    const changed = (await Deno.stat(file)).mtime?.getTime() ?? 0;
    const before = kept.get(file.href);
    if (before?.changed === changed) return before.bytes;
    const stream = new Blob([await Deno.readFile(file)]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    kept.set(file.href, { changed, bytes });
    return bytes;
  };
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname;
    // `..` is resolved by now, but a file name may still hide one behind %2f.
    if (/%2f|%5c|\\/i.test(path)) return new Response("Not found", { status: 404 });
    const file = new URL(`.${path.endsWith("/") ? `${path}index.html` : path}`, folder);
    try {
      const smaller = COMPRESSED.test(file.pathname) &&
        /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
      const bytes = smaller ? await compressed(file) : await Deno.readFile(file);
      const type = TYPES[/[^.]*$/.exec(file.pathname)![0]] ?? "application/octet-stream";
      if (request.method !== "HEAD") onSent(path, bytes.length);
      return new Response(request.method === "HEAD" ? null : bytes, {
        headers: {
          "content-type": type,
          "content-length": String(bytes.length),
          "cache-control": "no-cache",
          vary: "accept-encoding",
          ...(smaller ? { "content-encoding": "gzip" } : {}),
          ...isolation,
        },
      });
    } catch {
      return new Response("Not found", { status: 404 });
    }
  });
}

if (import.meta.main) {
  const asked = Deno.args.indexOf("--port");
  const port = asked < 0 ? 8000 : Number(Deno.args[asked + 1]);
  await bundleBrowser();
  const { addr } = serveFolder({ folder: DIST, port, isolated: !Deno.args.includes("--no-isolation") });
  console.log(`http://localhost:${addr.port}/`);
}
