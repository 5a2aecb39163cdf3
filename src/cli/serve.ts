/**
 * `serve`: explanations over HTTP, and a web page to drop images on. Listens, logs and stops; src/server/ answers the
 * requests.
 *
 * @module
 */
import delay from "delay";
import { type Answered, createHandler } from "../server/handler.ts";
import type { AllowedOrigins } from "../server/headers.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { DECODE_OPTIONS, decodeSettings } from "./decode_options.ts";
import { DEVICE_OPTIONS, explainerOptions, MODEL_OPTIONS, openPtame } from "./explainer_options.ts";
import { MOST_STEPS, REFINE_STEPS } from "../ptame/refine/types.ts";
import { reason } from "./files.ts";
import { FONT_OPTION, missingCharacterLines, useFonts } from "./fonts.ts";
import { ONNX_OPTIONS } from "./onnx_model.ts";
import { command } from "./options/command.ts";
import { flag, group, list, text, wholeNumber } from "./options/kinds.ts";
import { QUIET_OPTION } from "./output_options.ts";
import { openPublicFetch } from "./public_fetch.ts";
import { duration, errorMessage, printable, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";
import { withLocalModels } from "./model_address.ts";

const OPTIONS = {
  ...group("Server", {
    port: wholeNumber("N", "Port to listen on, 0 for a free one", { least: 0, most: 65535, default: 8000 }),
    host: text("ADDRESS", "Address to listen on", {
      usual: "127.0.0.1, reachable only from this machine",
      default: "127.0.0.1",
    }),
    waiting: wholeNumber("N", "Maximum number of waiting requests; more are answered 429", {
      least: 0,
      usual: 8,
    }),
    deadline: wholeNumber("SECONDS", "Time limit of a request", { least: 1, usual: 30 }),
    maxBody: wholeNumber("BYTES", "Maximum size of a request body", { least: 1, usual: 10_000_000 }),
    maxPixels: wholeNumber("N", "Maximum number of pixels of an image", { least: 1, usual: 16_777_216 }),
    maxRefine: wholeNumber("N", "Maximum number of steps to refine a map; 0 for none", {
      least: 0,
      most: MOST_STEPS,
      usual: REFINE_STEPS,
    }),
    cors: list("ORIGIN", "Origin whose pages may read the responses, or *"),
    urlHost: list("NAME", "Fetch images by URL only from this host", { usual: "any" }),
    noUrls: flag("Do not fetch images by URL"),
  }),
  ...MODEL_OPTIONS,
  ...DEVICE_OPTIONS,
  ...DECODE_OPTIONS,
  ...FONT_OPTION,
  ...QUIET_OPTION,
  ...ONNX_OPTIONS,
};

const GRACE_MILLISECONDS = 3000;

/** Runs `serve` until the signal, and gives its exit code. */
export const serveCommand = command({
  name: "serve",
  about: "Explain images over HTTP: POST /explain, and a web page to drop images on",
  arguments: { unexpected: "requests carry the images" },
  options: OPTIONS,
  notes: [
    "Images are fetched only from public addresses, never from this machine or its network. After Ctrl-C or " +
    "SIGTERM the server finishes running requests; a second signal stops it immediately.",
  ],
  examples: [
    "deno task serve",
    "deno task serve --port 8080 --host 0.0.0.0 --no-urls",
    'curl --data-binary @photo.jpg -H "content-type: image/jpeg" "http://127.0.0.1:8000/explain?topK=3"',
  ],
}, async ({ options, typed, terminal, signal }) => {
  const { port, host, waiting, deadline, maxBody: maxBodyBytes, maxPixels, maxRefine } = options;
  const cors = parseOrigins(options.cors);
  const local = await withLocalModels(options, terminal, signal);
  const settings = await explainerOptions(local, typed, terminal);
  await useFonts(options.font, missingCharacterLines(terminal.say));

  const remote = options.noUrls ? undefined : openPublicFetch();
  try {
    const hosts = options.urlHost.map((each) => each.toLowerCase());
    const handler = createHandler({
      explainer: () => openPtame({ ...settings, signal }, typed),
      ...withoutUndefined({
        waiting,
        deadline: deadline === undefined ? undefined : 1000 * deadline,
        maxBodyBytes,
        decode: { ...decodeSettings(options), ...withoutUndefined({ maxPixels }) },
        maxRefine,
        urls: remote && { ...remote, ...withoutUndefined({ hosts: hosts.length > 0 ? hosts : undefined }) },
        cors,
      }),
      onAnswer: (answer) => log(terminal, answer),
    });
    const server = listen(host, port, handler);
    // The last resort: a failure that a request leaves behind must not end the process.
    const survive = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      terminal.fail(`ptame: ${printable(errorMessage(event.reason))}`);
    };
    addEventListener("unhandledrejection", survive);
    try {
      terminal.doing("Loading");
      await handler.ready();
      terminal.say(`Listening on http://${bracketed(server.addr.hostname)}:${server.addr.port}/`);
      await stopped(signal);
      terminal.say("Stopping: finishing running requests");
    } finally {
      const shut = server.shutdown();
      await handler.close();
      // All requests are answered; wait a little for clients that read slowly or keep their connection.
      const waited = new AbortController();
      await Promise.race([shut, delay(GRACE_MILLISECONDS, { signal: waited.signal }).catch(() => {})]);
      waited.abort();
      removeEventListener("unhandledrejection", survive);
    }
  } finally {
    remote?.close();
  }
  return 0;
});

/** Origins in the form that browsers send: scheme, host, port, and nothing more. */
function parseOrigins(origins: readonly string[]): AllowedOrigins | undefined {
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
  if (error !== undefined) terminal.fail(`ptame: ${printable(errorMessage(error))}`);
}
