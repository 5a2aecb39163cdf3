/**
 * Pictures for tests: the shipped sample, and files that are not what they say.
 *
 * @module
 */

/** The shipped sample, a JPEG of 451 × 300 pixels. */
export const SAMPLE: Uint8Array<ArrayBuffer> = Deno.readFileSync(
  new URL("../../models/sample/chelsea.jpg", import.meta.url),
);

/** The first bytes of a PNG whose header promises so many pixels: a decompression bomb without its charge. */
export function pngHeader(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes.set([8, 2, 0, 0, 0], 24);
  return bytes;
}
