/**
 * A JPEG reader: sequential and progressive, grey, YCbCr, RGB, CMYK and YCCK, to RGB.
 *
 * We wrote our own reader because the input of a classifier must not depend on the machine, and no available decoder
 * both gives PIL's bytes and runs everywhere. Deno's createImageBitmap differs from PIL by up to 28 of 255 and paints
 * missing parts grey; imagescript's differs by 3 and needs its package on disk. This reader gives libjpeg's bytes, in
 * Deno, on the edge and in browsers, and refuses truncated files. It does not support arithmetic coding, lossless files
 * and 12 bits (no camera writes them).
 *
 * @module
 */
import { type ColourModel, type Plane, toRgb } from "./_jpeg_colour.ts";
import {
  assertNotExhausted,
  type Bits,
  type EndOfBand,
  type HuffmanTable,
  huffmanTable,
  readBlock,
  type ScanComponent,
  type ScanShape,
  ZIGZAG,
} from "./_jpeg_entropy.ts";
import { inverseTransform } from "./_jpeg_idct.ts";
import { ImageError, type RgbImage } from "./types.ts";

/** One component of the frame. */
interface Component {
  readonly id: number;
  /** Samples per MCU, horizontally and vertically, in blocks. */
  readonly h: number;
  readonly v: number;
  readonly quantisation: number;
  /** Blocks that belong to the image. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** Blocks that are stored per row: whole MCUs. */
  readonly blocksPerRow: number;
  readonly storedRows: number;
  /** All blocks of a progressive file, which arrive bit by bit; one block of a sequential file. */
  readonly coefficients: Int16Array;
  /** 8 x 8 samples for each stored block. */
  readonly samples: Uint8Array;
  /** Whether any scan contains it. */
  scanned: boolean;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  readonly mostH: number;
  readonly mostV: number;
}

/** State from the markers read so far. */
interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly quantisation: (Uint16Array | undefined)[];
  /** DC tables at 0 to 3, AC tables at 16 to 19. */
  readonly huffman: Map<number, HuffmanTable>;
  restartInterval: number;
  frame: Frame | undefined;
  jfif: boolean;
  /** The Adobe marker's transform, if there is one. */
  adobe: number | undefined;
}

/** Maximum number of scans. Real files have fewer, and each scan may cover the whole image again. */
const MOST_SCANS = 500;

function damaged(what: string): ImageError {
  return new ImageError(`damaged JPEG (${what})`);
}

function readQuantisation(reader: Reader, at: number, end: number): void {
  while (at < end) {
    const head = reader.bytes[at++]!;
    const wide = head >> 4 !== 0;
    if (at + (wide ? 128 : 64) > end || (head & 15) > 3) throw damaged("quantisation table");
    const table = new Uint16Array(64);
    for (let i = 0; i < 64; i++, at += wide ? 2 : 1) {
      table[ZIGZAG[i]!] = wide ? reader.view.getUint16(at) : reader.bytes[at]!;
    }
    reader.quantisation[head & 15] = table;
  }
}

function readHuffman(reader: Reader, at: number, end: number): void {
  while (at < end) {
    if (at + 17 > end) throw damaged("Huffman table");
    const counts = reader.bytes.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (at + 17 + total > end) throw damaged("Huffman table");
    const symbols = reader.bytes.slice(at + 17, at + 17 + total);
    reader.huffman.set(reader.bytes[at]!, huffmanTable(counts, symbols));
    at += 17 + total;
  }
}

