/**
 * JPEG's entropy coding: Huffman tables, the bits of a scan, and the blocks in them, sequential and progressive (ITU-T
 * T.81, annexes F and G). It does not handle pixels.
 *
 * @module
 */
import { ImageError } from "./types.ts";

/** Index in natural (row) order of the n-th coefficient in zigzag order. */
export const ZIGZAG: Uint8Array = zigzag();

function zigzag(): Uint8Array {
  const order = new Uint8Array(64);
  let [x, y] = [0, 0];
  for (let i = 0; i < 64; i++) {
    order[i] = 8 * y + x;
    const upwards = (x + y) % 2 === 0;
    if (upwards && x === 7) y++;
    else if (upwards && y === 0) x++;
    else if (!upwards && y === 7) x++;
    else if (!upwards && x === 0) y++;
    else [x, y] = upwards ? [x + 1, y - 1] : [x - 1, y + 1];
  }
  return order;
}

const FAST_BITS = 9;

/** A Huffman code, ready to be read. */
export interface HuffmanTable {
  /** For each 9 bits: length << 8 | symbol of the code they begin with; 0 where the code is longer. */
  readonly fast: Uint16Array;
  /** For each length: the first code beyond it, shifted to 16 bits. */
  readonly limits: Int32Array;
  /** For each length: index of its first symbol less its first code. */
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

/** Builds a table from the number of codes of each length 1 to 16, and the symbols in the order of their codes. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const fast = new Uint16Array(1 << FAST_BITS);
  const limits = new Int32Array(18);
  const offsets = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    offsets[length] = index - code;
    for (let i = 0; i < counts[length - 1]!; i++, code++, index++) {
      if (length > FAST_BITS) continue;
      const entry = length << 8 | symbols[index]!;
      const first = code << (FAST_BITS - length);
      fast.fill(entry, first, first + (1 << (FAST_BITS - length)));
    }
    limits[length] = code << (16 - length);
    code <<= 1;
  }
  limits[17] = 0x7fffffff;
  return { fast, limits, offsets, symbols };
}

/** The bits of a scan, from `at` up to the next marker. */
export interface Bits {
  readonly bytes: Uint8Array;
  /** The next byte to take. */
  at: number;
  /** The last 32 bits taken; the lowest `count` of them are still to be used. */
  held: number;
  count: number;
  /** Number of zero bits appended after the end of the data. */
  padding: number;
}

function fill(bits: Bits): void {
  while (bits.count <= 24) {
    let byte = bits.bytes[bits.at];
    if (byte === undefined || (byte === 0xff && bits.bytes[bits.at + 1] !== 0)) {
      byte = 0;
      bits.padding += 8;
    } else bits.at += byte === 0xff ? 2 : 1;
    bits.held = bits.held << 8 | byte;
    bits.count += 8;
  }
}

/** Fails if more bits were used than the data have. */
export function assertNotExhausted(bits: Bits): void {
  if (bits.padding > bits.count) throw new ImageError("truncated or damaged JPEG (its coded data end early)");
}

function take(bits: Bits, count: number): number {
  if (count === 0) return 0;
  if (bits.count < count) fill(bits);
  bits.count -= count;
  return (bits.held >>> bits.count) & ((1 << count) - 1);
}

function takeSymbol(bits: Bits, table: HuffmanTable): number {
  if (bits.count < 16) fill(bits);
  const entry = table.fast[(bits.held >>> (bits.count - FAST_BITS)) & ((1 << FAST_BITS) - 1)]!;
  if (entry !== 0) {
    bits.count -= entry >> 8;
    return entry & 0xff;
  }
  const window = (bits.held >>> (bits.count - 16)) & 0xffff;
  let length = FAST_BITS + 1;
  while (window >= table.limits[length]!) length++;
  if (length > 16) throw new ImageError("damaged JPEG (an unknown Huffman code)");
  bits.count -= length;
  return table.symbols[(window >> (16 - length)) + table.offsets[length]!]!;
}

/** A number of `size` bits whose high bit tells the sign (T.81, EXTEND). */
function takeSigned(bits: Bits, size: number): number {
  if (size === 0) return 0;
  const value = take(bits, size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** The content of a scan: which coefficients, and which of their bits. */
export interface ScanShape {
  /** First and last coefficient in zigzag order. */
  readonly first: number;
  readonly last: number;
  /** Bit position of the previous scan of the same coefficients; 0 when there was none. */
  readonly high: number;
  /** Bit position of this scan. */
  readonly low: number;
  readonly progressive: boolean;
}

/** State of one component of a scan. */
export interface ScanComponent {
  readonly coefficients: Int16Array;
  readonly dcTable: HuffmanTable | undefined;
  readonly acTable: HuffmanTable | undefined;
  /** The last block's DC value. */
  predicted: number;
}

/** Number of following blocks without data in this band (progressive scans). */
export interface EndOfBand {
  run: number;
}

/** Reads one block of a scan into the coefficients from index `at`. */
export function readBlock(
  bits: Bits,
  part: ScanComponent,
  at: number,
  shape: ScanShape,
  band: EndOfBand,
): void {
  const { coefficients } = part;
  if (!shape.progressive) {
    readDc(bits, part, at, 0);
    readAc(bits, coefficients, requiredTable(part.acTable), at, SEQUENTIAL, band);
  } else if (shape.first === 0) {
    if (shape.high === 0) readDc(bits, part, at, shape.low);
    else coefficients[at] = coefficients[at]! | take(bits, 1) << shape.low;
  } else if (shape.high === 0) readAc(bits, coefficients, requiredTable(part.acTable), at, shape, band);
  else refineAc(bits, coefficients, requiredTable(part.acTable), at, shape, band);
}

const SEQUENTIAL: ScanShape = { first: 1, last: 63, high: 0, low: 0, progressive: false };

function requiredTable(table: HuffmanTable | undefined): HuffmanTable {
  if (table === undefined) throw new ImageError("damaged JPEG (a Huffman table is missing)");
  return table;
}

function readDc(bits: Bits, part: ScanComponent, at: number, low: number): void {
  const size = takeSymbol(bits, requiredTable(part.dcTable));
  if (size > 15) throw new ImageError("damaged JPEG");
  part.predicted += takeSigned(bits, size);
  part.coefficients[at] = part.predicted << low;
}

/** The first scan of a band (or all of it, in sequential files). */
function readAc(
  bits: Bits,
  coefficients: Int16Array,
  table: HuffmanTable,
  at: number,
  shape: ScanShape,
  band: EndOfBand,
): void {
  if (band.run > 0) {
    band.run--;
    return;
  }
  for (let k = shape.first; k <= shape.last; k++) {
    const symbol = takeSymbol(bits, table);
    const size = symbol & 15;
    const zeros = symbol >> 4;
    if (size !== 0) {
      k += zeros;
      const value = takeSigned(bits, size);
      if (k <= 63) coefficients[at + ZIGZAG[k]!] = value << shape.low;
    } else if (zeros === 15) k += 15;
    else {
      if (shape.progressive) band.run = (1 << zeros) - 1 + take(bits, zeros);
      break;
    }
  }
}

/** A refinement scan of a band: one more bit of non-zero coefficients, and newly non-zero ones. */
function refineAc(
  bits: Bits,
  coefficients: Int16Array,
  table: HuffmanTable,
  at: number,
  shape: ScanShape,
  band: EndOfBand,
): void {
  const bit = 1 << shape.low;
  const refine = (index: number): void => {
    const value = coefficients[index]!;
    if (take(bits, 1) === 1 && (Math.abs(value) & bit) === 0) {
      coefficients[index] = value + (value > 0 ? bit : -bit);
    }
  };
  let k = shape.first;
  if (band.run === 0) {
    for (; k <= shape.last; k++) {
      const symbol = takeSymbol(bits, table);
      const size = symbol & 15;
      let zeros = symbol >> 4;
      let value = 0;
      if (size !== 0) value = take(bits, 1) === 1 ? bit : -bit;
      else if (zeros !== 15) {
        band.run = (1 << zeros) + take(bits, zeros);
        break;
      }
      // Skip `zeros` coefficients that stay zero; refine the others.
      for (; k <= shape.last; k++) {
        const index = at + ZIGZAG[k]!;
        if (coefficients[index] !== 0) refine(index);
        else if (zeros === 0) {
          if (value !== 0) coefficients[index] = value;
          break;
        } else zeros--;
      }
    }
  }
  if (band.run > 0) {
    for (; k <= shape.last; k++) {
      const index = at + ZIGZAG[k]!;
      if (coefficients[index] !== 0) refine(index);
    }
    band.run--;
  }
}
