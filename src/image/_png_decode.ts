/**
 * A PNG reader: every colour type and depth, interlaced or not, to RGB over white.
 *
 * We wrote our own reader because no available codec reads all files everywhere: in Deno 2.9, createImageBitmap gives
 * no access to 16-bit images and ignores the orientation of PNG; Deno 2.5 has no canvas; and imagescript needs FFI
 * permission. The platform does the inflating. 16-bit samples keep their high byte, as PIL does.
 *
 * @module
 */
import { inflate } from "./_inflate.ts";
import { ImageError, type RgbImage } from "./types.ts";

interface Chunks {
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array | undefined;
  /** The tRNS chunk: alpha per palette entry, or the one transparent colour. */
  readonly transparency: Uint8Array | undefined;
  readonly pixels: readonly Uint8Array[];
}

/** Samples per pixel by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Adam7: first column, first row, column step, row step of each pass. */
const PASSES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const depth = bytes[24]!;
  const colourType = bytes[25]!;
  if (!(colourType in CHANNELS) || ![1, 2, 4, 8, 16].includes(depth)) {
    throw new ImageError(`damaged PNG (colour type ${colourType} with ${depth} bits)`);
  }
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const pixels: Uint8Array[] = [];
  for (let at = 8;;) {
    if (at + 12 > bytes.length) throw new ImageError("truncated PNG");
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw new ImageError("truncated PNG");
    const data = bytes.subarray(at + 8, end);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IEND") break;
    if (type === "PLTE") palette = data;
    if (type === "tRNS") transparency = data;
    if (type === "IDAT") pixels.push(data);
    at = end + 4;
  }
  if (colourType === 3 && palette === undefined) throw new ImageError("damaged PNG (no palette)");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  return { width, height, depth, colourType, interlaced: bytes[28] === 1, palette, transparency, pixels };
}

/** Undoes the row filters of one pass in place; returns the start of the next pass. */
function unfilter(data: Uint8Array, start: number, rows: number, rowBytes: number, step: number): number {
  let at = start;
  for (let y = 0; y < rows; y++) {
    const filter = data[at]!;
    const row = at + 1;
    const above = y === 0 ? -1 : at - rowBytes; // The row above begins one filter byte later than this difference.
    if (filter > 4) throw new ImageError(`damaged PNG (row filter ${filter})`);
    for (let i = 0; filter !== 0 && i < rowBytes; i++) {
      const left = i >= step ? data[row + i - step]! : 0;
      const up = above < 0 ? 0 : data[above + i]!;
      let predicted: number;
      if (filter === 1) predicted = left;
      else if (filter === 2) predicted = up;
      else if (filter === 3) predicted = (left + up) >> 1;
      else {
        const corner = above < 0 || i < step ? 0 : data[above + i - step]!;
        const [toLeft, toUp] = [Math.abs(up - corner), Math.abs(left - corner)];
        const toCorner = Math.abs(left + up - 2 * corner);
        predicted = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
      }
      data[row + i] = data[row + i]! + predicted;
    }
    at += 1 + rowBytes;
  }
  return at;
}

/** Unpacks the samples of one row, unscaled. */
function unpack(row: Uint8Array, count: number, depth: number): Uint8Array | Uint16Array {
  if (depth === 8) return row;
  if (depth === 16) {
    const samples = new Uint16Array(count);
    for (let i = 0; i < count; i++) samples[i] = row[2 * i]! << 8 | row[2 * i + 1]!;
    return samples;
  }
  const samples = new Uint8Array(count);
  const mask = (1 << depth) - 1;
  for (let i = 0; i < count; i++) {
    const bit = i * depth;
    samples[i] = row[bit >> 3]! >> (8 - depth - (bit & 7)) & mask;
  }
  return samples;
}

/** Gives the function that writes sample row `samples` as RGB over white, from byte `to`, every `step` bytes. */
function rowWriter(
  chunks: Chunks,
  out: Uint8Array,
): (samples: Uint8Array | Uint16Array, count: number, to: number, step: number) => void {
  const { colourType, depth, palette, transparency } = chunks;
  const channels = CHANNELS[colourType]!;
  const colours = channels >= 3 ? 3 : 1;
  const shift = depth === 16 ? 8 : 0;
  const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  // The one transparent colour of an image without alpha channel, as 16-bit samples.
  const key = colourType !== 3 && channels % 2 === 1 && transparency !== undefined &&
      transparency.length >= 2 * colours
    ? unpack(transparency, colours, 16)
    : undefined;

  return (samples, count, to, step) => {
    for (let x = 0; x < count; x++, to += step) {
      const from = x * channels;
      let alpha = 255;
      let red: number;
      let green: number;
      let blue: number;
      if (colourType === 3) {
        const entry = samples[from]!;
        red = palette![3 * entry] ?? 0;
        green = palette![3 * entry + 1] ?? 0;
        blue = palette![3 * entry + 2] ?? 0;
        alpha = transparency?.[entry] ?? 255;
      } else {
        red = (samples[from]! >> shift) * scale;
        green = colours === 1 ? red : samples[from + 1]! >> shift;
        blue = colours === 1 ? red : samples[from + 2]! >> shift;
        if (channels !== colours) alpha = samples[from + colours]! >> shift;
        else if (key !== undefined) {
          let matches = true;
          for (let c = 0; c < colours; c++) matches &&= samples[from + c] === key[c];
          if (matches) alpha = 0;
        }
      }
      if (alpha !== 255) {
        red = (red * alpha + 255 * (255 - alpha)) / 255 + 0.5;
        green = (green * alpha + 255 * (255 - alpha)) / 255 + 0.5;
        blue = (blue * alpha + 255 * (255 - alpha)) / 255 + 0.5;
      }
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
    }
  };
}

/**
 * Decodes a PNG to RGB over white.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @throws {ImageError} When the file is truncated or damaged.
 */
export async function decodePng(bytes: Uint8Array): Promise<RgbImage> {
  const chunks = readChunks(bytes);
  const { width, height, depth, interlaced } = chunks;
  const bits = CHANNELS[chunks.colourType]! * depth;
  const step = Math.max(1, bits >> 3);
  const passes = (interlaced ? PASSES : [[0, 0, 1, 1] as const]).map(([x, y, dx, dy]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return { x, y, dx, dy, columns, rows, rowBytes: Math.ceil(columns * bits / 8) };
  }).filter((pass) => pass.columns > 0 && pass.rows > 0);

  const size = passes.reduce((sum, pass) => sum + pass.rows * (1 + pass.rowBytes), 0);
  let data: Uint8Array;
  try {
    data = await inflate(chunks.pixels, size);
  } catch (cause) {
    throw new ImageError("truncated or damaged PNG (its compressed pixels do not inflate)", { cause });
  }

  const out = new Uint8Array(width * height * 3);
  const writeRow = rowWriter(chunks, out);
  const samplesPerPixel = CHANNELS[chunks.colourType]!;
  let at = 0;
  for (const { x, y, dx, dy, columns, rows, rowBytes } of passes) {
    const end = unfilter(data, at, rows, rowBytes, step);
    for (let row = 0; row < rows; row++) {
      const from = at + row * (1 + rowBytes) + 1;
      const samples = unpack(data.subarray(from, from + rowBytes), columns * samplesPerPixel, depth);
      writeRow(samples, columns, 3 * ((y + row * dy) * width + x), 3 * dx);
    }
    at = end;
  }
  return { width, height, data: out };
}
