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

/** True when the first frame has a transparent colour, by the graphic control extension before it. */
function hasTransparency(bytes: Uint8Array, start: number): boolean {
  let found = false;
  for (let at = start; bytes[at] === 0x21;) {
    if (bytes[at + 1] === 0xf9) found = (bytes[at + 3]! & 1) === 1;
    for (at += 2; (bytes[at] ?? 0) !== 0;) at += 1 + bytes[at]!;
    at++;
  }
  return found;
}

/**
 * The whole screen. It grows where the frame reaches beyond it; what no frame covers has the background's colour of the
 * global palette, or white where the frame has a transparent colour.
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
  const flags = bytes[10]!;
  const colours = flags & 0x80 ? 2 << (flags & 7) : 0;
  const background = bytes[11]!;
  const data = new Uint8Array(3 * width * height).fill(255);
  if (background < colours && !hasTransparency(bytes, 13 + 3 * colours)) {
    const colour = bytes.subarray(13 + 3 * background, 16 + 3 * background);
    for (let to = 0; to < data.length; to += 3) data.set(colour, to);
  }
  for (let y = 0; y < frame.height; y++) {
    const row = frame.data.subarray(3 * y * frame.width, 3 * (y + 1) * frame.width);
    data.set(row, 3 * ((page.y + y) * width + page.x));
  }
  return { width, height, data };
}
