/**
 * Headers of every response: what a browser may do with it, and which other origins may read it.
 *
 * @module
 */

/** Origins whose pages may read the responses: a list, or "*" for all. */
export type AllowedOrigins = readonly string[] | "*";

/**
 * Allows the page's own scripts, styles and images, and images made in it; nothing from other origins, and no framing.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Headers that other origins may read, besides the few that are always readable. */
const EXPOSED = "ETag, Retry-After, Server-Timing, X-Request-Id";

/** Sets the headers of every response, unless the response already has them. */
export function secure(headers: Headers, cors: AllowedOrigins | undefined): void {
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", DATA_POLICY);
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", cors === undefined ? "same-origin" : "cross-origin");
}

/** Lets the request's origin read the response, if it is allowed. */
export function allowOrigin(headers: Headers, origin: string | null, cors: AllowedOrigins | undefined): void {
  if (cors === undefined) return;
  if (cors !== "*") headers.append("vary", "origin");
  if (origin === null || (cors !== "*" && !cors.includes(origin))) return;
  headers.set("access-control-allow-origin", cors === "*" ? "*" : origin);
  headers.set("access-control-expose-headers", EXPOSED);
}

/** The response to OPTIONS: the methods of a path, and whether another origin's page may use them. */
export function optionsResponse(methods: readonly string[], cors: AllowedOrigins | undefined): Response {
  const headers = new Headers({ allow: methods.join(", ") });
  if (cors !== undefined) {
    headers.set("access-control-allow-methods", methods.join(", "));
    headers.set("access-control-allow-headers", "authorization, content-type, accept, if-none-match");
    headers.set("access-control-max-age", "3600");
  }
  return new Response(null, { status: 204, headers });
}
