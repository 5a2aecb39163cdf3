/**
 * Writes 8-bit grey, RGB and RGBA images as PNG, fast: the files are about a third larger than the smallest.
 *
 * @module
 */
import { encodeRgbaPng } from "./codecs/png.ts";
import type { GreyImage, RgbaImage, RgbImage } from "./types.ts";

/**
 * Writes an image as PNG. The file has RGBA, whatever the image has.
 *
 * @param image Width, height and `width * height` (grey), `width * height * 3` (RGB) or `* 4` (RGBA) bytes.
 * @returns The bytes of a PNG file.
 * @throws {TypeError} When the data have another length.
 */
export async function encodePng(image: RgbImage | RgbaImage | GreyImage): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, data } = image;
  const channels = data.length / (width * height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new TypeError(
      `Cannot encode PNG: ${width} x ${height} pixels need 1, 3 or 4 bytes each, got ${data.length}`,
    );
  }
  return await encodeRgbaPng(
    (rgba) => {
      if (channels === 4) rgba.set(data);
      else toRgba(data, channels, rgba);
    },
    width,
    height,
  );
}

/** Grey or RGB as opaque RGBA, into `rgba`. */
function toRgba(data: Uint8Array, channels: 1 | 3, rgba: Uint8Array): void {
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + green]!;
    rgba[to + 2] = data[from + blue]!;
    rgba[to + 3] = 255;
  }
}