function readFrame(reader: Reader, at: number, end: number, marker: number): Frame {
  const { bytes, view } = reader;
  if (marker > 0xc2) {
    throw new ImageError("JPEG with arithmetic or lossless coding is not supported; save it as PNG");
  }
  if (bytes[at] !== 8) throw new ImageError(`JPEG with ${bytes[at]} bits is not supported; save it as PNG`);
  if (reader.frame !== undefined) throw damaged("two frames");
  const height = view.getUint16(at + 1);
  const width = view.getUint16(at + 3);
  const count = bytes[at + 5]!;
  if (![1, 3, 4].includes(count) || at + 6 + 3 * count > end) throw damaged(`${count} components`);
  const factors = Array.from({ length: count }, (_, i) => {
    const from = at + 6 + 3 * i;
    const [h, v] = [bytes[from + 1]! >> 4, bytes[from + 1]! & 15];
    if (h < 1 || h > 4 || v < 1 || v > 4 || bytes[from + 2]! > 3) throw damaged("sampling factors");
    return { id: bytes[from]!, h, v, quantisation: bytes[from + 2]! };
  });
  const mostH = Math.max(...factors.map(({ h }) => h));
  const mostV = Math.max(...factors.map(({ v }) => v));
  if (factors.some(({ h, v }) => mostH % h !== 0 || mostV % v !== 0)) {
    throw new ImageError("JPEG with fractional sampling is not supported; save it as PNG");
  }
  const across = Math.ceil(width / (8 * mostH));
  const down = Math.ceil(height / (8 * mostV));
  const progressive = marker === 0xc2;
  const components = factors.map((factor): Component => ({
    ...factor,
    blocksAcross: Math.ceil(Math.ceil(width * factor.h / mostH) / 8),
    blocksDown: Math.ceil(Math.ceil(height * factor.v / mostV) / 8),
    blocksPerRow: across * factor.h,
    storedRows: down * factor.v,
    coefficients: new Int16Array(progressive ? across * factor.h * down * factor.v * 64 : 64),
    samples: new Uint8Array(across * factor.h * down * factor.v * 64),
    scanned: false,
  }));
  return { width, height, progressive, components, mostH, mostV };
}

/** Reads one scan; gives the index of the marker after it. */
function readScan(reader: Reader, at: number, end: number): number {
  const { bytes, frame } = reader;
  if (frame === undefined) throw damaged("a scan before the frame");
  const count = bytes[at]!;
  if (count < 1 || count > frame.components.length || at + 4 + 2 * count > end) throw damaged("scan header");
  const parts = Array.from({ length: count }, (_, i): { component: Component; state: ScanComponent } => {
    const [id, tables] = [bytes[at + 1 + 2 * i]!, bytes[at + 2 + 2 * i]!];
    const component = frame.components.find((candidate) => candidate.id === id);
    if (component === undefined) throw damaged("a scan of an unknown component");
    component.scanned = true;
    const state: ScanComponent = {
      coefficients: component.coefficients,
      dcTable: reader.huffman.get(tables >> 4),
      acTable: reader.huffman.get(16 + (tables & 15)),
      predicted: 0,
    };
    return { component, state };
  });
  const [first, last, bitsByte] = [
    bytes[at + 1 + 2 * count]!,
    bytes[at + 2 + 2 * count]!,
    bytes[at + 3 + 2 * count]!,
  ];
  const shape: ScanShape = {
    first,
    last,
    high: bitsByte >> 4,
    low: bitsByte & 15,
    progressive: frame.progressive,
  };
  if (first > last || last > 63 || shape.low > 13 || (frame.progressive && first > 0 && count > 1)) {
    throw damaged("scan header");
  }

  const bits: Bits = { bytes, at: end, held: 0, count: 0, padding: 0 };
  const band: EndOfBand = { run: 0 };
  const alone = count === 1 ? parts[0]! : undefined;
  const mcusAcross = alone ? alone.component.blocksAcross : Math.ceil(frame.width / (8 * frame.mostH));
  const mcusDown = alone ? alone.component.blocksDown : Math.ceil(frame.height / (8 * frame.mostV));
  const oneBlock = ({ component, state }: typeof parts[number], row: number, column: number): void => {
    if (frame.progressive) {
      readBlock(bits, state, 64 * (row * component.blocksPerRow + column), shape, band);
      return;
    }
    readBlock(bits, state, 0, shape, band);
    transform(reader, component, 0, row, column);
    component.coefficients.fill(0);
  };
  let untilRestart = reader.restartInterval;
  for (let row = 0; row < mcusDown; row++) {
    for (let column = 0; column < mcusAcross; column++) {
      if (reader.restartInterval > 0 && untilRestart-- === 0) {
        restart(bits, parts.map(({ state }) => state), band);
        untilRestart = reader.restartInterval - 1;
      }
      if (alone !== undefined) {
        oneBlock(alone, row, column);
        continue;
      }
      for (const part of parts) {
        const { h, v } = part.component;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) oneBlock(part, row * v + y, column * h + x);
        }
      }
    }
    assertNotExhausted(bits);
  }
  return bits.at;
}

