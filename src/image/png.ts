/**
 * Writes 8-bit grey, RGB and RGBA images as PNG with the platform's CompressionStream: no library, no permission.
 *
 * @module
 */
import type { GreyImage, RgbaImage, RgbImage } from "./types.ts";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

/**
 * Filters each row by Sub, Up or Paeth, whichever leaves the smallest differences (the PNG specification's own
 * advice): images come out a third smaller than unfiltered.
 */
function filterRows(data: Uint8Array, rowBytes: number, height: number, step: number): Uint8Array {
  const out = new Uint8Array((rowBytes + 1) * height);
  const candidates = [1, 2, 4].map((kind) => ({ kind, row: new Uint8Array(rowBytes) }));
  for (let y = 0; y < height; y++) {
    const at = y * rowBytes;
    let best = candidates[0]!;
    let bestCost = Infinity;
    for (const candidate of candidates) {
      const { kind, row } = candidate;
      let cost = 0;
      for (let i = 0; i < rowBytes; i++) {
        const left = i >= step ? data[at + i - step]! : 0;
        const up = y > 0 ? data[at + i - rowBytes]! : 0;
        let predicted = left;
        if (kind === 2) predicted = up;
        else if (kind === 4) {
          const corner = i >= step && y > 0 ? data[at + i - rowBytes - step]! : 0;
          const [toLeft, toUp] = [Math.abs(up - corner), Math.abs(left - corner)];
          const toCorner = Math.abs(left + up - 2 * corner);
          predicted = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
        }
        const difference = (data[at + i]! - predicted) & 0xff;
        row[i] = difference;
        cost += difference < 128 ? difference : 256 - difference;
      }
      if (cost < bestCost) [best, bestCost] = [candidate, cost];
    }
    out[y * (rowBytes + 1)] = best.kind;
    out.set(best.row, y * (rowBytes + 1) + 1);
  }
  return out;
}

/**
 * Writes an image as PNG: grey when there is one byte per pixel, RGB when there are three, RGBA when there are four.
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
  const rows = filterRows(data, width * channels, height, channels);
  return await pngFile({ width, height, colourType: channels === 1 ? 0 : channels === 3 ? 2 : 6 }, rows);
}

/**
 * A PNG file of 8 bits a channel.
 *
 * @param shape Size in pixels, and PNG's colour type.
 * @param rows The rows as PNG has them before compression: each after the kind of its filter.
 * @param more Chunks between header and pixels, such as a palette.
 */
export async function pngFile(
  shape: { readonly width: number; readonly height: number; readonly colourType: 0 | 2 | 3 | 6 },
  rows: Uint8Array,
  more: readonly (readonly [type: string, data: Uint8Array])[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, shape.width);
  view.setUint32(4, shape.height);
  header[8] = 8;
  header[9] = shape.colourType;
  const compressed = new Blob([rows as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream("deflate"),
  );
  const pixels = new Uint8Array(await new Response(compressed).arrayBuffer());
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    ...more.map(([type, data]) => chunk(type, data)),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array(0)),
  ];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
