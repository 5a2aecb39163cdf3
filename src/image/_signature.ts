/**
 * Tells an image's format by its first bytes, and says what other bytes are.
 *
 * @module
 */
import type { ImageFormat } from "./header.ts";

/** The first bytes of each format that needs no more to be known, as text. */
const SIGNATURES: readonly (readonly [start: string, format: ImageFormat])[] = [
  ["\xff\xd8\xff", "jpeg"],
  ["\x89PNG", "png"],
  ["GIF8", "gif"],
  ["II*\0", "tiff"],
  ["MM\0*", "tiff"],
  ["II+\0", "tiff"],
  ["MM\0+", "tiff"],
  ["BM", "bmp"],
  ["\0\0\x01\0", "ico"],
  ["8BPS\0\x01", "psd"],
  ["\0\0\0\x0cjP  ", "jp2"],
  ["\xff\x4f\xff\x51", "jp2"],
  ["\x01\xda\0", "sgi"],
  ["\x01\xda\x01", "sgi"],
  ["\x0a\0\x01", "pcx"],
  ["\x0a\x02\x01", "pcx"],
  ["\x0a\x03\x01", "pcx"],
  ["\x0a\x05\x01", "pcx"],
  ["DDS \x7c\0\0\0", "dds"],
  ["\xff\x0a", "jxl"],
  ["\0\0\0\x0cJXL ", "jxl"],
];

/** The first bytes as text, one character each. */
function readText(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length));
}

/** The format of HEIF's box `ftyp`: the main brand, and those that the file fits too. */
function heifFormat(bytes: Uint8Array): ImageFormat | undefined {
  const text = readText(bytes, 64);
  const size = (bytes[2]! << 8 | bytes[3]!) || 16;
  const brands = text.slice(8, Math.min(size, 64));
  if (/avif|avis/.test(brands)) return "avif";
  return /hei[cxms]|hev[cxms]|mif1|msf1/.test(brands) ? "heic" : undefined;
}

/** The format of a file, by its first bytes. */
export function detectFormat(bytes: Uint8Array): ImageFormat | undefined {
  const text = readText(bytes, 32);
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  if (text.slice(4, 8) === "ftyp") return heifFormat(bytes);
  if (/^P[1-7][\s#]/.test(text)) return "pnm";
  const known = SIGNATURES.find(([start]) => text.startsWith(start))?.[1];
  if (known !== undefined) return known;
  if (readText(bytes.subarray(128), 4) === "DICM") return "dicom";
  // TGA has no beginning of its own, only an end.
  return readText(bytes.subarray(-18), 16) === "TRUEVISION-XFILE" ? "tga" : undefined;
}

/** Says what bytes are that are not a decodable image, for the error message. */
export function describeOther(bytes: Uint8Array): string {
  if (bytes.length === 0) return "the file is empty (0 bytes)";
  const text = readText(bytes, 256);
  const instead = "; save it as PNG or JPEG";
  if (text.slice(4, 8) === "ftyp") return `it is a video, or a HEIF of an unknown kind${instead}`;
  if (text.startsWith("%PDF")) return `PDF is not supported${instead}`;
  if (text.startsWith("%!PS")) return `PostScript is not supported${instead}`;
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!doctype svg|!--)/i.test(text)) {
    return `SVG is not supported, because it can name further files${instead}`;
  }
  if (/^\s*<(!doctype|html)/i.test(text)) return "not an image (an HTML page)";
  return "not an image (no JPEG, PNG, WebP, AVIF, GIF, TIFF, HEIC or other known signature)";
}
