/**
 * Reads format, width, height and orientation from the first bytes of an image, before anything is decoded. This only
 * refuses early: what bounds an image is its codec's memory and deadline, so a header that lies gains nothing.
 *
 * @module
 */
import { findOrientation, type Orientation, tiffByteOrder } from "./_exif.ts";
import { readAvif } from "./_avif_header.ts";
import { describeOther, detectFormat } from "./_signature.ts";
import { ImageError } from "./types.ts";

/** The formats that can be decoded; `heic` is every HEIF, `jp2` is JPEG 2000, `pnm` is PBM, PGM, PPM and PAM. */
export type ImageFormat =
  | ("jpeg" | "png" | "webp" | "avif" | "gif" | "tiff")
  | ("bmp" | "ico" | "psd" | "jp2" | "jxl" | "heic" | "pnm")
  | ("tga" | "pcx" | "sgi" | "dds" | "dicom");

/** The content of an image header. */
export interface ImageHeader {
  /** Format of the bytes. */
  readonly format: ImageFormat;
  /** Pixels per stored row, before any turning by orientation; undefined where only the codec can tell. */
  readonly width: number | undefined;
  /** Stored rows; undefined where only the codec can tell. */
  readonly height: number | undefined;
  /** The orientation of Exif, TIFF or AVIF, if there is one. */
  readonly orientation: Orientation | undefined;
}

/** A header that tells the size. */
export type SizedHeader = ImageHeader & { readonly width: number; readonly height: number };

type Found = Omit<ImageHeader, "format">;

const UNKNOWN: Found = { width: undefined, height: undefined, orientation: undefined };

/** True for JPEG's start-of-frame markers (0xC4, 0xC8 and 0xCC share the range but are something else). */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** A segment of a JPEG. */
interface JpegSegment {
  readonly marker: number;
  /** Place of its marker. */
  readonly at: number;
  /** Bytes after the marker, with the two that tell their number: 2 at least. */
  readonly length: number;
}

/** The segments of a JPEG before its pixels. */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  for (let at = 2; at + 4 <= bytes.length;) {
    // Bytes between segments are skipped, as libjpeg does.
    if (bytes[at] !== 0xff || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xd9 || marker === 0xda) return;
    // Markers without a length: stuffing, TEM, restarts, start of image.
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    const length = Math.max(2, bytes[at + 2]! << 8 | bytes[at + 3]!);
    yield { marker, at, length };
    at += 2 + length;
  }
}

/** The first "Exif" block before the pixels counts, and the first frame header. */
function readJpeg(bytes: Uint8Array, view: DataView): Found {
  let orientation: Orientation | undefined;
  let searched = false;
  let size: { width: number; height: number } | undefined;
  for (const { marker, at } of jpegSegments(bytes)) {
    if (isStartOfFrame(marker) && at + 9 <= bytes.length) {
      size ??= { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    // "Exif\0\0", then a TIFF structure.
    if (!searched && marker === 0xe1 && at + 10 <= bytes.length && view.getUint32(at + 4) === 0x45786966) {
      searched = true;
      orientation = findOrientation(view, at + 10);
    }
  }
  if (size === undefined) throw new ImageError("truncated or damaged JPEG (no frame header)");
  return { ...size, orientation };
}

function readPng(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 33 || view.getUint32(12) !== 0x49484452) throw new ImageError("truncated PNG");
  let orientation: Orientation | undefined;
  for (let at = 33; at + 12 <= bytes.length;) {
    // The eXIf chunk may lie before or after the pixels; the first counts.
    if (view.getUint32(at + 4) === 0x65584966) {
      orientation = findOrientation(view, at + 8);
      break;
    }
    at += 12 + view.getUint32(at);
  }
  return { width: view.getUint32(16), height: view.getUint32(20), orientation };
}

function readGif(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 13) throw new ImageError("truncated GIF");
  // A screen of no size is that of the first frame, which the codec finds.
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  return { width: width || undefined, height: height || undefined, orientation: undefined };
}

