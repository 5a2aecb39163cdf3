/**
 * `POST /explain`: checks the query, reads the body, takes a place in the queue, and runs the networks.
 *
 * @module
 */
import { resolveTarget } from "../classifier/target.ts";
import type { Budget } from "./budget.ts";
import { enterOrRefuse, type Place, type Queue, refuseIfFull } from "./queue.ts";
import { discardBody } from "./body.ts";
import { deadline, orAborted } from "./deadline.ts";
import { HttpError } from "./errors.ts";
import { explanationHeaders, explanationResponse } from "./explanation_response.ts";
import type { LazyExplainer } from "./loading.ts";
import { entityTag, namesTag } from "./negotiation.ts";
import type { ResponseCache } from "./response_cache.ts";
import { type StageTimes, timed } from "./stages.ts";
import { checkBody, type ImageLimits, readRequestImage } from "./request_image.ts";
import { type ExplainQuery, readQuery } from "./query.ts";
import type { ServedExplainer } from "./served.ts";

/** The parts that the route uses. */
export interface ExplainRoute {
  /** The explainer. */
  readonly lazy: LazyExplainer;
  /** The queue of requests. */
  readonly queue: Queue;
  /** Bytes of all bodies and fetched images. */
  readonly bytes: Budget;
  /** Images that are being fetched. */
  readonly fetches: Budget;
  /** Limits for the image. */
  readonly limits: ImageLimits;
  /** Maximum number of steps to refine a map. */
  readonly maxRefine: number;
  /** Milliseconds for a request from its headers to its response. */
  readonly deadline: number;
  /** Responses that were given before. */
  readonly cache: ResponseCache;
}

/** Time to read the rest of a refused request's body, so that its sender reads the response. */
const DISCARD_MILLISECONDS = 2000;

/** Status of a request whose client has disconnected; only the log shows it. */
const CLIENT_GONE = 499;

/** Answers one request. */
export async function explainRoute(
  request: Request,
  url: URL,
  client: string,
  route: ExplainRoute,
  times: StageTimes,
): Promise<Response> {
  const { queue, limits } = route;
  let query: ExplainQuery;
  try {
    query = readQuery(url.searchParams, request.headers.get("accept"), route.maxRefine);
    checkBody(request.headers, limits);
    refuseSeveralInOneImage(query);
    refuseIfFull(queue, client);
  } catch (error) {
    await discardBody(request, limits.maxBodyBytes, DISCARD_MILLISECONDS);
    throw error;
  }
  const limit = deadline(
    route.deadline,
    () => tooLate(route.deadline, queue.retryAfter()),
    request.signal,
  );
  const shares = { bytes: route.bytes.share(client), fetches: route.fetches.share(client) };
  let place: Place | undefined;
  try {
    const image = await timed(
      times,
      "receive",
      () => readRequestImage(request, limits, limit.signal, shares),
    );
    const asked = { route, query, image, signal: limit.signal, times };
    // While the networks load, requests wait in the queue.
    const known = route.lazy.loaded
      ? await identify(asked, await orAborted(route.lazy.load(), limit.signal))
      : undefined;
    const stored = known && storedResponse(request, known, route);
    if (stored !== undefined) return stored;
    // Only now: a sender that is slow holds no place.
    place = enterOrRefuse(queue, client);
    const began = performance.now();
    const act = () => {
      times.wait = performance.now() - began;
      return answer(request, asked, known);
    };
    return await place.run(act, limit.signal);
  } catch (error) {
    if (request.signal.aborted && !(error instanceof HttpError)) {
      throw new HttpError(CLIENT_GONE, "client_gone", "The client closed the connection");
    }
    throw error;
  } finally {
    limit.stop();
    shares.bytes.free();
    place?.leave();
  }
}

function tooLate(milliseconds: number, retryAfter: number): HttpError {
  return new HttpError(503, "deadline", `Cannot explain within ${milliseconds / 1000} s`, {
    "retry-after": String(retryAfter),
  });
}

function refuseSeveralInOneImage({ format, targets, topK }: ExplainQuery): void {
  const asked = Math.max(targets.length, topK);
  if (format !== "png" || asked === 1) return;
  throw new HttpError(400, "invalid_query", `A PNG shows one class, not ${asked}: ask for them one by one`);
}

interface Asked {
  readonly route: ExplainRoute;
  readonly query: ExplainQuery;
  readonly image: Uint8Array;
  readonly signal: AbortSignal;
  /** Filled as the request goes through its stages. */
  readonly times: StageTimes;
}

/** What a request asks for, once the networks are loaded. */
interface Identified {
  readonly served: ServedExplainer;
  /** Classes to explain; empty for the most probable ones. */
  readonly targets: readonly number[];
  /** The entity tag of the response. */
  readonly tag: string;
}

async function identify({ query, image }: Asked, served: ServedExplainer): Promise<Identified> {
  const { backbone, identity } = served.facts;
  const targets = query.targets.map((target) => classNamed(target, backbone.labels));
  const options = JSON.stringify([targets, query.topK, query.refine, query.format, query.looks]);
  return { served, targets, tag: await entityTag(image, options, identity) };
}

/** The response without running anything, if the client or the cache has it. */
function storedResponse(
  request: Request,
  { tag }: Identified,
  { cache }: ExplainRoute,
): Response | undefined {
  // For methods other than GET, 412 tells a client that it already has the response (RFC 9110, 13.1.2).
  if (namesTag(request.headers.get("if-none-match"), tag)) {
    return new Response(null, { status: 412, headers: explanationHeaders(tag) });
  }
  const found = cache.find(tag);
  return found && explanationResponse(found, tag, {});
}

/** Runs the networks when it is the request's turn. */
async function answer(request: Request, asked: Asked, known: Identified | undefined): Promise<Response> {
  const { route, query, image, signal, times } = asked;
  await orAborted(route.lazy.load(), signal);
  return await route.lazy.use(async (served) => {
    // The networks may have been exchanged while this request waited.
    const identified = known?.served === served ? known : await identify(asked, served);
    // Another request may have been answered meanwhile.
    const stored = storedResponse(request, identified, route);
    if (stored !== undefined) return stored;
    const { targets, tag } = identified;
    const { topK, refine, format, looks } = query;
    const ask = { targets, topK, refine, format, looks, decode: route.limits.decode };
    const response = await served.answer(image, ask, { signal, times });
    route.cache.keep(tag, response);
    return explanationResponse(response, tag, times);
  });
}

function classNamed(target: string, labels: readonly string[]): number {
  try {
    return resolveTarget(target, labels);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HttpError(400, "unknown_class", error.message);
  }
}
