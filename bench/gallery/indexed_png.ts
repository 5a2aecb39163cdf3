/**
 * Pictures of at most 256 colours as PNG: a third of the bytes of all colours, for sheets of small pictures.
 *
 * @module
 */
import { deflateSync } from "node:zlib";
import { crc32 } from "../../src/image/codecs/check_png.ts";
import type { RgbImage } from "../../src/image/types.ts";

/** Bits of a channel that tell colours apart. */
const BITS = 6;
const BINS = 1 << (3 * BITS);

/** A colour of the picture, and how many pixels have it. */
interface Bin {
  readonly key: number;
  readonly colour: readonly [number, number, number];
  readonly count: number;
}

/** Writes a picture with so many colours, chosen by median cut (Heckbert, SIGGRAPH 1982). */
export function encodeIndexedPng(image: RgbImage, colours: number): Uint8Array<ArrayBuffer> {
  const { width, height, data } = image;
  const bins = binsOf(data);
  const palette = medianCut(bins, colours);
  const nearest = new Uint8Array(BINS);
  for (const { key, colour } of bins) nearest[key] = nearestOf(palette, colour);
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = nearest[keyOf(data, 3 * (y * width + x))]!;
    }
  }
  return pngFile(width, height, palette, rows);
}

/** A PNG with a palette; its rows each after the kind of their filter. */
function pngFile(
  width: number,
  height: number,
  palette: readonly (readonly number[])[],
  rows: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = 3;
  return new Uint8Array([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("PLTE", Uint8Array.from(palette.flat())),
    ...chunk("IDAT", deflateSync(rows)),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out, 4, 8 + data.length));
  return out;
}

/** The smallest number of bytes that keeps as many colours as the limit allows. */
export function encodeBelow(image: RgbImage, limit: number): Uint8Array<ArrayBuffer> {
  for (const colours of [256, 192, 128, 96, 64, 48]) {
    const bytes = encodeIndexedPng(image, colours);
    if (bytes.length <= limit) return bytes;
  }
  throw new RangeError(
    `Cannot write the picture in ${limit} bytes: make its cells smaller (--cell) or fewer`,
  );
}

function keyOf(data: Uint8Array, at: number): number {
  const drop = 8 - BITS;
  return (data[at]! >> drop) << (2 * BITS) | (data[at + 1]! >> drop) << BITS | data[at + 2]! >> drop;
}

function binsOf(data: Uint8Array): Bin[] {
  const counts = new Uint32Array(BINS);
  const sums = new Float64Array(3 * BINS);
  for (let at = 0; at < data.length; at += 3) {
    const key = keyOf(data, at);
    counts[key]!++;
    for (let c = 0; c < 3; c++) sums[3 * key + c]! += data[at + c]!;
  }
  const bins: Bin[] = [];
  counts.forEach((count, key) => {
    if (count === 0) return;
    const mean = (c: number) => sums[3 * key + c]! / count;
    bins.push({ key, colour: [mean(0), mean(1), mean(2)], count });
  });
  return bins;
}

/** Boxes are halved, always the one whose colours differ most, by the square root of its pixels. */
function medianCut(bins: readonly Bin[], colours: number): number[][] {
  const boxes = [boxOf(bins)];
  while (boxes.length < colours) {
    boxes.sort((a, b) => b.weight - a.weight);
    const { channel, content } = boxes[0]!;
    if (content.length < 2) break;
    const sorted = [...content].sort((a, b) => a.colour[channel]! - b.colour[channel]!);
    const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
    let [seen, cut] = [0, 0];
    while (cut < sorted.length - 1 && (cut === 0 || seen < half)) seen += sorted[cut++]!.count;
    boxes.splice(0, 1, boxOf(sorted.slice(0, cut)), boxOf(sorted.slice(cut)));
  }
  return boxes.map(({ content }) => {
    const total = content.reduce((sum, { count }) => sum + count, 0);
    return [0, 1, 2].map((c) =>
      Math.round(content.reduce((sum, { colour, count }) => sum + colour[c]! * count, 0) / total)
    );
  });
}

function boxOf(content: readonly Bin[]): { content: readonly Bin[]; channel: number; weight: number } {
  const ranges = [0, 1, 2].map((c) => {
    let [low, high] = [Infinity, -Infinity];
    for (const { colour } of content) [low, high] = [Math.min(low, colour[c]!), Math.max(high, colour[c]!)];
    return high - low;
  });
  const widest = Math.max(...ranges);
  const pixels = content.reduce((sum, { count }) => sum + count, 0);
  return {
    content,
    channel: ranges.indexOf(widest),
    weight: content.length < 2 ? 0 : widest * Math.sqrt(pixels),
  };
}

function nearestOf(palette: readonly (readonly number[])[], colour: readonly number[]): number {
  let [best, least] = [0, Infinity];
  palette.forEach((candidate, i) => {
    const distance = candidate.reduce((sum, value, c) => sum + (value - colour[c]!) ** 2, 0);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
