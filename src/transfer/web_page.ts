/**
 * Recognises a web page where a file was requested.
 *
 * @module
 */

/** Whether a response is a web page: a login page, or the page that a server sends for every unknown address. */
export function isWebPage(headers: Headers): boolean {
  return /^text\/html/i.test(headers.get("content-type") ?? "");
}
