/**
 * The error of downloads that callers are meant to catch; it stands alone, so that a page can tell it apart without
 * loading the library.
 *
 * @module
 */

/** A file could not be downloaded; the message says what each address answered. */
export class DownloadError extends Error {
  /** The name that tells it from other errors. */
  override name = "DownloadError";
}
