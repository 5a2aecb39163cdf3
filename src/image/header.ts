/**
 * Reads format, width, height and orientation from the first bytes of an image, before anything is decoded. So a
 * decompression bomb is refused after its header. Decodes no pixels.
 *
 * @module
 */
import { findOrientation, type Orientation, tiffByteOrder } from "./_exif.ts";
import { ImageError } from "./types.ts";

/** The formats that can be decoded. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "tiff";

/** The content of an image header. */
export interface ImageHeader {
  /** Format of the bytes. */
  readonly format: ImageFormat;
  /** Pixels per stored row, before any turning by orientation. */
  readonly width: number;
  /** Stored rows. */
  readonly height: number;
  /** The Exif orientation, if there is one. */
  readonly orientation: Orientation | undefined;
}

type Found = Omit<ImageHeader, "format">;

/** True for JPEG's start-of-frame markers (0xC4, 0xC8 and 0xCC share the range but are something else). */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readJpeg(bytes: Uint8Array, view: DataView): Found {
  let orientation: Orientation | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new ImageError("damaged JPEG header");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) { // A fill byte.
      at++;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) throw new ImageError("JPEG without a frame header");
    const length = view.getUint16(at + 2);
    if (isStartOfFrame(marker)) {
      if (at + 9 > bytes.length) break;
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), orientation };
    }
    // "Exif\0\0", then a TIFF structure.
    if (marker === 0xe1 && at + 10 <= bytes.length && view.getUint32(at + 4) === 0x45786966) {
      orientation ??= findOrientation(view, at + 10);
    }
    at += 2 + length;
  }
  throw new ImageError("truncated JPEG");
}

function readPng(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 33 || view.getUint32(12) !== 0x49484452) throw new ImageError("truncated PNG");
  let orientation: Orientation | undefined;
  for (let at = 33; at + 12 <= bytes.length && orientation === undefined;) {
    // The eXIf chunk may lie before or after the pixels.
    if (view.getUint32(at + 4) === 0x65584966) orientation = findOrientation(view, at + 8);
    at += 12 + view.getUint32(at);
  }
  return { width: view.getUint32(16), height: view.getUint32(20), orientation };
}

function readGif(bytes: Uint8Array, view: DataView): Found {
  if (bytes.length < 13) throw new ImageError("truncated GIF");
  return { width: view.getUint16(6, true), height: view.getUint16(8, true), orientation: undefined };
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
  for (let at = 12; at + 8 <= bytes.length && orientation === undefined;) {
    const length = view.getUint32(at + 4, true);
    if (view.getUint32(at) === 0x45584946) {
      // Some writers put JPEG's "Exif\0\0" before the structure.
      const prefixed = at + 14 <= bytes.length && view.getUint32(at + 8) === 0x45786966;
      orientation = findOrientation(view, at + (prefixed ? 14 : 8));
    }
    at += 8 + length + (length & 1);
  }
  return { ...size, orientation };
}

function readTiff(bytes: Uint8Array, view: DataView): Found {
  const little = tiffByteOrder(view, 0) === "little";
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) throw new ImageError("truncated TIFF");
  let width = 0;
  let height = 0;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > bytes.length) throw new ImageError("truncated TIFF");
    const tag = view.getUint16(entry, little);
    if (tag !== 256 && tag !== 257) continue;
    const isShort = view.getUint16(entry + 2, little) === 3;
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    if (tag === 256) width = value;
    else height = value;
  }
  return { width, height, orientation: findOrientation(view, 0) };
}

/** Describes bytes that are not a decodable image, for the error message. */
function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return "the file is empty (0 bytes)";
  const text = String.fromCharCode(...bytes.subarray(0, 64));
  const supported = "; JPEG, PNG, WebP, GIF and TIFF are";
  if (text.slice(4, 8) === "ftyp") return `HEIC, AVIF and video files are not supported${supported}`;
  if (text.startsWith("BM")) return `BMP is not supported${supported}`;
  if (text.startsWith("%PDF")) return `PDF is not supported${supported}`;
  if (/^\s*<(\?xml|svg)/i.test(text)) return `SVG is not supported${supported}`;
  if (/^\s*<(!doctype|html)/i.test(text)) return "not an image (an HTML page)";
  return "not an image (no JPEG, PNG, WebP, GIF or TIFF signature)";
}

function detect(bytes: Uint8Array, view: DataView): ImageFormat | undefined {
  if (bytes.length < 4) return undefined;
  const mark = view.getUint32(0);
  if (mark >>> 8 === 0xffd8ff) return "jpeg";
  if (mark === 0x89504e47) return "png";
  if (mark === 0x47494638) return "gif";
  if (mark === 0x52494646 && bytes.length >= 12 && view.getUint32(8) === 0x57454250) return "webp";
  return tiffByteOrder(view, 0) === undefined ? undefined : "tiff";
}

const READERS = { jpeg: readJpeg, png: readPng, gif: readGif, webp: readWebp, tiff: readTiff };

/**
 * Reads the header of an image. Nothing is decoded.
 *
 * @param bytes The file, or enough of its beginning.
 * @returns Format, stored width and height in pixels, and the Exif orientation.
 * @throws {ImageError} When the bytes are not an image, end inside the header, or have no pixels.
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = detect(bytes, view);
  if (format === undefined) throw new ImageError(describe(bytes));
  const header = READERS[format](bytes, view);
  if (header.width === 0 || header.height === 0) {
    throw new ImageError(`the ${format.toUpperCase()} header says ${header.width} x ${header.height} pixels`);
  }
  return { format, ...header };
}
