/**
 * Explanations over HTTP: a function from `Request` to `Promise<Response>`, without a listener of its own.
 *
 * | request | answer |
 * |---|---|
 * | `POST /explain?target=…&topK=…&refine=…&format=json\|png\|npy&colours=…&opacity=…` | the explanation of the image in the body (an image, a form with one file, or JSON with an https URL) |
 * | `GET /models` | the classifier, auxiliary and head |
 * | `GET /healthz`, `GET /readyz` | health and load; whether the networks are loaded |
 * | `GET /metrics` | counts and times for Prometheus, if the option `metrics` writes them |
 * | `GET /openapi.json` | this interface, for programs |
 * | `GET /` | a page to drop images on |
 *
 * Errors are `{ "error": { "code", "message" } }`.
 *
 * @example Explain an image
 * ```ts
 * import { createHandler } from "@ptame/ptame/server";
 *
 * const handler = createHandler();
 * const body = await Deno.readFile("models/sample/chelsea.jpg");
 * const request = new Request("http://localhost/explain?topK=2", {
 *   method: "POST",
 *   headers: { "content-type": "image/jpeg" },
 *   body,
 * });
 * const { targets } = await (await handler(request)).json();
 * console.assert(targets.length === 2 && targets[0].map.values.length === 56 * 56);
 * await handler.close();
 * ```
 *
 * With Deno, serve it by `Deno.serve(handler)`; see `examples/edge/main.ts` and `deno task serve`.
 *
 * @module
 */
export {
  type Answered,
  createHandler,
  type Handler,
  type HandlerOptions,
  type ServerState,
} from "./handler.ts";
export type { ClientInfo } from "./client_address.ts";
export type { ClientKey } from "./client_keys.ts";
export type { DecodeSettings } from "../image/decode.ts";
export type { AllowedOrigins } from "./headers.ts";
export type { ExplanationDocument } from "./explanation_response.ts";
export type { Refinement, RefineWay } from "../explanation/refinement.ts";
export type { Stage, StageTimes } from "./stages.ts";
export type { ServedExplainer, ServedFacts, ServedRequest } from "./served.ts";
export type { ExplainerSource } from "./loading.ts";
export type { Format } from "./negotiation.ts";
export type { StoredResponse } from "./response_cache.ts";
export type { ModelsDocument } from "./models_route.ts";
export type { RemoteImages } from "./remote_image.ts";
