/**
 * Texts out of untrusted files as they may stand in an error: one line, no control characters, not long.
 *
 * @module
 */

/** Characters of a foreign text that an error shows. */
const LONGEST = 120;

/** The text on one line: control characters and line separators as �, the middle cut out of a long one. */
export function shown(text: string): string {
  return oneLine(text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)}…${text.slice(-LONGEST / 2)}`);
}

/** The same, whole. */
export function oneLine(text: string): string {
  // Halves of a surrogate pair, left by a cut or by the file, are no text either.
  // deno-lint-ignore no-control-regex
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
}
