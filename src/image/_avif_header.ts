/**
 * Reads the size and the turning of an AVIF. Its codec applies no turning.
 *
 * @module
 */
import type { Orientation } from "./_exif.ts";
import { ImageError } from "./types.ts";

/** Where the content of a box with this name begins, if it has at least `content` bytes; -1 if none is near the start. */
function findBox(bytes: Uint8Array, name: string, from: number, content: number): number {
  const letters = [...name].map((letter) => letter.charCodeAt(0));
  const end = Math.min(bytes.length, 2 ** 20) - 4 - content;
  for (
    let at = bytes.indexOf(letters[0]!, from);
    at >= 4 && at <= end;
    at = bytes.indexOf(letters[0]!, at + 1)
  ) {
    if (letters.every((letter, i) => bytes[at + i] === letter)) return at + 4;
  }
  return -1;
}

/**
 * EXIF's number for HEIF's turning (anticlockwise, in steps of 90 degrees), which is followed by its mirror (0 swaps top and
 * bottom, 1 left and right).
 */
const TURNED: readonly (readonly [none: number, topBottom: number, leftRight: number])[] = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

/** The largest size that the file names (others are of thumbnails and tiles), and its turning. */
export function readAvif(
  bytes: Uint8Array,
  view: DataView,
): { width: number; height: number; orientation: Orientation | undefined } {
  let [width, height] = [0, 0];
  for (let at = findBox(bytes, "ispe", 8, 12); at >= 0; at = findBox(bytes, "ispe", at, 12)) {
    const [wide, high] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    if (wide * high > width * height) [width, height] = [wide, high];
  }
  if (width === 0) throw new ImageError("truncated or damaged AVIF (it names no size)");
  const [turning, mirror] = [findBox(bytes, "irot", 8, 1), findBox(bytes, "imir", 8, 1)];
  if (turning < 0 && mirror < 0) return { width, height, orientation: undefined };
  const turned = TURNED[turning < 0 ? 0 : bytes[turning]! & 3]!;
  const value = turned[mirror < 0 ? 0 : 1 + (bytes[mirror]! & 1)]!;
  return { width, height, orientation: { value, at: turning < 0 ? mirror : turning, littleEndian: false } };
}
