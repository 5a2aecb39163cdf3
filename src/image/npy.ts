/**
 * Writes a map as a NumPy .npy file (format version 1.0), for use in Python, and reads one.
 *
 * @module
 */

/**
 * Writes float32 values as a little-endian, C-ordered .npy file, header padded to 64 bytes.
 *
 * @param data The values, last dimension fastest.
 * @param shape The dimensions; their product is `data.length`.
 * @returns The bytes of the file; `numpy.load` reads them.
 * @throws {TypeError} When the shape does not fit the data.
 *
 * @example Write a 2 x 3 map
 * ```ts
 * import { encodeNpy } from "./npy.ts";
 *
 * const file = encodeNpy(Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5), [2, 3]);
 * if (file.length !== 128 + 24) throw new Error("unexpected size");
 * ```
 */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (count !== data.length) {
    throw new TypeError(`Cannot encode npy: shape [${shape.join(", ")}] does not hold ${data.length} values`);
  }
  // Python writes a one-element tuple with a comma.
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const headerSize = Math.ceil((10 + text.length + 1) / 64) * 64;
  const out = new Uint8Array(headerSize + 4 * data.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]); // "\x93NUMPY", version 1.0
  const view = new DataView(out.buffer);
  view.setUint16(8, headerSize - 10, true);
  out.set(new TextEncoder().encode(text.padEnd(headerSize - 11) + "\n"), 10);
  for (let i = 0; i < data.length; i++) view.setFloat32(headerSize + 4 * i, data[i]!, true);
  return out;
}

/** An array of a .npy file. */
export interface NpyArray {
  /** The dimensions, slowest first. */
  readonly shape: readonly number[];
  /** The values, last dimension fastest, as float32. */
  readonly data: Float32Array;
}

/** Types of numbers that are read, by NumPy's letters: bytes, and how to read one. */
const NPY_TYPES: Readonly<
  Record<string, readonly [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  u1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
};

/** Dimensions and values of a map are far fewer. */
const MOST_VALUES = 100_000_000;

/**
 * Reads a .npy file of numbers (format versions 1 to 3): floats of 4 or 8 bytes, integers of 1, 2 or 4, of either byte
 * order, row by row. Nothing is executed: arrays of objects are refused.
 *
 * @param name Name of the file in errors.
 * @throws {SyntaxError} When the file is damaged, or of another kind.
 *
 * @example Read what was written
 * ```ts
 * import { decodeNpy, encodeNpy } from "./npy.ts";
 *
 * const { shape, data } = decodeNpy(encodeNpy(Float32Array.of(0, 0.5), [1, 2]), "map.npy");
 * if (shape.join() !== "1,2" || data[1] !== 0.5) throw new Error("not the map");
 * ```
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const refused = (why: string) => new SyntaxError(`Cannot read ${name}: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) throw refused("it is not a .npy file");
  const wide = bytes[6]! > 1;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) throw refused("its header is cut off");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const kind = /'descr':\s*'([<>|=])(\w+)'/.exec(header);
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  const type = NPY_TYPES[kind?.[2] ?? ""];
  if (kind === null || type === undefined || dimensions === null) {
    throw refused("it holds no plain numbers; save it as float32");
  }
  if (/'fortran_order':\s*True/.test(header)) {
    throw refused("its values are stored column by column; save numpy.ascontiguousarray of it");
  }
  const shape = dimensions[1]!.split(",").map((each) => each.trim()).filter((each) => each !== "").map(
    Number,
  );
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [size, read] = type;
  if (count > MOST_VALUES) throw refused(`it has ${count} values, at most ${MOST_VALUES}`);
  if (start + length + count * size > bytes.length) {
    throw refused(`it holds fewer than the ${count} values of its shape`);
  }
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = read(view, start + length + i * size, kind[1] !== ">");
  return { shape, data };
}
