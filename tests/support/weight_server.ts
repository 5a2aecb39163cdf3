/**
 * A server of files on this machine that fails as servers fail: it cuts connections, falls silent, lies about lengths,
 * sends other bytes. Raw TCP, because a well-behaved HTTP server does none of it.
 *
 * @module
 */

/** A request as it came. */
export interface Asked {
  readonly path: string;
  /** First byte of the range that it asks for; `undefined` where it asks for none. */
  readonly from: number | undefined;
  readonly ifRange: string | undefined;
}

/** How one request is answered: the head and the parts of the body; `null` for silence until the other side goes. */
export type Answer = (content: Uint8Array, asked: Asked) => {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly parts?: readonly (Uint8Array | number | null)[];
};

/** A well-behaved answer, with ranges; `cut` ends it at that byte of the file, `tag` is its ETag. */
export function good(options: { cut?: number; tag?: string; extra?: Record<string, string> } = {}): Answer {
  return (content, { from }) => {
    const tag = options.tag === undefined ? {} : { etag: options.tag };
    const first = from ?? 0;
    const headers = { "content-length": `${content.length - first}`, ...tag, ...options.extra };
    const parts = [content.subarray(first, options.cut ?? content.length)];
    if (from === undefined) return { status: 200, headers, parts };
    const range = `bytes ${first}-${content.length - 1}/${content.length}`;
    return { status: 206, headers: { ...headers, "content-range": range }, parts };
  };
}

/** The whole file whatever is asked for; `cut` ends it there. */
export function rangeless(cut?: number): Answer {
  return (content) => ({
    status: 200,
    headers: { "content-length": `${content.length}` },
    parts: [content.subarray(0, cut)],
  });
}

/** A status and nothing else. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return () => ({ status: code, headers: { "content-length": "0", ...headers } });
}

/** A part of the file, then silence. */
export function stalling(at: number): Answer {
  return (content) => ({
    status: 200,
    headers: { "content-length": `${content.length}` },
    parts: [content.subarray(0, at), null],
  });
}

/** Pieces with so many milliseconds between them, from wherever the range begins. */
export function slow(pieces: number, milliseconds: number): Answer {
  return (content, asked) => {
    const { headers, status, parts } = good()(content, asked);
    const [all] = parts as Uint8Array[];
    const size = Math.ceil(all!.length / pieces);
    const split = Array.from({ length: pieces }, (_, i) => all!.subarray(i * size, (i + 1) * size));
    return { status, headers: headers!, parts: split.flatMap((part) => [part, milliseconds]) };
  };
}

/** As many bytes, but others. */
export const corrupted: Answer = (content, asked) => good()(content.map((byte) => byte ^ 1), asked);

/** The file without a word on its length. */
export const unmeasured: Answer = (content) => ({ status: 200, headers: {}, parts: [content] });

/** A server of one file; see {@linkcode serveFile}. */
export interface FileServer extends AsyncDisposable {
  /** Address of the folder that the file is in. */
  readonly url: string;
  /** Requests so far. */
  readonly asked: readonly Asked[];
}

/**
 * Serves a file under any path. Request i is answered by `answers[i]`, and the last one answers all others.
 */
export function serveFile(content: Uint8Array, answers: readonly Answer[]): FileServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked: Asked[] = [];
  const open = new Set<Deno.Conn>();
  const handling = new Set<Promise<void>>();
  const timers = new AbortController();

  async function handle(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    try {
      const request = await requestOn(connection);
      if (request === undefined) return;
      const answer = answers[Math.min(asked.length, answers.length - 1)]!;
      asked.push(request);
      const { status, headers = {}, parts = [] } = answer(content, request);
      const lines = [
        `HTTP/1.1 ${status} -`,
        "connection: close",
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ];
      await write(connection, new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
      for (const part of parts) {
        if (part === null) await connection.read(new Uint8Array(1));
        else if (typeof part === "number") await wait(part, timers.signal);
        else await write(connection, part);
      }
    } catch {
      // The other side went away, which some tests are about.
    } finally {
      // Closed already, where the server was disposed of meanwhile.
      if (open.delete(connection)) connection.close();
    }
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      const handled = handle(connection);
      handling.add(handled);
      handled.finally(() => handling.delete(handled));
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/files`,
    asked,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      timers.abort();
      for (const connection of open) connection.close();
      open.clear();
      await accepting;
      await Promise.allSettled(handling);
    },
  };
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("closed"));
    }, { once: true });
  });
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function requestOn(connection: Deno.Conn): Promise<Asked | undefined> {
  let text = "";
  const buffer = new Uint8Array(4096);
  while (!text.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  const header = (name: string) => new RegExp(`^${name}: *(.*)\r$`, "im").exec(text)?.[1];
  const from = /^bytes=(\d+)-$/.exec(header("range") ?? "")?.[1];
  return {
    path: text.split(" ")[1]!,
    from: from === undefined ? undefined : Number(from),
    ifRange: header("if-range"),
  };
}

/** Bytes from a seed, without a pattern that would hide a misplaced part. */
export function sampleBytes(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
