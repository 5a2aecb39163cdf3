/**
 * What a page says to a new service worker that waits.
 *
 * @module
 */

/** The old version is not needed any more. */
export const TAKE_OVER = "take over";
