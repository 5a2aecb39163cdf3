/**
 * Reads the first page of a baseline TIFF to RGB over white: strips or tiles; uncompressed, LZW, Deflate or
 * PackBits; black and white, grey, palette, RGB or CMYK; 1, 2, 4, 8 or 16 bits; with or without alpha.
 *
 * We wrote our own reader because no platform decodes TIFF, and imagescript 1.3.1's reader fails on every tested file
 * ("memory access out of bounds"). JPEG and fax compression, YCbCr and floating point are not supported; the error says
 * so.
 *
 * @module
 */
import { tiffByteOrder } from "./_exif.ts";
import { inflate } from "./_inflate.ts";
import { decodeLzw } from "./_lzw.ts";
import { ImageError, type RgbImage } from "./types.ts";

const TRUNCATED = "truncated TIFF";

/** The tags that are used, by number. */
const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  offsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  byteCounts: 279,
  planar: 284,
  predictor: 317,
  colourMap: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

type Tags = ReadonlyMap<number, readonly number[]>;

function readTags(bytes: Uint8Array, view: DataView, little: boolean): Tags {
  const wanted = new Set<number>(Object.values(TAG));
  const tags = new Map<number, number[]>();
  const directory = view.getUint32(4, little);
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > bytes.length) throw new ImageError(TRUNCATED);
    const tag = view.getUint16(entry, little);
    const type = view.getUint16(entry + 2, little);
    const count = view.getUint32(entry + 4, little);
    const size = type === 3 ? 2 : type === 4 ? 4 : type === 1 ? 1 : 0;
    if (!wanted.has(tag) || size === 0) continue;
    const at = count * size <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (at + count * size > bytes.length) throw new ImageError(TRUNCATED);
    const values: number[] = [];
    for (let k = 0; k < count; k++) {
      const from = at + k * size;
      values.push(
        size === 2 ? view.getUint16(from, little) : size === 4 ? view.getUint32(from, little) : bytes[from]!,
      );
    }
    tags.set(tag, values);
  }
  return tags;
}

function unpackBits(data: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  let filled = 0;
  while (at < data.length && filled < size) {
    const code = data[at++]!;
    if (code < 128) {
      const run = data.subarray(at, at + Math.min(code + 1, size - filled));
      out.set(run, filled);
      filled += run.length;
      at += code + 1;
    } else if (code > 128) {
      const length = Math.min(257 - code, size - filled);
      out.fill(data[at++] ?? 0, filled, filled + length);
      filled += length;
    }
  }
  return out.subarray(0, filled);
}

async function expand(data: Uint8Array, compression: number, size: number): Promise<Uint8Array> {
  switch (compression) {
    case 1:
      return data;
    case 5:
      return decodeLzw(data, { symbolBits: 8, size, highBitFirst: true });
    case 8:
    case 32946:
      try {
        return await inflate([data], size);
      } catch (cause) {
        throw new ImageError("truncated or damaged TIFF (its compressed pixels do not inflate)", { cause });
      }
    case 32773:
      return unpackBits(data, size);
    default:
      throw new ImageError(`TIFF compression ${compression} is not supported; save it as PNG or JPEG`);
  }
}

/** Turns one block of packed samples into 8-bit (or palette index) samples, undoing the predictor. */
function toSamples(
  block: Uint8Array,
  shape: {
    rows: number;
    columns: number;
    channels: number;
    bits: number;
    predictor: number;
    little: boolean;
  },
): Uint8Array {
  const { rows, columns, channels, bits, predictor, little } = shape;
  const perRow = columns * channels;
  const rowBytes = Math.ceil(perRow * bits / 8);
  const out = new Uint8Array(rows * perRow);
  const wide = new Uint16Array(perRow);
  const mask = (1 << bits) - 1;
  for (let y = 0; y < rows; y++) {
    const from = y * rowBytes;
    for (let i = 0; i < perRow; i++) {
      if (bits === 8) wide[i] = block[from + i]!;
      else if (bits === 16) {
        const [first, second] = [block[from + 2 * i]!, block[from + 2 * i + 1]!];
        wide[i] = little ? second << 8 | first : first << 8 | second;
      } else wide[i] = block[from + (i * bits >> 3)]! >> (8 - bits - (i * bits & 7)) & mask;
      if (predictor === 2 && i >= channels) wide[i] = (wide[i]! + wide[i - channels]!) & mask;
      out[y * perRow + i] = bits === 16 ? wide[i]! >> 8 : wide[i]!;
    }
  }
  return out;
}

