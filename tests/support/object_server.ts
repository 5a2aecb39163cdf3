/**
 * An object store on this machine that answers like S3: listings in pages, ranges, entity tags, uploads in parts. It checks no
 * signature; tests/objects/moto_test.ts asks a store that does.
 */
import { hexDigest } from "./digest.ts";

/** What the next requests get instead of an answer. */
export type Fault =
  | { readonly status: number }
  /** The body ends after so many bytes, without the rest. */
  | { readonly cutAfter: number }
  /** The body stops after so many bytes, and nothing more comes. */
  | { readonly stallAfter: number }
  /** The request is carried out, but its answer is lost. */
  | { readonly lost: true };

/** A request that the server got. */
export interface AskedObject {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
}

/** A running store. */
export interface ObjectServer extends AsyncDisposable {
  readonly endpoint: string;
  /** The objects by bucket/key. */
  readonly objects: Map<string, Uint8Array<ArrayBuffer>>;
  /** Uploads in parts that are neither ended nor removed. */
  readonly uploads: Map<string, Map<number, Uint8Array<ArrayBuffer>>>;
  readonly asked: AskedObject[];
  /** One for each of the next requests; undefined is none. */
  readonly faults: (Fault | undefined)[];
  /** Objects, as `bucket/key`, that are listed and gone when they are read. */
  readonly gone: Set<string>;
  /** Most requests that were answered at the same time. */
  readonly atOnce: number;
}

/** Starts a store with a bucket `bucket`; a listing has `page` keys. */
export function serveObjects(
  objects: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {},
  { page = 3 }: { readonly page?: number } = {},
): ObjectServer {
  const encoder = new TextEncoder();
  /** Tags of objects in parts: a store says how many there were. */
  const joined = new Map<string, string>();
  const tagOf = async (place: string) => joined.get(place) ?? await tagFor(stored.get(place)!);
  const stored = new Map(
    Object.entries(objects).map(([key, content]) => [
      key,
      typeof content === "string" ? encoder.encode(content) : content,
    ]),
  );
  const uploads: ObjectServer["uploads"] = new Map();
  const asked: AskedObject[] = [];
  const faults: (Fault | undefined)[] = [];
  const gone = new Set<string>();
  const ending = new AbortController();
  let [now, most] = [0, 0];

  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(request.url);
    asked.push({ method: request.method, path: pathname + search, headers: request.headers });
    const body = new Uint8Array(await request.arrayBuffer());
    const fault = faults.shift();
    if (fault !== undefined && "status" in fault) {
      return new Response("<Error><Code>SlowDown</Code></Error>", {
        status: fault.status,
        headers: { "retry-after": "0" },
      });
    }
    const place = decodeURIComponent(pathname).slice(1);
    const [bucket, key] = [place.split("/", 1)[0]!, place.slice(place.indexOf("/") + 1)];
    if (bucket !== "bucket") return new Response("<Error><Code>NoSuchBucket</Code></Error>", { status: 404 });
    if (request.method === "GET" && searchParams.has("list-type")) return listing(bucket, searchParams);
    if (gone.has(place)) return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    const upload = searchParams.get("uploadId");
    if (request.method === "POST" && searchParams.has("uploads")) {
      const id = crypto.randomUUID();
      uploads.set(id, new Map());
      return new Response(`<R><UploadId>${id}</UploadId></R>`);
    }
    if (upload !== null) return await part(request.method, place, upload, searchParams, body);
    if (request.method === "PUT") {
      joined.delete(place);
      stored.set(place, body);
      return new Response(null, { headers: { etag: await tagFor(body) } });
    }
    if (request.method === "DELETE") {
      stored.delete(place);
      return new Response(null, { status: 204 });
    }
    const content = stored.get(place);
    if (key === "" || content === undefined) {
      return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    }
    return sendContent(content, await tagOf(place), request, fault, ending.signal);
  };

  const listing = async (bucket: string, query: URLSearchParams): Promise<Response> => {
    const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
    const after = query.get("continuation-token") ?? "";
    const keys = [...stored.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const shown = keys.slice(0, page);
    const entries = await Promise.all(shown.map(async (key) => {
      const name = encodeURIComponent(key.slice(bucket.length + 1));
      const content = stored.get(key)!;
      const tag = (await tagOf(key)).replaceAll('"', "&quot;");
      return `<Contents><Key>${name}</Key><ETag>${tag}</ETag><Size>${content.length}</Size></Contents>`;
    }));
    const more = keys.length > page;
    return new Response(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${entries.join("")}${
        more ? `<NextContinuationToken>${shown.at(-1)}</NextContinuationToken>` : ""
      }</ListBucketResult>`,
    );
  };

  const part = async (
    method: string,
    place: string,
    id: string,
    query: URLSearchParams,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<Response> => {
    const parts = uploads.get(id);
    if (parts === undefined) return new Response("<Error><Code>NoSuchUpload</Code></Error>", { status: 404 });
    if (method === "PUT") {
      parts.set(Number(query.get("partNumber")), body);
      return new Response(null, { headers: { etag: await tagFor(body) } });
    }
    uploads.delete(id);
    if (method === "DELETE") return new Response(null, { status: 204 });
    const numbers = [...new TextDecoder().decode(body).matchAll(/<PartNumber>(\d+)</g)].map(([, n]) =>
      Number(n)
    );
    const whole = await new Blob(numbers.map((number) => parts.get(number)!)).arrayBuffer();
    stored.set(place, new Uint8Array(whole));
    joined.set(place, `"joined-${numbers.length}"`);
    return new Response("<CompleteMultipartUploadResult/>");
  };

  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    most = Math.max(most, ++now);
    try {
      const lost = faults[0] !== undefined && "lost" in faults[0];
      const given = await answer(request);
      // Less than its head says.
      return lost
        ? new Response(new ReadableStream({ start: (it) => it.close() }), {
          headers: { "content-length": "9" },
        })
        : given;
    } finally {
      now--;
    }
  });
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    objects: stored,
    uploads,
    asked,
    faults,
    gone,
    get atOnce() {
      return most;
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await server.shutdown();
    },
  };
}

async function tagFor(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return `"${(await hexDigest(content)).slice(0, 32)}"`;
}

/** The answer with an object, or with a part of it. */
function sendContent(
  content: Uint8Array<ArrayBuffer>,
  etag: string,
  request: Request,
  fault: Fault | undefined,
  ending: AbortSignal,
): Response {
  const wanted = request.headers.get("if-match");
  if (wanted !== null && wanted !== etag) return new Response(null, { status: 412 });
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(range?.[2] ? Number(range[2]) + 1 : content.length, content.length);
  const bytes = content.slice(from, to);
  const headers: Record<string, string> = { etag, "content-length": String(bytes.length) };
  if (range !== null) headers["content-range"] = `bytes ${from}-${to - 1}/${content.length}`;
  const status = range === null ? 200 : 206;
  if (request.method === "HEAD") return new Response(null, { status, headers });
  if (fault === undefined || "status" in fault || "lost" in fault) {
    return new Response(bytes, { status, headers });
  }
  const sent = "cutAfter" in fault ? fault.cutAfter : fault.stallAfter;
  let left = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes.slice(0, sent));
      // Fewer bytes than the head says.
      if ("cutAfter" in fault) return controller.close();
      ending.addEventListener("abort", () => {
        if (!left) controller.close();
      }, { once: true });
    },
    cancel: () => {
      left = true;
    },
  });
  return new Response(body, { status, headers });
}
