/**
 * A server on this machine that answers like the Hugging Face Hub: a list of files for a revision, redirects of large
 * files to another address, entity tags, tokens, and refusals.
 *
 * @module
 */
import { hexDigest } from "./digest.ts";

/** A model of the server. */
export interface HubModel {
  readonly commit: string;
  /** Names of the same commit, beside the commit itself. */
  readonly revisions: readonly string[];
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** Who may read it; anybody if absent. */
  readonly token?: string;
  /** Paths of files that the server stores as large: with a digest, redirected. */
  readonly large: readonly string[];
}

/** A running server. */
export interface HubServer extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** What was requested: method, path, and whether a token came with it. */
  readonly asked: { readonly method: string; readonly path: string; readonly token: boolean }[];
  /** Statuses that the next requests get, whatever they ask for. */
  readonly failing: number[];
}

/** Starts a server with these models, by "owner/name". */
export function serveHub(models: Readonly<Record<string, HubModel>>): HubServer {
  const asked: HubServer["asked"] = [];
  const failing: number[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    asked.push({ method: request.method, path: pathname, token: authorization !== null });
    const failure = failing.shift();
    if (failure !== undefined) {
      return new Response(null, { status: failure, headers: { "retry-after": "0" } });
    }
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(pathname);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(pathname);
    const store = /^\/store\/([^/]+\/[^/]+)\/(.+)$/.exec(pathname);
    const model = models[(api ?? file ?? store)?.[1] ?? ""];
    if (model === undefined) return new Response("Repository not found", { status: 401 });
    if (store !== null) return bytesOf(model.files[decodeURIComponent(store[2]!)]!, request);
    if (model.token !== undefined && authorization !== `Bearer ${model.token}`) {
      return new Response("Repository not found", { status: authorization === null ? 401 : 403 });
    }
    if (api !== null) {
      const revision = decodeURIComponent(api[2]!);
      if (![model.commit, ...model.revisions].includes(revision)) return new Response(null, { status: 404 });
      return Response.json({
        id: api[1],
        sha: model.commit,
        cardData: { license: "apache-2.0" },
        siblings: await Promise.all(
          Object.entries(model.files).map(async ([rfilename, content]) => ({
            rfilename,
            size: content.length,
            ...(model.large.includes(rfilename)
              ? { lfs: { sha256: await hexDigest(content), size: content.length, pointerSize: 134 } }
              : {}),
          })),
        ),
      });
    }
    const path = decodeURIComponent(file![3]!);
    const content = model.files[path];
    if (content === undefined) return new Response("Entry not found", { status: 404 });
    if (!model.large.includes(path)) return bytesOf(content, request);
    // The true store has another host.
    const { port } = new URL(request.url);
    return Response.redirect(
      `http://localhost:${port}/store/${api?.[1] ?? file![1]}/${encodeURIComponent(path)}`,
      302,
    );
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    failing,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function bytesOf(content: Uint8Array<ArrayBuffer>, request: Request): Response {
  const from = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1];
  const headers = {
    etag: `"${content.length}-${content[0]}"`,
    "content-length": `${content.length - Number(from ?? 0)}`,
  };
  const body = request.method === "HEAD" ? null : content.slice(Number(from ?? 0));
  if (from === undefined) return new Response(body, { headers });
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  return new Response(body, { status: 206, headers: { ...headers, "content-range": range } });
}
