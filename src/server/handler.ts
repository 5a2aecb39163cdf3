/**
 * The server as a function from request to response, for any platform with these types: Deno, Deno Deploy, or a
 * framework that passes requests on. It does not listen or handle system signals; src/cli/serve.ts does.
 *
 * @module
 */
import type { DecodeSettings } from "../image/decode.ts";
import { createExplainer } from "../ptame/explainer.ts";
import { REFINE_STEPS } from "../ptame/refine/types.ts";
import { checkAccess } from "./access.ts";
import { createBudget } from "./budget.ts";
import { type ClientKey, createKeyLimits } from "./client_keys.ts";
import { type ClientInfo, clientKey } from "./client_address.ts";
import { discardBody } from "./body.ts";
import { errorResponse, HttpError, toHttpError } from "./errors.ts";
import { explainRoute } from "./explain_route.ts";
import { type AllowedOrigins, allowOrigin, optionsResponse, secure } from "./headers.ts";
import { type ExplainerSource, lazyExplainer, modelState } from "./loading.ts";
import { modelsResource } from "./models_route.ts";
import { openapiDocument } from "./openapi.ts";
import { PAGE_FILES, pageFile } from "./page.ts";
import type { ImageLimits } from "./request_image.ts";
import { createQueue } from "./queue.ts";
import type { RemoteImages } from "./remote_image.ts";
import { REQUEST_ID, requestId } from "./request_id.ts";
import { createResponseCache } from "./response_cache.ts";
import type { StageTimes } from "./stages.ts";
import { jsonResource, resourceResponse } from "./resource.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** Options of the handler. */
export interface HandlerOptions {
  /**
   * The explainer, or a function that creates it. The function is called once, on first use, again after a failure, and
   * by `reload()`. By default `createExplainer()`. A given explainer stays the caller's; `close()` releases a created
   * one. A {@linkcode ServedExplainer} may run in other threads.
   */
  readonly explainer?: ExplainerSource | (() => Promise<ExplainerSource>);
  /** Maximum size of a body in bytes; 10 MB by default. */
  readonly maxBodyBytes?: number;
  /** What reading an image may cost; at most 2^24 pixels, 384 MB and 5 s by default. */
  readonly decode?: DecodeSettings;
  /** Maximum number of steps to refine a map, 0 for none; 20 by default. */
  readonly maxRefine?: number;
  /** Explanations that run at the same time; 1 by default. More are of use if the explainer has as many threads. */
  readonly atOnce?: number;
  /** Maximum number of waiting requests, fewer if waiting would take half of the deadline; 8 by default. */
  readonly waiting?: number;
  /** Milliseconds for a request, from its headers to its response; 30 s by default. */
  readonly deadline?: number;
  /** Milliseconds for a body to arrive; 10 s by default. */
  readonly bodyDeadline?: number;
  /** How to fetch images by https URL; without it, they are not fetched. */
  readonly urls?: RemoteImages;
  /**
   * Origins of other sites whose pages may send requests and read the responses; none by default. Requests of other
   * sites' pages are refused.
   */
  readonly cors?: AllowedOrigins;
  /**
   * Names of the server (the Host header of requests), besides this machine's own and bare addresses; any by
   * default. A server on a user's machine needs it against DNS rebinding.
   */
  readonly hosts?: readonly string[];
  /** A token that requests must carry (`Authorization: Bearer …`), except those of /healthz, /readyz and the page. */
  readonly token?: string;
  /** Tokens of single clients, each with a name and a limit. A request must carry one of them, or `token`. */
  readonly keys?: readonly ClientKey[];
  /** Whether `/` is the start page; true by default. */
  readonly page?: boolean;
  /** Bytes of responses that are kept, so that the same request is answered without running anything; 0 by default. */
  readonly cacheBytes?: number;
  /** Writes the metrics that `GET /metrics` answers; without it, there is no such path. */
  readonly metrics?: (state: ServerState) => Promise<string>;
  /** Called for every response. */
  readonly onAnswer?: (answer: Answered) => void;
}

/** The state of a server, for its metrics. */
export interface ServerState {
  /** Requests that run or wait. */
  readonly taken: number;
  /** How many may. */
  readonly places: number;
  /** "ok" once the networks are loaded. */
  readonly status: "ok" | "loading" | "stopping";
  /** The networks, once they are loaded. */
  readonly model?: {
    readonly name: string;
    readonly auxiliary: string;
    readonly head: string;
    readonly trained: boolean;
    readonly device: string;
  };
}

