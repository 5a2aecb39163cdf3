/**
 * Reads a whole file by URL: file: needs read permission in Deno, https: net. The same for every runtime, because a
 * package's own files are URLs everywhere.
 *
 * @module
 */
import { readFileUrl } from "../platform/file_url.ts";
import { isWebPage } from "../transfer/web_page.ts";

/**
 * The bytes at a URL.
 *
 * @throws {Error} When it cannot be read; the message names `what`.
 */
export async function fetchBytes(url: URL, what: string, signal?: AbortSignal): Promise<Uint8Array> {
  let response: Response;
  try {
    const own = await readFileUrl(url, signal);
    if (own !== undefined) return own;
    response = await fetch(url, { signal: signal ?? null });
    const isPage = isWebPage(response.headers) && !url.pathname.endsWith(".html");
    if (response.ok && !isPage) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new Error(`Cannot read ${what} at ${shownUrl(url)}: ${failureReason(cause, url)}`, { cause });
  }
  await response.body?.cancel();
  // Servers of single-page programs answer every unknown address with their page.
  const said = response.ok ? "sends a web page, not the file" : `answered ${response.status}`;
  throw new Error(`Cannot read ${what} at ${shownUrl(url)}: the server ${said}`);
}

/** The reason of a failed fetch, in a few words. */
function failureReason(cause: unknown, url: URL): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/not found|no such file/i.test(text)) return "there is no such file";
  if (/directory/i.test(text)) return "it is a folder";
  if (/permission|requires .* access/i.test(text)) return "permission denied";
  return url.protocol === "file:"
    ? "there is no such file, or it cannot be read"
    : "the server cannot be reached";
}

/** A URL for people: the path if it is a file URL. */
function shownUrl(url: URL): string {
  return url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
}
