/**
 * Checks what the PNG codec does not: the CRC of critical chunks. A file without an end gets one.
 *
 * @module
 */
import { ImageError } from "../types.ts";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The CRC of a part of a PNG, over type and data. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let crc = 0xffffffff;
  for (let i = start; i < end; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The chunk IEND: no data, and its CRC. */
const END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/**
 * The file up to its end chunk, every critical chunk of it with the right CRC.
 *
 * @throws {ImageError} When a chunk is cut off, or damaged.
 */
export function checkedPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw new ImageError("truncated PNG");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    // An upper-case first letter says that the image cannot be read without the chunk.
    if (type[0]! <= "Z" && crc32(bytes, at + 4, end) !== view.getUint32(end)) {
      throw new ImageError(`damaged PNG (the CRC of its chunk ${type} is wrong)`);
    }
    if (type === "IEND") return bytes;
    at = end + 4;
    if (at === bytes.length) return withEnd(bytes);
  }
  throw new ImageError("truncated PNG");
}

function withEnd(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + END.length);
  out.set(bytes);
  out.set(END, bytes.length);
  return out;
}