/** A response, for a log. */
export interface Answered {
  /** The request's id: the client's X-Request-Id, or a new one. */
  readonly id: string;
  /** Method of the request. */
  readonly method: string;
  /** Path of the request, without its query. */
  readonly path: string;
  /** Status of the response. */
  readonly status: number;
  /** Name of the client whose key the request carried. */
  readonly client?: string;
  /** Duration in milliseconds. */
  readonly milliseconds: number;
  /** Milliseconds of the stages of an explanation, as far as it came. */
  readonly stages: Readonly<StageTimes>;
  /** Why the request was refused: the code of its error. */
  readonly code?: string;
  /** The internal error if the status is 500 or above; clients do not see it. */
  readonly error?: unknown;
}

/** Answers requests; never rejects. */
export interface Handler {
  /**
   * Answers one request.
   *
   * @param client The sender's address, so that clients share the server fairly; what `Deno.serve` hands to its handler.
   */
  (request: Request, client?: ClientInfo): Promise<Response>;
  /** Loads the networks now instead of at the first request. */
  ready(): Promise<void>;
  /**
   * Creates the explainer anew and exchanges it, such as for a new head: no request is dropped, and each is answered by
   * one of both as a whole.
   *
   * @throws {TypeError} When the option `explainer` is not a function.
   * @throws What the function throws. Then the old explainer stays.
   */
  reload(): Promise<void>;
  /** Refuses new explanations, waits for running ones, and releases the networks. */
  close(): Promise<void>;
}

/** Who asks. */
interface Client {
  /** The address or the key's name, so that clients share the server fairly. */
  readonly share: string;
  readonly key: ClientKey | undefined;
}

type Route = (request: Request, url: URL, client: Client, times: StageTimes) => Promise<Response>;

/** The text format of Prometheus. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Bodies of refused requests are read up to this size and time, so that their senders read the response. */
const DISCARD = { bytes: 1_000_000, milliseconds: 1000 };

/** Refuses a request, once its body has been read. */
async function refuse(request: Request, error: unknown): Promise<never> {
  await discardBody(request, DISCARD.bytes, DISCARD.milliseconds);
  throw error;
}

const LONGEST_DEADLINE = 2 ** 31 - 1;

function checked(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new RangeError(`Cannot serve with ${name} ${value}: it must be a whole number of at least ${least}`);
}

/**
 * Makes the handler.
 *
 * @throws {RangeError} When a limit is not a whole number.
 * @throws {TypeError} When URLs are allowed without a resolver and without a list of hosts.
 *
 * @example Explain over HTTP, without a network
 * ```ts
 * import { createHandler } from "./handler.ts";
 *
 * const handler = createHandler();
 * const health = await handler(new Request("http://localhost/healthz"));
 * console.assert(health.status === 200);
 * await handler.close();
 * ```
 */
