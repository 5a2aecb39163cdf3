/**
 * `serve`: explanations over HTTP, and a web page to drop images on. Listens, logs and stops; src/server/ answers the
 * requests.
 *
 * @module
 */
import delay from "delay";
import { createHandler, type Handler } from "../server/handler.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { decodeSettings } from "./decode_options.ts";
import { command } from "./options/command.ts";
import { openPublicFetch } from "./public_fetch.ts";
import { errorMessage, printable, type Terminal } from "./terminal.ts";
import { withLocalModels } from "./model_address.ts";
import { readAccess } from "./serving/access_options.ts";
import { listen, type Listener } from "./serving/listener.ts";
import { logAnswer } from "./serving/log.ts";
import { SERVE } from "./serving/options.ts";
import { openServedExplainer } from "./serving/explainer_thread.ts";
import { openPool } from "./serving/worker_pool.ts";
import { openMetrics, type ServerMetrics } from "./serving/metrics.ts";

const GRACE_MILLISECONDS = 3000;

/** Runs `serve` until the signal, and gives its exit code. */
export const serveCommand = command(SERVE, async ({ options, args, terminal, signal }) => {
  const { port, host, waiting, maxBody: maxBodyBytes, maxPixels, maxRefine, connections } = options;
  const [deadline, bodyDeadline] = [1000 * options.deadline, 1000 * options.bodyDeadline];
  const access = await readAccess(options, host);
  const named = async () => {
    const { model, auxiliary } = await withLocalModels(options, terminal, signal);
    return withoutUndefined({ model, auxiliary, threads: options.threads ?? threadsEach(options.workers) });
  };
  // Before it listens, so that a wrong name is said at once.
  const first = await named();
  let opened = 0;
  /** In threads of their own: a pass would keep this one from listening. */
  const openExplainers = async () => {
    // An address may lead to another file when the networks are loaded again.
    const local = opened++ === 0 ? first : await named();
    return await openPool(options.workers, () => openServedExplainer({ args, local }, terminal, signal));
  };
  const remote = options.noUrls ? undefined : openPublicFetch();
  let listener: Listener | undefined;
  const metrics = options.noMetrics
    ? undefined
    : await metricsIfAny(terminal, () => listener?.connections ?? 0);
  try {
    const hosts = options.urlHost.map((each) => each.toLowerCase());
    const handler = createHandler({
      explainer: openExplainers,
      atOnce: options.workers,
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
    const reload = () => void exchange(handler, terminal);
    const canReload = Deno.build.os !== "windows";
    if (canReload) Deno.addSignalListener("SIGHUP", reload);
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
      if (canReload) Deno.removeSignalListener("SIGHUP", reload);
      removeEventListener("unhandledrejection", survive);
    }
  } finally {
    remote?.close();
  }
  return 0;
});

/** Threads of each of several explainers; one takes what the runtime chooses. */
function threadsEach(workers: number): number | undefined {
  return workers === 1 ? undefined : Math.max(1, Math.floor(navigator.hardwareConcurrency / workers));
}

/** Exchanges the networks; a failure changes nothing. */
async function exchange(handler: Handler, terminal: Terminal): Promise<void> {
  terminal.say("Loading the networks again");
  try {
    await handler.reload();
    terminal.say("The new networks answer");
  } catch (error) {
    terminal.fail(`ptame: ${printable(errorMessage(error))}; the old networks stay`);
  }
}

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