/** Continues after a restart marker, with reset state. */
function restart(bits: Bits, parts: readonly ScanComponent[], band: EndOfBand): void {
  assertNotExhausted(bits);
  const marker = bits.bytes[bits.at + 1] ?? 0;
  if (bits.bytes[bits.at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw damaged("no restart marker");
  bits.at += 2;
  bits.held = bits.count = bits.padding = 0;
  band.run = 0;
  for (const part of parts) part.predicted = 0;
}

function colourModel(reader: Reader, components: readonly Component[]): ColourModel {
  if (components.length === 1) return "grey";
  if (components.length === 4) return reader.adobe === 2 ? "ycck" : "cmyk";
  if (reader.jfif) return "ycc";
  if (reader.adobe !== undefined) return reader.adobe === 0 ? "rgb" : "ycc";
  return components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB" ? "rgb" : "ycc";
}

/** Turns the coefficients from index `from` into the samples of one block. */
function transform(reader: Reader, component: Component, from: number, row: number, column: number): void {
  const quantisation = reader.quantisation[component.quantisation];
  if (quantisation === undefined) throw damaged("a quantisation table is missing");
  const stride = component.blocksPerRow * 8;
  const to = 8 * (row * stride + column);
  inverseTransform(component.coefficients, from, quantisation, component.samples, to, stride);
}

function createPlane(reader: Reader, frame: Frame, component: Component): Plane {
  const { blocksPerRow, storedRows } = component;
  if (!component.scanned) throw damaged("a component is missing");
  for (let block = 0; frame.progressive && block < blocksPerRow * storedRows; block++) {
    transform(reader, component, 64 * block, Math.floor(block / blocksPerRow), block % blocksPerRow);
  }
  return {
    samples: component.samples,
    stride: blocksPerRow * 8,
    width: Math.ceil(frame.width * component.h / frame.mostH),
    height: Math.ceil(frame.height * component.v / frame.mostV),
    perX: frame.mostH / component.h,
    perY: frame.mostV / component.v,
  };
}

/** Follows the markers to the end of the image. */
function readMarkers(reader: Reader): Frame {
  const { bytes, view } = reader;
  let scans = 0;
  let at = 2;
  for (;;) {
    // Skip bytes between segments, as every reader does.
    while (at < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0xff || bytes[at + 1] === 0)) at++;
    const marker = bytes[at + 1];
    if (marker === undefined) throw new ImageError("truncated JPEG (no end-of-image marker)");
    if (marker === 0xd9) break;
    if (marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (at + 4 > bytes.length) throw new ImageError("truncated JPEG");
    const from = at + 4;
    const end = at + 2 + view.getUint16(at + 2);
    if (end < from || end > bytes.length) throw new ImageError("truncated JPEG");
    at = end;
    if (marker === 0xdb) readQuantisation(reader, from, end);
    else if (marker === 0xc4) readHuffman(reader, from, end);
    else if (marker === 0xdd) reader.restartInterval = view.getUint16(from);
    else if (marker === 0xe0 && view.getUint32(from) === 0x4a464946) reader.jfif = true;
    else if (marker === 0xee && end - from >= 12 && view.getUint32(from) === 0x41646f62) {
      reader.adobe = bytes[from + 11]!;
    } else if (marker === 0xda) {
      if (++scans > MOST_SCANS) throw damaged(`more than ${MOST_SCANS} scans`);
      at = readScan(reader, from, end);
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      reader.frame = readFrame(reader, from, end, marker);
    }
  }
  if (reader.frame === undefined || scans === 0) throw damaged("no image in it");
  return reader.frame;
}

/**
 * Decodes a JPEG to RGB, with libjpeg's bytes; colour profiles are not applied.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @throws {ImageError} When the file is truncated, damaged, or of an unsupported kind.
 */
export function decodeJpeg(bytes: Uint8Array): RgbImage {
  const reader: Reader = {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    quantisation: [],
    huffman: new Map(),
    restartInterval: 0,
    frame: undefined,
    jfif: false,
    adobe: undefined,
  };
  const frame = readMarkers(reader);
  const { width, height, components } = frame;
  const planes = components.map((component) => createPlane(reader, frame, component));
  return { width, height, data: toRgb(planes, width, height, colourModel(reader, components)) };
}
