/**
 * Two files that must be the same, compared byte by byte.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A file of both runs. */
export interface Compared {
  readonly name: string;
  /** Its size, of the first one. */
  readonly bytes: number;
  /** SHA-256 of the first one. */
  readonly sha256: string;
  readonly same: boolean;
  /** Where they part: "records.jsonl, line 3". */
  readonly difference?: string;
}

/** Compares two files. */
export function compareFiles(name: string, first: string, second: string): Compared {
  const [a, b] = [Deno.readFileSync(first), Deno.readFileSync(second)];
  const facts = { name, bytes: a.length, sha256: createHash("sha256").update(a).digest("hex") };
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0 && a.length === b.length) return { ...facts, same: true };
  const before = a.subarray(0, at < 0 ? a.length : at);
  const line = before.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  return { ...facts, same: false, difference: `${name}, line ${line}` };
}
