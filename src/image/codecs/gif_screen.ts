/**
 * Puts the first frame of a GIF onto its screen, as PIL does.
 *
 * @module
 */
import { ImageError, type RgbImage } from "../types.ts";

/** Where the frame lies on the screen, and the screen's size. */
export interface GifPage {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What PIL paints where no frame is: the first colour of the frame's palette, or nothing where a colour is transparent. */
function findBackground(bytes: Uint8Array): Uint8Array | undefined {
  const globalSize = bytes[10]! & 0x80 ? 3 * (2 << (bytes[10]! & 7)) : 0;
  let at = 13 + globalSize;
  while (bytes[at] === 0x21) {
    // The graphic control extension says whether the frame has a transparent colour.
    if (bytes[at + 1] === 0xf9 && bytes[at + 3]! & 1) return undefined;
    for (at += 2; (bytes[at] ?? 0) !== 0;) at += 1 + bytes[at]!;
    at++;
  }
  const hasOwn = (bytes[at + 9]! & 0x80) !== 0;
  if (!hasOwn && globalSize === 0) return undefined;
  const colours = hasOwn ? at + 10 : 13;
  return bytes.subarray(colours, colours + 3);
}

/**
 * The whole screen. It grows where the frame reaches beyond it; what the frame does not cover has the first colour of its
 * palette, or is white where the frame has a transparent colour.
 *
 * @throws {ImageError} When the screen has more pixels than allowed.
 */
export function screenOfGif(bytes: Uint8Array, frame: RgbImage, page: GifPage, maxPixels: number): RgbImage {
  const width = Math.max(page.width, page.x + frame.width);
  const height = Math.max(page.height, page.y + frame.height);
  if (width === frame.width && height === frame.height) return frame;
  if (width * height > maxPixels) {
    throw new ImageError(`${width} x ${height} pixels exceeds maxPixels ${maxPixels}`);
  }
  const data = new Uint8Array(3 * width * height).fill(255);
  const background = findBackground(bytes);
  for (let to = 0; background !== undefined && to < data.length; to += 3) data.set(background, to);
  for (let y = 0; y < frame.height; y++) {
    const row = frame.data.subarray(3 * y * frame.width, 3 * (y + 1) * frame.width);
    data.set(row, 3 * ((page.y + y) * width + page.x));
  }
  return { width, height, data };
}
