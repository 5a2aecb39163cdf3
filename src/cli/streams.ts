/**
 * Standard input and output as files, both named `-`.
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";

/** The name of standard input among arguments, of standard output as `--out`. A file of this name is `./-`. */
export const STREAM = "-";

/** Ten times the largest photographs. */
const MOST_BYTES = 1_000_000_000;

/**
 * All of standard input.
 *
 * @throws {Error} When it is a terminal, empty or too long.
 */
export async function readStdin(): Promise<Uint8Array> {
  const refused = (why: string) => new Error(`Cannot read the image of standard input: ${why}`);
  if (Deno.stdin.isTerminal()) throw refused("it is a terminal; write explain - < photo.jpg");
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of Deno.stdin.readable) {
    length += part.length;
    if (length > MOST_BYTES) throw refused(`it has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  if (length === 0) throw refused("it is empty");
  return concatUint8Arrays(parts);
}

/** Writes bytes to standard output. */
export async function writeStdout(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
