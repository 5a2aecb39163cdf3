/**
 * The error of downloads that callers are meant to catch. It is in a module of its own, so that a page can recognise it
 * without loading the library.
 *
 * @module
 */

/** A file could not be downloaded; the message contains the failure of each address. */
export class DownloadError extends Error {
  /** The name that tells it from other errors. */
  override name = "DownloadError";
}