export function createHandler(options: HandlerOptions = {}): Handler {
  const { urls, cors, page = true } = options;
  if (urls !== undefined && urls.resolve === undefined && urls.hosts === undefined) {
    throw new TypeError("Cannot allow URLs: give a resolver, a list of hosts, or both");
  }
  const limits: ImageLimits = {
    maxBodyBytes: checked("maxBodyBytes", options.maxBodyBytes ?? 10_000_000, 1),
    decode: {
      ...options.decode,
      maxPixels: checked("decode.maxPixels", options.decode?.maxPixels ?? 2 ** 24, 1),
    },
    bodyDeadline: Math.min(checked("bodyDeadline", options.bodyDeadline ?? 10_000, 1), LONGEST_DEADLINE),
    urls,
  };
  const deadline = Math.min(checked("deadline", options.deadline ?? 30_000, 1), LONGEST_DEADLINE);
  const waiting = checked("waiting", options.waiting ?? 8, 0);
  const maxRefine = checked("maxRefine", options.maxRefine ?? REFINE_STEPS, 0);
  const atOnce = checked("atOnce", options.atOnce ?? 1, 1);
  const places = waiting + atOnce;
  const queue = createQueue(waiting, deadline / 2, atOnce);
  const access = { hosts: options.hosts, origins: cors, token: options.token, keys: options.keys };
  const keyLimits = createKeyLimits();
  // Every place may hold the largest body, and as many requests may be arriving.
  const bytes = createBudget(2 * places * limits.maxBodyBytes, "images are being received");
  const fetches = createBudget(2 * places, "images are being fetched");
  const lazy = lazyExplainer(options.explainer ?? (() => createExplainer()));
  const cache = createResponseCache(checked("cacheBytes", options.cacheBytes ?? 0, 0));
  let closing: Promise<void> | undefined;

  const explain: Route = async (request, url, client, times) => {
    if (closing !== undefined) {
      return await refuse(
        request,
        new HttpError(503, "stopping", "Cannot explain: the server is stopping", { "retry-after": "5" }),
      );
    }
    try {
      if (client.key !== undefined) keyLimits.count(client.key);
    } catch (error) {
      return await refuse(request, error);
    }
    return await explainRoute(request, url, client.share, {
      ...{ lazy, queue, bytes, fetches, limits, maxRefine, deadline, cache },
    }, times);
  };
  const models: Route = async (request) =>
    await resourceResponse(request, modelsResource((await lazy.load()).facts));
  const state = (status: ServerState["status"]) => {
    const document = { status, taken: queue.taken, places };
    const headers = { "cache-control": "no-store" };
    return Promise.resolve(Response.json(document, { status: status === "ok" ? 200 : 503, headers }));
  };
  const healthz: Route = () => state(closing === undefined ? "ok" : "stopping");
  const readiness = () => closing !== undefined ? "stopping" : lazy.loaded ? "ok" : "loading";
  const readyz: Route = () => state(readiness());
  const { metrics: write } = options;
  const metrics = write && (async () => {
    const model = lazy.loaded ? modelState((await lazy.load()).facts) : undefined;
    const text = await write({
      ...{ taken: queue.taken, places, status: readiness() },
      ...withoutUndefined({ model }),
    });
    return new Response(text, { headers: { "content-type": METRICS_TYPE, "cache-control": "no-store" } });
  });
  const described = jsonResource(
    openapiDocument({
      ...{ ...limits, maxRefine, waiting, deadline, urls: urls !== undefined },
      maxPixels: limits.decode.maxPixels,
      token: options.token !== undefined || options.keys !== undefined,
      metrics: metrics !== undefined,
    }),
  );
  const openapi: Route = (request) => resourceResponse(request, described);

  const routes = new Map<string, Readonly<Record<string, Route>>>([
    ["/explain", { POST: explain }],
    ["/models", { GET: models }],
    ["/healthz", { GET: healthz }],
    ["/readyz", { GET: readyz }],
    ["/openapi.json", { GET: openapi }],
    ...(metrics === undefined ? [] : [["/metrics", { GET: metrics }] as const]),
  ]);
  if (page) {
    for (const path of Object.keys(PAGE_FILES)) {
      routes.set(path, { GET: async (request) => await resourceResponse(request, await pageFile(path)) });
    }
  }

  async function admit(request: Request, url: URL): Promise<ClientKey | undefined> {
    try {
      return await checkAccess(request, url, access, page && url.pathname in PAGE_FILES);
    } catch (error) {
      return await refuse(request, error);
    }
  }

  async function route(request: Request, url: URL, client: Client, times: StageTimes): Promise<Response> {
    const methods = routes.get(url.pathname);
    if (methods === undefined) {
      return await refuse(
        request,
        new HttpError(404, "not_found", "Not found; GET /openapi.json lists all paths"),
      );
    }
    const allowed = Object.keys(methods).flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
    if (request.method === "OPTIONS") return optionsResponse([...allowed, "OPTIONS"], cors);
    const act = methods[request.method === "HEAD" ? "GET" : request.method];
    if (act === undefined) {
      const allow = [...allowed, "OPTIONS"].join(", ");
      return await refuse(
        request,
        new HttpError(405, "method_not_allowed", `Cannot ${request.method} this path: ${allow}`, { allow }),
      );
    }
    const response = await act(request, url, client, times);
    if (request.method !== "HEAD") return response;
    const headers = new Headers(response.headers);
    headers.set("content-length", `${(await response.arrayBuffer()).byteLength}`);
    return new Response(null, { status: response.status, headers });
  }

  async function handle(request: Request, client?: ClientInfo): Promise<Response> {
    const started = performance.now();
    const id = requestId(request.headers);
    const stages: StageTimes = {};
    let path = "";
    let response: Response;
    let error: unknown;
    let code: string | undefined;
    let key: ClientKey | undefined;
    try {
      const url = new URL(request.url);
      path = url.pathname;
      key = await admit(request, url);
      const share = key === undefined ? clientKey(client) : `key ${key.name}`;
      response = await route(request, url, { share, key }, stages);
    } catch (caught) {
      const refused = toHttpError(caught);
      if (refused.status >= 500) error = refused === caught ? refused.cause ?? refused : caught;
      code = refused.code;
      response = errorResponse(refused);
    }
    response.headers.set(REQUEST_ID, id);
    secure(response.headers, cors);
    allowOrigin(response.headers, request.headers.get("origin"), cors);
    options.onAnswer?.({
      id,
      method: request.method,
      path,
      status: response.status,
      milliseconds: performance.now() - started,
      stages,
      ...withoutUndefined({ client: key?.name, code, error }),
    });
    return response;
  }

  return Object.assign(handle, {
    ready: async () => {
      await lazy.load().catch((error) => {
        throw error instanceof HttpError ? error.cause : error;
      });
    },
    reload: () => lazy.renew(),
    close: () => closing ??= queue.idle().then(() => lazy.dispose()),
  });
}