function readWebp(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 30) throw new ImageError("truncated WebP");
  let size: { width: number; height: number };
  switch (view.getUint32(12)) {
    case 0x56503820: // "VP8 ": lossy; 14 bits each after the start code.
      size = { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
      break;
    case 0x5650384c: { // "VP8L": lossless; 14 bits each, less one.
      const bits = view.getUint32(21, true);
      size = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
      break;
    }
    case 0x56503858: // "VP8X": extended; 24 bits each, less one.
      size = {
        width: (view.getUint32(24, true) & 0xffffff) + 1,
        height: (view.getUint16(27, true) | bytes[29]! << 16) + 1,
      };
      break;
    default:
      throw new ImageError("damaged WebP header");
  }
  let orientation: Orientation | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (view.getUint32(at) === 0x45584946) {
      // Some writers put JPEG's "Exif\0\0" before the structure.
      const prefixed = at + 14 <= bytes.length && view.getUint32(at + 8) === 0x45786966;
      orientation = findOrientation(view, at + (prefixed ? 14 : 8));
      break;
    }
    at += 8 + length + (length & 1);
  }
  return { ...size, orientation };
}

function readTiff(bytes: Uint8Array, view: DataView): Found {
  const order = tiffByteOrder(view, 0);
  // BigTIFF: only the codec reads its directory.
  if (order === undefined) return UNKNOWN;
  const little = order === "little";
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) throw new ImageError("truncated TIFF");
  let width: number | undefined;
  let height: number | undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > bytes.length) throw new ImageError("truncated TIFF");
    const tag = view.getUint16(entry, little);
    if (tag !== 256 && tag !== 257) continue;
    const isShort = view.getUint16(entry + 2, little) === 3;
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    if (tag === 256) width ??= value;
    else height ??= value;
  }
  return { width, height, orientation: findOrientation(view, 0) };
}

function readBmp(bytes: Uint8Array, view: DataView): Found {
  // OS/2's first header has 16 bits for each side; a height below zero has its rows from the top.
  if (bytes.length < 26) throw new ImageError("truncated BMP");
  if (view.getUint32(14, true) === 12) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true), orientation: undefined };
  }
  const [width, height] = [view.getInt32(18, true), view.getInt32(22, true)];
  return { width: Math.abs(width), height: Math.abs(height), orientation: undefined };
}

function readPsd(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 26) throw new ImageError("truncated PSD");
  return { width: view.getUint32(18), height: view.getUint32(14), orientation: undefined };
}

const readers: Readonly<Record<ImageFormat, (bytes: Uint8Array, view: DataView) => Found>> = {
  jpeg: readJpeg,
  png: readPng,
  webp: readWebp,
  avif: readAvif,
  gif: readGif,
  tiff: readTiff,
  bmp: readBmp,
  psd: readPsd,
  ico: () => UNKNOWN,
  jp2: () => UNKNOWN,
  jxl: () => UNKNOWN,
  heic: () => UNKNOWN,
  pnm: () => UNKNOWN,
  tga: () => UNKNOWN,
  pcx: () => UNKNOWN,
  sgi: () => UNKNOWN,
  dds: () => UNKNOWN,
  dicom: () => UNKNOWN,
};

/**
 * Reads the header of an image. Nothing is decoded.
 *
 * @param bytes The file, or enough of its beginning.
 * @returns Format, stored width and height in pixels, and the Exif orientation.
 * @throws {ImageError} When the bytes are not an image, end inside the header, or have no pixels.
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = detectFormat(bytes);
  if (format === undefined) throw new ImageError(describeOther(bytes));
  const header = readers[format](bytes, view);
  if (header.width === 0 || header.height === 0) {
    throw new ImageError(`the ${format.toUpperCase()} header says ${header.width} x ${header.height} pixels`);
  }
  return { format, ...header };
}
