/**
 * Writes a map as a NumPy .npy file (format version 1.0), for use in Python.
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
