/**
 * Reads a whole file by URL: file: needs read permission in Deno, https: net. One way for Deno, Deno Deploy and
 * browsers, where a package's own files are URLs too.
 *
 * @module
 */

/**
 * The bytes behind a URL.
 *
 * @throws {Error} When it cannot be read; the message names `what`.
 */
export async function fetchBytes(url: URL, what: string, signal?: AbortSignal): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ?? null });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new Error(`Cannot read ${what}: no file at ${shownUrl(url)}`, { cause });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot read ${what}: ${shownUrl(url)} answered ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** A URL as a person would name the file: a path without its scheme where it is a file's. */
function shownUrl(url: URL): string {
  return url.protocol === "file:" ? decodeURIComponent(url.pathname) : url.href;
}