/** Writes all pixels, from samples that lie pixel by pixel, as RGB over white. */
function toRgb(samples: Uint8Array, pixels: number, channels: number, bits: number, tags: Tags): Uint8Array {
  const photometric = tags.get(TAG.photometric)?.[0] ?? 1;
  const colours = photometric === 2 ? 3 : photometric === 5 ? 4 : 1;
  const extra = tags.get(TAG.extraSamples)?.[0];
  const map = tags.get(TAG.colourMap);
  if (
    ![0, 1, 2, 3, 5].includes(photometric) || channels < colours || (photometric === 3 && map === undefined)
  ) {
    throw new ImageError(`TIFF colour model ${photometric} is not supported; save it as PNG or JPEG`);
  }
  const scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const from = i * channels;
    for (let c = 0; c < 3; c++) {
      let value: number;
      if (photometric === 3) value = (map![c * (1 << bits) + samples[from]!] ?? 0) >> 8;
      else if (photometric === 5) value = (255 - samples[from + c]!) * (255 - samples[from + 3]!) / 255 + 0.5;
      else if (photometric === 2) value = samples[from + c]!;
      else value = photometric === 0 ? 255 - samples[from]! * scale : samples[from]! * scale;
      if (channels > colours && (extra === 1 || extra === 2)) {
        const alpha = samples[from + colours]!;
        // Associated alpha (1) is already multiplied in.
        value = (extra === 1 ? value : value * alpha / 255) + 255 - alpha + 0.5;
      }
      out[3 * i + c] = value > 255 ? 255 : value;
    }
  }
  return out;
}

/**
 * Decodes the first page of a TIFF to RGB over white.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @throws {ImageError} When the file is truncated, damaged, or of an unsupported kind.
 */
export async function decodeTiff(bytes: Uint8Array): Promise<RgbImage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = tiffByteOrder(view, 0) === "little";
  const tags = readTags(bytes, view, little);
  const one = (tag: number, otherwise: number): number => tags.get(tag)?.[0] ?? otherwise;
  const width = one(TAG.width, 0);
  const height = one(TAG.height, 0);
  const channels = one(TAG.samples, 1);
  const bits = one(TAG.bits, 1);
  const planar = one(TAG.planar, 1) === 2;
  const sameBits = (tags.get(TAG.bits) ?? []).every((value) => value === bits);
  if (![1, 2, 4, 8, 16].includes(bits) || !sameBits || one(TAG.sampleFormat, 1) !== 1 || channels > 8) {
    throw new ImageError(
      `TIFF with ${channels} samples of ${bits} bits is not supported; save it as PNG or JPEG`,
    );
  }

  const tiled = tags.has(TAG.tileOffsets);
  const offsets = tags.get(tiled ? TAG.tileOffsets : TAG.offsets) ?? [];
  const counts = tags.get(tiled ? TAG.tileByteCounts : TAG.byteCounts) ?? [];
  const blockWidth = tiled ? one(TAG.tileWidth, 0) : width;
  const blockHeight = tiled ? one(TAG.tileHeight, 0) : Math.min(height, one(TAG.rowsPerStrip, height));
  if (blockWidth === 0 || blockHeight === 0) throw new ImageError("damaged TIFF (empty blocks)");
  // A tile may be larger than the image, but not so much larger that it exceeds the checked size.
  if (tiled && blockWidth * blockHeight > 4 * width * height + 2 ** 20) {
    throw new ImageError("damaged TIFF (a tile far larger than the image)");
  }
  const across = Math.ceil(width / blockWidth);
  const down = Math.ceil(height / blockHeight);
  const blockChannels = planar ? 1 : channels;

  const samples = new Uint8Array(width * height * channels);
  for (let plane = 0; plane < (planar ? channels : 1); plane++) {
    for (let block = 0; block < across * down; block++) {
      const index = plane * across * down + block;
      const [offset, count] = [offsets[index], counts[index]];
      if (offset === undefined || count === undefined || offset + count > bytes.length) {
        throw new ImageError(TRUNCATED);
      }
      const left = (block % across) * blockWidth;
      const top = Math.floor(block / across) * blockHeight;
      const rows = tiled ? blockHeight : Math.min(blockHeight, height - top);
      const size = rows * Math.ceil(blockWidth * blockChannels * bits / 8);
      const data = await expand(bytes.subarray(offset, offset + count), one(TAG.compression, 1), size);
      if (data.length < size) throw new ImageError(TRUNCATED);
      const shape = { rows, columns: blockWidth, channels: blockChannels, bits, little };
      const part = toSamples(data, { ...shape, predictor: one(TAG.predictor, 1) });
      for (let y = 0; y < Math.min(rows, height - top); y++) {
        for (let x = 0; x < Math.min(blockWidth, width - left); x++) {
          const to = ((top + y) * width + left + x) * channels + plane;
          for (let c = 0; c < blockChannels; c++) {
            samples[to + c] = part[(y * blockWidth + x) * blockChannels + c]!;
          }
        }
      }
    }
  }
  return { width, height, data: toRgb(samples, width * height, channels, bits, tags) };
}
