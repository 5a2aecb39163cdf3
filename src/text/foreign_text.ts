/**
 * Makes texts from untrusted files safe for an error: one line, no control characters, limited length.
 *
 * @module
 */

/** Maximum number of characters of a foreign text in an error. */
const LONGEST = 120;

/** The text on one line: control characters and line separators as �, the middle cut out of a long one. */
export function shortened(text: string): string {
  return oneLine(text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)}…${text.slice(-LONGEST / 2)}`);
}

/** The same without a limit of length. */
export function oneLine(text: string): string {
  // Lone surrogates, from a cut or from the file, are invalid, too.
  // deno-lint-ignore no-control-regex
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
}
