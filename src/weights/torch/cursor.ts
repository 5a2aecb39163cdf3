/**
 * Reads bytes sequentially from a part of a source, through a window of a few kilobytes, because the end of a pickle in
 * a large file is known only at its last byte.
 *
 * @module
 */
import { type ByteSource, checkInside } from "../../bytes/byte_source.ts";

/** A moving position in a source. */
export interface Cursor {
  /** The position of the next byte, counted from the start of the source. */
  position(): number;
  /** Bytes left. */
  left(): number;
  /** The next byte. */
  byte(): number;
  /** The next bytes, as a view that is valid until the next call; copy bytes that are kept. */
  bytes(length: number): Uint8Array;
  /** The bytes up to a line feed, which is consumed, too. */
  line(longest: number): Uint8Array;
}

const WINDOW = 1 << 16;

/**
 * Opens the part from `offset` to `end`.
 *
 * Each read throws a RangeError where the part ends too early.
 */
export function openCursor(
  source: ByteSource,
  part: { readonly offset: number; readonly end: number },
): Cursor {
  checkInside(source.size, part.offset, part.end - part.offset);
  let at = part.offset;
  let window: Uint8Array = new Uint8Array();
  let start = at;
  const need = (length: number): void => {
    if (length > part.end - at) {
      throw new RangeError(`it ends at byte ${part.end}, ${length} more are needed at byte ${at}`);
    }
  };
  const bytes = (length: number): Uint8Array => {
    need(length);
    if (at + length > start + window.length) {
      start = at;
      window = source.read(at, Math.min(Math.max(length, WINDOW), part.end - at));
    }
    const found = window.subarray(at - start, at - start + length);
    at += length;
    return found;
  };
  const byte = (): number => {
    const next = at < part.end ? window[at - start] : undefined;
    if (next === undefined) return bytes(1)[0]!;
    at++;
    return next;
  };
  return {
    position: () => at,
    left: () => part.end - at,
    byte,
    bytes,
    line: (longest) => {
      const begin = at;
      for (let length = 0; length <= longest; length++) {
        if (byte() !== 0x0a) continue;
        at = begin;
        return bytes(length + 1).subarray(0, length);
      }
      throw new RangeError(`it has a line of more than ${longest} bytes at byte ${begin}`);
    },
  };
}
