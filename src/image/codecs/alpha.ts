/**
 * Composites transparent pixels over white.
 *
 * @module
 */
import type { RgbImage } from "../types.ts";

/** Composites RGBA (not premultiplied) over white. */
export function rgbaOverWhite(rgba: ArrayLike<number>, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    if (alpha === 255) {
      data[to] = rgba[from]!;
      data[to + 1] = rgba[from + 1]!;
      data[to + 2] = rgba[from + 2]!;
      continue;
    }
    const white = 255 * (255 - alpha);
    data[to] = (rgba[from]! * alpha + white) / 255 + 0.5;
    data[to + 1] = (rgba[from + 1]! * alpha + white) / 255 + 0.5;
    data[to + 2] = (rgba[from + 2]! * alpha + white) / 255 + 0.5;
  }
  return { width, height, data };
}
