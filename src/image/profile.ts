/**
 * Finds the colour profile that a JPEG, PNG, WebP or AVIF embeds. ImageMagick finds those of its formats itself.
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";
import { type ImageFormat, jpegSegments } from "./header.ts";

/** A profile is never longer: what claims to be is left out. */
const LARGEST = 16 * 2 ** 20;

/** The profile's bytes; undefined if there is none, or it is damaged. */
export async function findProfile(bytes: Uint8Array, format: ImageFormat): Promise<Uint8Array | undefined> {
  switch (format) {
    case "jpeg":
      return findInJpeg(bytes);
    case "png":
      return await findInPng(bytes);
    case "webp":
      return findInWebp(bytes);
    case "avif":
      return findInAvif(bytes);
    default:
      return undefined;
  }
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** APP2 segments "ICC_PROFILE\0", number and count, then a part of the profile (ICC.1, annex B.4). */
function findInJpeg(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let count = 0;
  for (const { marker, at, length } of jpegSegments(bytes)) {
    if (marker === 0xe2 && length >= 16 && textAt(bytes, at + 4, 12) === "ICC_PROFILE\0") {
      parts[bytes[at + 16]!] ??= bytes.subarray(at + 18, at + 2 + length);
      count = bytes[at + 17]!;
    }
  }
  // Numbers begin with 1.
  const ordered = parts.slice(1);
  if (count === 0 || ordered.length !== count || ordered.includes(undefined!)) return undefined;
  return concatUint8Arrays(ordered);
}

/** The chunk iCCP before the pixels: a name, a zero, the method 0, then the profile, deflated. */
async function findInPng(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const name = textAt(bytes, at + 4, 4);
    if (name === "IDAT") return undefined;
    if (name === "iCCP") {
      const data = bytes.subarray(at + 8, at + 8 + length);
      const end = data.subarray(0, 80).indexOf(0);
      return end < 1 || data[end + 1] !== 0 ? undefined : await inflate(data.subarray(end + 2));
    }
    at += 12 + length;
  }
  return undefined;
}

/** Bytes that are inflated at once: they become a megabyte at most. */
const PIECE = 1024;

/** Inflates a stream, up to the largest profile. */
async function inflate(deflated: Uint8Array): Promise<Uint8Array | undefined> {
  const { readable, writable } = new DecompressionStream("deflate");
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  // Piece by piece: a runtime inflates what it is given as a whole, whatever is read of it.
  const feed = async () => {
    for (let at = 0; at < deflated.length; at += PIECE) await writer.write(deflated.slice(at, at + PIECE));
    await writer.close();
  };
  // The reader meets the same failure.
  feed().catch(() => {});
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return concatUint8Arrays(parts);
      parts.push(value);
      size += value.length;
      if (size > LARGEST) {
        await reader.cancel();
        return undefined;
      }
    }
  } catch {
    return undefined;
  }
}

/** The chunk ICCP. */
function findInWebp(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (textAt(bytes, at, 4) === "ICCP") return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length & 1);
  }
  return undefined;
}

/** The first box `colr` that holds a profile: `prof`, or the restricted `rICC`. */
function findInAvif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const end = Math.min(bytes.length, 2 ** 20) - 8;
  for (let at = bytes.indexOf(0x63, 8); at >= 4 && at < end; at = bytes.indexOf(0x63, at + 1)) {
    if (textAt(bytes, at, 4) !== "colr") continue;
    const kind = textAt(bytes, at + 4, 4);
    if (kind === "prof" || kind === "rICC") return bytes.subarray(at + 8, at - 4 + view.getUint32(at - 4));
  }
  return undefined;
}
