/**
 * Explanations at the edge: what one deploys on Deno Deploy, as it stands.
 *
 * It needs no flag and one permission, to read the package's own files (weights, labels, the runtime's .wasm):
 *
 * ```sh
 * deno serve --allow-read --port 8000 --host 127.0.0.1 examples/edge/main.ts
 * ```
 *
 * The networks are loaded by the first request that needs them, once per instance; then the memory that the process
 * takes is printed. One thread of wasm: the edge has one core.
 *
 * Pictures by URL are off: without a resolver of names, what a host name leads to cannot be checked before it is
 * asked. List the hosts that you trust in `URL_HOSTS` to switch them on (and grant `--allow-net` for them).
 *
 * @module
 */
import { createExplainer } from "@ptame/ptame";
import { createHandler } from "@ptame/ptame/server";

/** Hosts to fetch pictures from by URL, such as "upload.wikimedia.org"; none means that URLs are refused. */
const URL_HOSTS: readonly string[] = [];

const handler = createHandler({
  explainer: async () => {
    const started = performance.now();
    const explainer = await createExplainer({ device: "wasm", threads: 1 });
    const megabytes = Math.round(Deno.memoryUsage().rss / 1e6);
    const milliseconds = Math.round(performance.now() - started);
    console.log(`Loaded ${explainer.backbone.name} in ${milliseconds} ms; the process takes ${megabytes} MB`);
    return explainer;
  },
  // Small queues suit small instances: the platform starts another one.
  waiting: 4,
  ...(URL_HOSTS.length > 0 ? { urls: { hosts: URL_HOSTS } } : {}),
  onAnswer: ({ method, path, status, milliseconds, error }) => {
    console.log(`${method} ${path} ${status} ${Math.round(milliseconds)} ms`);
    if (error !== undefined) console.error(error);
  },
});

export default { fetch: (request: Request): Promise<Response> => handler(request) };
