/**
 * Requests and responses of node:http as those of the web.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** A host with or without a port, as a URL has it. */
const HOST = /^([a-z0-9._~-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/**
 * The request, with a body that is read as fast as the handler takes it.
 *
 * @throws {TypeError} When its address or a header cannot be one.
 */
export function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const host = incoming.headers.host ?? "localhost";
  const target = incoming.url ?? "/";
  if (!HOST.test(host)) throw new TypeError("the Host header is not a host");
  // A proxy's form has scheme and host; a path may begin with two slashes, which must not be read as a host.
  const url = new URL(target.startsWith("/") ? `http://${host}${target}` : target);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError("the address is not of http");
  }
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
  }
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  // The types lack `duplex`, which a body that is a stream needs.
  const init: RequestInit & { duplex: "half" } = { method, headers, signal, duplex: "half" };
  return new Request(url, hasBody ? Object.assign(init, { body: bodyOf(incoming) }) : init);
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let done = false;
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      incoming.on("data", (bytes: Uint8Array) => {
        if (done) return;
        controller.enqueue(new Uint8Array(bytes));
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.on("end", () => {
        if (!done) controller.close();
        done = true;
      });
      const fail = () => {
        if (!done) controller.error(new Error("the client has disconnected"));
        done = true;
      };
      incoming.on("error", fail);
      incoming.on("close", fail);
      incoming.pause();
    },
    pull: () => {
      incoming.resume();
    },
    cancel: () => {
      done = true;
      incoming.pause();
    },
  });
}

/**
 * Sends a response. If the request was not read to its end, the connection is closed afterwards: what follows on it is
 * the rest of a body.
 */
export async function sendResponse(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  const bodiless = response.status === 204 || response.status === 304 || incoming.method === "HEAD";
  if (!bodiless) outgoing.setHeader("content-length", body.length);
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  outgoing.writeHead(response.status);
  if (bodiless) outgoing.end();
  else outgoing.end(body);
}
