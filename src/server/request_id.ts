/**
 * The name of a request in logs: the client's own, so that its log and the server's can be read together, or a new one.
 *
 * @module
 */

/** The header of the request and of the response. */
export const REQUEST_ID = "x-request-id";

/** The request's id. One that is long, or holds signs that could forge a line of a log, is replaced. */
export function requestId(headers: Headers): string {
  const given = headers.get(REQUEST_ID) ?? "";
  return /^[\w.:-]{1,64}$/.test(given) ? given : crypto.randomUUID();
}
