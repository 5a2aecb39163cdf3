/**
 * The seal of a safetensors file: a SHA-256 over all of its bytes, header and tensors, kept in its metadata under `seal`.
 * While it is computed, its own place holds zeros. `version` is the version of the file's format; files of version 0 have
 * neither.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";

/** The seal of a file that is not sealed yet. */
export const UNSEALED = "0".repeat(64);
const KEY = '"seal":"';

/** Where the seal's digits begin; -1 if the header has none. */
function placeOf(bytes: Uint8Array): number {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  // A quote inside another text of the header has a backslash before it, so the first match is the key.
  const at = new TextDecoder("latin1").decode(bytes.subarray(8, 8 + length)).indexOf(KEY);
  return at < 0 ? -1 : 8 + at + KEY.length;
}

/** SHA-256 of the bytes with zeros in place of the seal. */
async function digestWithout(bytes: Uint8Array, at: number): Promise<string> {
  const place = bytes.subarray(at, at + UNSEALED.length);
  const kept = place.slice();
  place.fill("0".charCodeAt(0));
  // The bytes are copied by the call itself, so nobody sees the zeros.
  const digest = crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  place.set(kept);
  return uint8ArrayToHex(await digest);
}

/**
 * Seals a file in place.
 *
 * @param bytes A safetensors file whose metadata hold {@linkcode UNSEALED} under `seal`.
 * @returns The same bytes.
 */
export async function seal<T extends Uint8Array>(bytes: T): Promise<T> {
  const at = placeOf(bytes);
  if (at < 0) throw new TypeError("Cannot seal: the metadata have no place for a seal");
  bytes.set(new TextEncoder().encode(await digestWithout(bytes, at)), at);
  return bytes;
}

/**
 * Checks version and seal of a file.
 *
 * @param metadata Its metadata.
 * @param newest The newest version of the format that is read.
 * @returns What is wrong, as the end of a sentence; `undefined` if nothing is.
 */
export async function sealFault(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  newest: number,
): Promise<string | undefined> {
  const version = Number(metadata["version"] ?? 0);
  if (!Number.isInteger(version) || version < 0) return "its version is not a number";
  if (version > newest) {
    return `it is of format version ${version}, this ptame reads up to ${newest}; update ptame`;
  }
  if (version === 0 && metadata["seal"] === undefined) return undefined;
  const at = placeOf(bytes);
  const matches = at >= 0 && await digestWithout(bytes, at) === metadata["seal"];
  return matches ? undefined : "it does not match its own SHA-256: the file is damaged";
}
