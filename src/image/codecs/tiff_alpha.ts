/**
 * Finds RGB TIFFs of four samples that do not say what the fourth is. PIL takes it for opacity, ImageMagick for nothing.
 *
 * @module
 */
import { tiffByteOrder } from "../_exif.ts";

/** True when a TIFF has RGB, four samples a pixel, and no tag ExtraSamples. */
export function fourthSampleIsAlpha(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const order = tiffByteOrder(view, 0);
  if (order === undefined) return false;
  const little = order === "little";
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) return false;
  const entries = view.getUint16(directory, little);
  const values = new Map<number, number>();
  for (
    let entry = directory + 2;
    entry + 12 <= bytes.length && entry < directory + 2 + 12 * entries;
    entry += 12
  ) {
    values.set(view.getUint16(entry, little), view.getUint16(entry + 8, little));
  }
  // Photometric interpretation, samples per pixel, extra samples.
  return values.get(262) === 2 && values.get(277) === 4 && !values.has(338);
}
