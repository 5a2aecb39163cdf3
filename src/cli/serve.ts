/**
 * `serve`: explanations over HTTP, and a web page to drop images on. Listens, logs and stops; src/server/ answers the
 * requests.
 *
 * @module
 */
import delay from "delay";
import { createHandler } from "../server/handler.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { DECODE_OPTIONS, decodeSettings } from "./decode_options.ts";
import { DEVICE_OPTIONS, explainerOptions, MODEL_OPTIONS, openPtame } from "./explainer_options.ts";
import { MOST_STEPS, REFINE_STEPS } from "../ptame/refine/types.ts";
import { FONT_OPTION, missingCharacterLines, useFonts } from "./fonts.ts";
import { ONNX_OPTIONS } from "./onnx_model.ts";
import { command } from "./options/command.ts";
import { choice, flag, group, list, text, wholeNumber } from "./options/kinds.ts";
import { QUIET_OPTION } from "./output_options.ts";
import { openPublicFetch } from "./public_fetch.ts";
import { errorMessage, printable, type Terminal } from "./terminal.ts";
import { withLocalModels } from "./model_address.ts";
import { ACCESS_OPTIONS, readAccess } from "./serving/access_options.ts";
import { listen, type Listener } from "./serving/listener.ts";
import { LOG_FORMS, logAnswer } from "./serving/log.ts";
import { openMetrics, type ServerMetrics } from "./serving/metrics.ts";

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
    deadline: wholeNumber("SECONDS", "Time limit of a request", { least: 1, most: 3600, default: 30 }),
    bodyDeadline: wholeNumber("SECONDS", "Time limit for a body to arrive", {
      least: 1,
      most: 3600,
      default: 10,
    }),
    maxBody: wholeNumber("BYTES", "Maximum size of a request body", { least: 1, usual: 10_000_000 }),
    maxPixels: wholeNumber("N", "Maximum number of pixels of an image", { least: 1, usual: 16_777_216 }),
    maxRefine: wholeNumber("N", "Maximum number of steps to refine a map; 0 for none", {
      least: 0,
      most: MOST_STEPS,
      usual: REFINE_STEPS,
    }),
    urlHost: list("NAME", "Fetch images by URL only from this host", { usual: "any" }),
    noUrls: flag("Do not fetch images by URL"),
    connections: wholeNumber("N", "Maximum number of connections", {
      least: 8,
      usual: "the system's limit of open files less 128, at most 512",
    }),
    cache: wholeNumber("MB", "Keep this much of responses, and answer the same request from them", {
      least: 0,
      most: 100_000,
      default: 0,
    }),
    log: choice("text|json", LOG_FORMS, "Form of the log on standard error", { default: "text" as const }),
    noMetrics: flag("Do not answer GET /metrics"),
  }),
  ...ACCESS_OPTIONS,
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
    "SIGTERM the server finishes running requests; a second signal stops it immediately. If the listener ends by " +
    "itself, the exit code is 1.",
    "GET /healthz says that the server runs, /readyz that its networks are loaded; both need no token. GET /metrics " +
    "is for Prometheus, and needs the token if there is one.",
  ],
  examples: [
    "deno task serve",
    "deno task serve --port 8080 --host 0.0.0.0 --no-urls --token-file token.txt",
    'curl --data-binary @photo.jpg -H "content-type: image/jpeg" "http://127.0.0.1:8000/explain?topK=3"',
  ],
}, async ({ options, typed, terminal, signal }) => {
  const { port, host, waiting, maxBody: maxBodyBytes, maxPixels, maxRefine, connections } = options;
  const [deadline, bodyDeadline] = [1000 * options.deadline, 1000 * options.bodyDeadline];
  const access = await readAccess(options, host);
  const local = await withLocalModels(options, terminal, signal);
  const settings = await explainerOptions(local, typed, terminal);
  await useFonts(options.font, missingCharacterLines(terminal.say));

  const remote = options.noUrls ? undefined : openPublicFetch();
  let listener: Listener | undefined;
  const metrics = options.noMetrics
    ? undefined
    : await metricsIfAny(terminal, () => listener?.connections ?? 0);
  try {
    const hosts = options.urlHost.map((each) => each.toLowerCase());
    const handler = createHandler({
      explainer: () => openPtame({ ...settings, signal }, typed),
      ...access,
      ...{ deadline, bodyDeadline },
      ...withoutUndefined({
        waiting,
        maxBodyBytes,
        decode: { ...decodeSettings(options), ...withoutUndefined({ maxPixels }) },
        maxRefine,
        cacheBytes: 1e6 * options.cache,
        metrics: metrics?.write,
        urls: remote && { ...remote, ...withoutUndefined({ hosts: hosts.length > 0 ? hosts : undefined }) },
      }),
      onAnswer: (answer) => {
        metrics?.observe(answer);
        logAnswer(terminal, options.log, answer);
      },
    });
    listener = await listen({ hostname: host, port, connections, deadline, bodyDeadline, handler });
    // The last resort: a failure that a request leaves behind must not end the process.
    const survive = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      terminal.fail(`ptame: ${printable(errorMessage(event.reason))}`);
    };
    addEventListener("unhandledrejection", survive);
    try {
      terminal.doing("Loading");
      await handler.ready();
      terminal.say(`Listening on ${listener.origin}/`);
      await Promise.race([stopped(signal), listener.failed]);
      terminal.say("Stopping: finishing running requests");
    } finally {
      // All requests are answered; then wait a little for clients that read slowly or keep their connection.
      const waited = new AbortController();
      const answered = handler.close();
      await listener.close(
        answered.then(() => delay(GRACE_MILLISECONDS, { signal: waited.signal })).catch(() => {}),
      );
      waited.abort();
      await answered;
      removeEventListener("unhandledrejection", survive);
    }
  } finally {
    remote?.close();
  }
  return 0;
});

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The metrics; without their library the server serves nevertheless. */
async function metricsIfAny(
  terminal: Terminal,
  connections: () => number,
): Promise<ServerMetrics | undefined> {
  try {
    return await openMetrics({ memory: Deno.memoryUsage, connections });
  } catch (error) {
    terminal.say(`GET /metrics is off: ${printable(errorMessage(error))}`);
    return undefined;
  }
}
