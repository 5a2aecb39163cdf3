/**
 * Responses that stay the same until the server changes, with an entity tag for caching.
 *
 * @module
 */
import { entityTag, namesTag } from "./negotiation.ts";

/** Contents with their type and further headers. */
export interface Resource {
  /** The contents. */
  readonly body: Uint8Array<ArrayBuffer> | string;
  /** Content type. */
  readonly type: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a GET: the contents, or 304 for a client that has them. Clients must revalidate each time. */
export async function resourceResponse(
  request: Request,
  { body, type, headers = {} }: Resource,
): Promise<Response> {
  const tag = await entityTag(body);
  const common = { "cache-control": "no-cache", etag: tag, ...headers };
  if (namesTag(request.headers.get("if-none-match"), tag)) {
    return new Response(null, { status: 304, headers: common });
  }
  return new Response(body, { headers: { ...common, "content-type": type } });
}

/** A JSON document as a resource. */
export function jsonResource(document: unknown): Resource {
  return { body: JSON.stringify(document, null, 2) + "\n", type: "application/json" };
}
