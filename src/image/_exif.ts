/**
 * Finds the orientation tag in a TIFF structure: a TIFF file, or the Exif block inside a JPEG, PNG or WebP.
 *
 * @module
 */

/** Location of the orientation in a file. */
export interface Orientation {
  /** 1 to 8 as in TIFF tag 274; 1 is upright. */
  readonly value: number;
  /** Index of the tag's two value bytes in the file, and their byte order. */
  readonly at: number;
  /** True when the value is stored low byte first. */
  readonly littleEndian: boolean;
}

const ORIENTATION_TAG = 274;
const SHORT = 3;
const LONG = 4;

/** The byte order of a TIFF structure at `start`, or undefined if there is none. */
export function tiffByteOrder(view: DataView, start: number): "little" | "big" | undefined {
  if (start + 8 > view.byteLength) return undefined;
  const mark = view.getUint16(start);
  if (mark === 0x4949 && view.getUint16(start + 2, true) === 42) return "little";
  if (mark === 0x4d4d && view.getUint16(start + 2) === 42) return "big";
  return undefined;
}

/** Reads the orientation of the TIFF structure at `start`; undefined if it has no valid orientation. */
export function findOrientation(view: DataView, start: number): Orientation | undefined {
  const order = tiffByteOrder(view, start);
  if (order === undefined) return undefined;
  const littleEndian = order === "little";
  const directory = start + view.getUint32(start + 4, littleEndian);
  if (directory + 2 > view.byteLength) return undefined;
  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > view.byteLength) return undefined;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION_TAG) continue;
    const type = view.getUint16(entry + 2, littleEndian);
    if (type !== SHORT && type !== LONG) return undefined;
    // A LONG has its low two bytes at the end, if it is stored high byte first.
    const at = entry + (type === LONG && !littleEndian ? 10 : 8);
    const value = view.getUint16(at, littleEndian);
    return value >= 1 && value <= 8 ? { value, at, littleEndian } : undefined;
  }
  return undefined;
}
