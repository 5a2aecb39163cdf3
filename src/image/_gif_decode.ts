/**
 * Reads the first frame of a GIF to RGB; transparent pixels become white.
 *
 * @module
 */
import { decodeLzw } from "./_lzw.ts";
import { ImageError, type RgbImage } from "./types.ts";

const TRUNCATED = "truncated GIF";

/** Joins the sub-blocks that start at `at`; each starts with its length, and an empty one ends them. */
function readBlocks(bytes: Uint8Array, at: number): { data: Uint8Array; next: number } {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || at + 1 + length > bytes.length) throw new ImageError(TRUNCATED);
    at++;
    if (length === 0) break;
    parts.push(bytes.subarray(at, at + length));
    size += length;
    at += length;
  }
  const data = new Uint8Array(size);
  let to = 0;
  for (const part of parts) {
    data.set(part, to);
    to += part.length;
  }
  return { data, next: at };
}

/** The image row of the `index`-th row of an interlaced frame. */
function interlacedRow(index: number, height: number): number {
  for (const [first, step] of [[0, 8], [4, 8], [2, 4], [1, 2]] as const) {
    const rows = Math.max(0, Math.ceil((height - first) / step));
    if (index < rows) return first + index * step;
    index -= rows;
  }
  return height;
}

/**
 * Decodes the first frame of a GIF to RGB over white.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @throws {ImageError} When the file is truncated or damaged.
 */
export function decodeGif(bytes: Uint8Array): RgbImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  const flags = bytes[10]!;
  let at = 13;
  let palette: Uint8Array | undefined;
  if (flags & 0x80) {
    palette = bytes.subarray(at, at + 3 * (2 << (flags & 7)));
    at += 3 * (2 << (flags & 7));
  }
  let transparent = -1;
  for (;;) {
    const kind = bytes[at];
    if (kind === undefined) throw new ImageError(TRUNCATED);
    if (kind === 0x3b) throw new ImageError("GIF without a frame");
    if (kind === 0x21) { // An extension; the graphic control extension names the transparent colour.
      const { data, next } = readBlocks(bytes, at + 2);
      if (bytes[at + 1] === 0xf9 && data.length >= 4) transparent = data[0]! & 1 ? data[3]! : -1;
      at = next;
      continue;
    }
    if (kind !== 0x2c || at + 11 > bytes.length) {
      throw new ImageError(kind === 0x2c ? TRUNCATED : "damaged GIF");
    }
    break;
  }

  const frame = { x: view.getUint16(at + 1, true), y: view.getUint16(at + 3, true) };
  const frameWidth = view.getUint16(at + 5, true);
  const frameHeight = view.getUint16(at + 7, true);
  const frameFlags = bytes[at + 9]!;
  if (frame.x + frameWidth > width || frame.y + frameHeight > height) {
    throw new ImageError("damaged GIF (a frame beyond the image)");
  }
  at += 10;
  if (frameFlags & 0x80) {
    palette = bytes.subarray(at, at + 3 * (2 << (frameFlags & 7)));
    at += 3 * (2 << (frameFlags & 7));
  }
  if (palette === undefined) throw new ImageError("damaged GIF (no palette)");
  const symbolBits = bytes[at];
  if (symbolBits === undefined) throw new ImageError(TRUNCATED);
  if (symbolBits < 1 || symbolBits > 11) throw new ImageError("damaged GIF");
  const size = frameWidth * frameHeight;
  const indices = decodeLzw(readBlocks(bytes, at + 1).data, { symbolBits, size, highBitFirst: false });
  if (indices.length < size) throw new ImageError(TRUNCATED);

  const data = new Uint8Array(width * height * 3).fill(255);
  for (let row = 0; row < frameHeight; row++) {
    const y = frameFlags & 0x40 ? interlacedRow(row, frameHeight) : row;
    let to = 3 * ((frame.y + y) * width + frame.x);
    for (let x = 0; x < frameWidth; x++, to += 3) {
      const index = indices[row * frameWidth + x]!;
      if (index === transparent) continue;
      data[to] = palette[3 * index] ?? 0;
      data[to + 1] = palette[3 * index + 1] ?? 0;
      data[to + 2] = palette[3 * index + 2] ?? 0;
    }
  }
  return { width, height, data };
}
