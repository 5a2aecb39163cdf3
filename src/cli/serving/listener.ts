/**
 * Listens for HTTP with limits: of connections, of time for a request's head, of time without any byte. Deno's own
 * server has none of them: half-open connections use up its descriptors, and then it ends without a word.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { builtinModule } from "../../platform/builtin.ts";
import { addressKey, type ClientInfo } from "../../server/client_address.ts";
import { errorResponse, HttpError } from "../../server/errors.ts";
import { reason } from "../files.ts";
import { type Connection, createConnections, usualConnections } from "./connections.ts";
import { sendResponse, toRequest } from "./fetch_adapter.ts";

/** Options of a listener. */
export interface ListenOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port, 0 for a free one. */
  readonly port: number;
  /** Maximum number of connections; chosen by the system's limit of open files by default. */
  readonly connections?: number | undefined;
  /** Milliseconds for the head of a request; 5 s by default. */
  readonly headDeadline?: number;
  /** Milliseconds for a whole request to arrive. */
  readonly bodyDeadline: number;
  /** Milliseconds for a response to be ready. */
  readonly deadline: number;
  /** Answers requests; never rejects. */
  readonly handler: (request: Request, client: ClientInfo) => Promise<Response>;
}

/** A listener. */
export interface Listener {
  /** Where it listens, as a URL without a slash at its end. */
  readonly origin: string;
  /** Number of open connections. */
  readonly connections: number;
  /** Rejects when it ends without being closed; never resolves. */
  readonly failed: Promise<never>;
  /** Accepts nothing more; ends connections once they are answered, and the others when `until` resolves. */
  close(until: Promise<unknown>): Promise<void>;
}

/** The used part of node:http. */
interface HttpModule {
  createServer(options: Record<string, unknown>): Server;
}

const HEAD_DEADLINE = 5000;
const MOST_HEAD_BYTES = 16 * 1024;
/** Milliseconds that a connection is kept for the next request. */
const KEPT = 5000;
/** Milliseconds that a client may take before the next byte of the response, beyond the deadline. */
const STALLED = 15_000;
/** Connections that the system holds until they are accepted. */
const BACKLOG = 64;

/**
 * Listens.
 *
 * @throws {Error} When the address or the port cannot be used.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { hostname, port, bodyDeadline, deadline, headDeadline = HEAD_DEADLINE } = options;
  const most = options.connections ?? usualConnections(readLimits());
  const connections = createConnections(most);
  const { createServer } = builtinModule("node:http") as HttpModule;
  const server = createServer({
    headersTimeout: headDeadline,
    // The handler's own limit answers before this one cuts.
    requestTimeout: headDeadline + bodyDeadline + 5000,
    connectionsCheckingInterval: Math.min(1000, headDeadline / 2),
    keepAliveTimeout: KEPT,
    maxHeaderSize: MOST_HEAD_BYTES,
  });
  // A little above, so that `connections` chooses whom to end.
  server.maxConnections = most + 8;
  server.timeout = deadline + STALLED;

  const known = new WeakMap<Socket, Connection>();
  let closing = false;
  server.on("connection", (socket: Socket) => {
    const connection = { client: addressKey(socket.remoteAddress ?? ""), end: () => socket.destroy() };
    socket.on("error", () => {});
    if (!connections.add(connection)) return void socket.destroy();
    known.set(socket, connection);
    socket.on("close", () => connections.remove(connection));
  });
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const connection = known.get(incoming.socket);
    // Until the body is complete, the connection waits: its request may never be.
    const complete = () => connection && connections.setWaiting(connection, false);
    if (incoming.complete) complete();
    else incoming.on("end", complete);
    outgoing.on("close", () => {
      if (connection !== undefined) connections.setWaiting(connection, true);
      if (closing) incoming.socket.destroy();
    });
    answer(incoming, outgoing, options.handler).catch(() => incoming.socket.destroy());
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));

  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new Error(`Cannot listen on ${hostname}:${port}: ${whyNot(cause)}`, { cause }));
    });
    server.listen({ host: hostname, port, backlog: BACKLOG }, () => resolve());
  });
  const failed = endOf(server, () => closing);

  const bound = server.address() as { address: string; port: number };
  return {
    origin: `http://${bound.address.includes(":") ? `[${bound.address}]` : bound.address}:${bound.port}`,
    get connections() {
      return connections.size;
    },
    failed,
    close: async (until) => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([closed, until]);
      connections.endAll();
      await closed;
    },
  };
}

/** Rejects when a server fails or ends, unless it is being closed. */
export function endOf(server: Pick<Server, "on">, isClosing: () => boolean): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    server.on("error", (cause) => reject(new Error(`The listener ended: ${reason(cause)}`, { cause })));
    server.on("close", () => isClosing() || reject(new Error("The listener ended; start the server again")));
  });
  // Its caller may be busy when it fails.
  failed.catch(() => {});
  return failed;
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handler: ListenOptions["handler"],
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort(new DOMException("The client has disconnected", "AbortError"));
  });
  let request: Request;
  try {
    request = toRequest(incoming, gone.signal);
  } catch {
    const refused = new HttpError(
      400,
      "invalid_request",
      "Cannot read the request: its address or a header is malformed",
    );
    return await sendResponse(errorResponse(refused), incoming, outgoing);
  }
  const response = await handler(request, { remoteAddr: { hostname: incoming.socket.remoteAddress ?? "" } });
  if (!gone.signal.aborted) await sendResponse(response, incoming, outgoing);
}

/** Answers what is not a request, or not one in time. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  const [status, code, message] = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? ["408 Request Timeout", "request_timeout", "Cannot read the request: it arrives too slowly"]
    : error.code === "HPE_HEADER_OVERFLOW"
    ? [
      "431 Request Header Fields Too Large",
      "head_too_large",
      "Cannot read the request: its head is too large",
    ]
    : ["400 Bad Request", "invalid_request", "Cannot read the request: it is not HTTP"];
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify({ error: { code, message } });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  socket.end(`${head}connection: close\r\n\r\n${body}`, () => socket.destroy());
}

function whyNot(cause: NodeJS.ErrnoException): string {
  if (cause.code === "EADDRINUSE") return "the port is in use";
  // Deno's node:http says EINVAL.
  if (["EADDRNOTAVAIL", "EINVAL", "ENOTFOUND"].includes(cause.code ?? "")) {
    return "this machine has no such address";
  }
  if (cause.code === "EACCES") return "permission denied";
  return reason(cause);
}

function readLimits(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/self/limits");
  } catch {
    return undefined;
  }
}
