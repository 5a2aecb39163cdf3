/**
 * Asks a server what lies at an address, without reading it.
 *
 * @module
 */
import { DownloadError } from "../download/errors.ts";
import { isWebPage } from "../../transfer/web_page.ts";

/** A file as its server describes it. */
export interface WebFile {
  /** Its length. */
  readonly bytes: number;
  /** Its version: the entity tag, else the time of its last change; absent if the server says neither. */
  readonly tag?: string;
}

/**
 * Length and version of a file.
 *
 * @throws {DownloadError} When the server cannot be reached, has no such file, or does not say how long it is.
 */
export async function askFile(
  url: URL,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<WebFile> {
  const failed = (why: string, cause?: unknown) =>
    new DownloadError(`Cannot load ${url.protocol}//${url.host}${url.pathname}: ${why}`, { cause });
  let response: Response;
  try {
    // The length of a compressed answer would be another.
    const headers = { "accept-encoding": "identity" };
    response = await fetch(url, { method: "HEAD", headers, signal: signal ?? null });
  } catch (cause) {
    signal?.throwIfAborted();
    const why = (cause as Error).name === "NotCapable"
      ? (cause as Error).message
      : `${url.host} cannot be reached`;
    throw failed(`${why}; offline uses what was downloaded before`, cause);
  }
  await response.body?.cancel();
  if (!response.ok) throw failed(`the server answered ${response.status}`);
  if (isWebPage(response.headers)) {
    throw failed("the server sends a web page, not the file");
  }
  const bytes = Number(response.headers.get("content-length") ?? NaN);
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw failed("the server does not say how long the file is");
  }
  const tag = response.headers.get("etag") ?? response.headers.get("last-modified");
  return tag === null ? { bytes } : { bytes, tag };
}
