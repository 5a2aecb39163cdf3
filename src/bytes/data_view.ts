/**
 * Numbers in bytes.
 *
 * @module
 */

/** A view of the same bytes, wherever they lie in their buffer. */
export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
