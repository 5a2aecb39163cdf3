/**
 * `serve`: explanations over HTTP, and a page to drop pictures on. Listens, logs and stops; what is answered is
 * src/server/'s.
 *
 * @module
 */
import delay from "delay";
import { type Answered, createHandler } from "../server/handler.ts";
import type { AllowedOrigins } from "../server/headers.ts";
import {
  DEVICE_HELP,
  EXPLAINER_FLAGS,
  EXPLAINER_OPTIONS,
  explainerOptions,
  MODEL_HELP,
  openPtame,
} from "./explainer_options.ts";
import { reason } from "./files.ts";
import { ONNX_HELP } from "./onnx_model.ts";
import { openPublicFetch } from "./public_fetch.ts";
import { duration, messageOf, openTerminal, printable, type Terminal } from "./terminal.ts";
import { type Arguments, parseArguments, UsageError } from "./usage.ts";

const HELP = `Explain pictures over HTTP: POST /explain, and a page to drop them on.

Usage: deno task serve [options]

Options:
  --port N                   Port to listen on, 0 for a free one (default: 8000)
  --host H                   Address to listen on (default: 127.0.0.1, this machine alone)
${MODEL_HELP}
${DEVICE_HELP}
  --waiting N                Requests that may wait behind the one that runs; more get 429 (default: 8)
  --deadline SECONDS         Time for a request (default: 30)
  --max-body BYTES           Most bytes of a body (default: 10000000)
  --max-pixels N             Most pixels of a picture (default: 16777216)
  --cors ORIGIN              Origin whose pages may read the answers, or *; may be given several times
  --url-host NAME            Fetch pictures by URL from these hosts only; may be given several times
  --no-urls                  Fetch no pictures by URL
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Pictures are fetched from public addresses alone, never from this machine or its network. Ctrl-C or SIGTERM finishes
what runs; a second one does not wait.

Examples:
  deno task serve
  deno task serve --port 8080 --host 0.0.0.0 --no-urls
  curl --data-binary @photo.jpg -H "content-type: image/jpeg" "http://127.0.0.1:8000/explain?topK=3"`;

const NAMES = {
  flags: ["no-urls", "quiet", "help", ...EXPLAINER_FLAGS],
  values: [
    "port",
    "host",
    "waiting",
    "deadline",
    "max-body",
    "max-pixels",
    "cors",
    "url-host",
    ...EXPLAINER_OPTIONS,
  ],
  lists: ["cors", "url-host"],
} as const;

const DEFAULT_PORT = 8000;
const GREATEST_PORT = 65535;
const GRACE_MILLISECONDS = 3000;

/** Runs `serve` until the signal says stop, and gives its exit code. */
export async function serveCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("serve", args, NAMES);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length > 0) {
    throw new UsageError(`serve takes no ${given.positional[0]}: pictures come with the requests`);
  }
  const terminal = openTerminal(given.flag("quiet"));
  const [port, hostname] = [portOf(given), given.value("host") ?? "127.0.0.1"];
  const limits = limitsOf(given);
  const cors = originsOf(given);
  const explainer = await explainerOptions(given, terminal);

  const remote = given.flag("no-urls") ? undefined : openPublicFetch();
  try {
    const hosts = given.list("url-host").map((host) => host.toLowerCase());
    const handler = createHandler({
      ...limits,
      explainer: () => openPtame({ ...explainer, signal }, given),
      ...(remote === undefined ? {} : { urls: { ...remote, ...(hosts.length > 0 ? { hosts } : {}) } }),
      ...(cors === undefined ? {} : { cors }),
      onAnswer: (answer) => log(terminal, answer),
    });
    const server = listen(hostname, port, handler);
    // The last resort: nothing that a request starts and leaves behind ends the process.
    const survive = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      terminal.fail(`ptame: ${printable(messageOf(event.reason))}`);
    };
    addEventListener("unhandledrejection", survive);
    try {
      terminal.doing("Loading");
      await handler.ready();
      terminal.say(`Listening on http://${bracketed(server.addr.hostname)}:${server.addr.port}/`);
      await stopped(signal);
      terminal.say("Stopping: finishing what runs");
    } finally {
      const shut = server.shutdown();
      await handler.close();
      // All is answered; a client that keeps its connection or reads slowly is waited for a little.
      const waited = new AbortController();
      await Promise.race([shut, delay(GRACE_MILLISECONDS, { signal: waited.signal }).catch(() => {})]);
      waited.abort();
      removeEventListener("unhandledrejection", survive);
    }
  } finally {
    remote?.close();
  }
  return 0;
}

function portOf(given: Arguments): number {
  const port = given.wholeNumber("port", 0) ?? DEFAULT_PORT;
  if (port <= GREATEST_PORT) return port;
  throw new UsageError(`Option --port takes a whole number of at most ${GREATEST_PORT}, not ${port}`);
}

function limitsOf(given: Arguments) {
  const seconds = given.wholeNumber("deadline", 1);
  const limits = {
    waiting: given.wholeNumber("waiting", 0),
    deadline: seconds === undefined ? undefined : 1000 * seconds,
    maxBodyBytes: given.wholeNumber("max-body", 1),
    maxPixels: given.wholeNumber("max-pixels", 1),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Origins as browsers send them: scheme, host, port, nothing after. */
function originsOf(given: Arguments): AllowedOrigins | undefined {
  const origins = given.list("cors");
  if (origins.length === 0) return undefined;
  if (origins.includes("*")) return "*";
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new UsageError(`Option --cors takes an origin (https://example.org) or *, not ${origin}`);
    }
  }
  return origins;
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, (request) => handler(request));
  } catch (cause) {
    const why = cause instanceof Deno.errors.AddrInUse
      ? "the port is in use"
      : cause instanceof Deno.errors.AddrNotAvailable
      ? "this machine has no such address"
      : reason(cause);
    throw new Error(`Cannot listen on ${hostname}:${port}: ${why}`, { cause });
  }
}

function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function log(terminal: Terminal, { method, path, status, milliseconds, error }: Answered): void {
  terminal.say(`${method} ${printable(path)} ${status} ${duration(milliseconds)}`);
  if (error !== undefined) terminal.fail(`ptame: ${printable(messageOf(error))}`);
}
