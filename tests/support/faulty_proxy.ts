/**
 * A proxy before an object store that fails as stores do: 503, connections that are cut, slow reads, answers that are lost.
 * The same seed fails in the same order of requests.
 *
 * @module
 */
import { createGenerator } from "../../src/random/generator.ts";

/** A running proxy. */
export interface FaultyProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** How often each fault was injected. */
  readonly injected: Record<"refused" | "cut" | "slow" | "lost", number>;
  /** Requests in all. */
  readonly requests: number;
}

/** Starts a proxy; about a fifth of the requests fail in one way or another. */
export function proxyWithFaults(target: string, seed: number): FaultyProxy {
  const random = createGenerator(seed);
  const injected = { refused: 0, cut: 0, slow: 0, lost: 0 };
  let requests = 0;

  const partOf = (bytes: Uint8Array<ArrayBuffer>, length: number, wait: number) =>
    new ReadableStream<Uint8Array>({
      start: async (controller) => {
        try {
          controller.enqueue(bytes.slice(0, length));
          if (wait > 0) {
            await new Promise((resolve) => setTimeout(resolve, wait));
            controller.enqueue(bytes.slice(length));
          }
          controller.close();
        } catch {
          // The client has left.
        }
      },
    });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    requests++;
    const chance = random.uniform();
    const { pathname, search } = new URL(request.url);
    const body = ["GET", "HEAD"].includes(request.method) ? null : await request.arrayBuffer();
    if (chance < 0.12) {
      injected.refused++;
      return new Response("<Error><Code>SlowDown</Code></Error>", { status: 503 });
    }
    const answer = await fetch(target + pathname + search, {
      method: request.method,
      headers: request.headers,
      body,
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const { status } = answer;
    const headers = new Headers(answer.headers);
    headers.delete("transfer-encoding");
    const empty = request.method === "HEAD" || status === 204 || status === 304;
    if (empty) return new Response(null, { status, headers });
    headers.set("content-length", String(bytes.length));
    if (chance < 0.2 && bytes.length > 1) {
      injected.cut++;
      return new Response(partOf(bytes, bytes.length >> 1, 0), { status, headers });
    }
    if (chance < 0.26 && bytes.length > 1) {
      injected.slow++;
      return new Response(partOf(bytes, bytes.length >> 1, 700), { status, headers });
    }
    if (chance < 0.32 && request.method !== "GET") {
      injected.lost++;
      headers.set("content-length", "9");
      return new Response(partOf(new Uint8Array(), 0, 0), { status, headers });
    }
    return new Response(bytes, { status, headers });
  });
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    injected,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
