/**
 * Decodes JPEG with the WebAssembly decoder inside npm:imagescript, without the rest of imagescript.
 *
 * Why this one: against PIL on real photographs it differs by 0.04 to 0.08 of 255 in the mean, where Deno's
 * createImageBitmap differs by 0.3 to 0.8, and it refuses truncated files, where createImageBitmap paints the rest
 * grey. Why not `import("imagescript")`: its package loads native code (FFI permission) and reads the environment.
 * The decoder itself is one .wasm file without imports, fetched from where npm put it: --allow-read is enough.
 *
 * @module
 */
import { ImageError, type RgbImage } from "./types.ts";

/** What imagescript's jpeg.wasm exports; its JavaScript front names no types. */
interface JpegModule {
  readonly memory: WebAssembly.Memory;
  /** Allocates bytes for the file. */
  walloc(size: number): number;
  /** Decodes; 0 and 1 are failures, else a handle. The last two limit the size; 0 means none. */
  decode(at: number, length: number, width: number, height: number): number;
  decode_width(handle: number): number;
  decode_height(handle: number): number;
  /** 0 grey, 1 RGB, 2 CMYK (0 is no ink). */
  decode_format(handle: number): number;
  /** Gives the pixels' address and leaves their length for `wlen`. */
  decode_buffer(handle: number): number;
  wlen(): number;
}

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  // Importing any file of the package makes Deno fetch and unpack it; only then does its .wasm have an address.
  await import("npm:imagescript@1.3.1/package.json", { with: { type: "json" } });
  const response = await fetch(import.meta.resolve("npm:imagescript@1.3.1/wasm/any/jpeg.wasm"));
  return await WebAssembly.compile(await response.arrayBuffer());
}

/**
 * True where the decoder can be loaded: on Deno, with read permission. A browser has no npm packages to read from,
 * and has a better decoder of its own.
 */
export async function hasJpegDecoder(): Promise<boolean> {
  try {
    compiled ??= compile();
    await compiled;
    return true;
  } catch {
    compiled = undefined;
    return false;
  }
}

/**
 * Fails unless the file runs to its end-of-image marker: what was cut off behind the last whole row of blocks would
 * otherwise pass for a picture.
 */
export function assertCompleteJpeg(bytes: Uint8Array): void {
  let at = 2;
  while (at + 2 <= bytes.length) {
    if (bytes[at] !== 0xff) { // Entropy-coded data: on to the next marker.
      at = bytes.indexOf(0xff, at);
      if (at < 0) break;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) return;
    if (marker === 0xff) at++;
    else if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) at += 2; // No length follows.
    else at += 2 + ((bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0));
  }
  throw new ImageError("truncated JPEG (no end-of-image marker)");
}

/**
 * Decodes a JPEG to RGB; CMYK and YCCK without a colour profile, as PIL does.
 *
 * @param bytes The whole file; its size must already have been checked.
 * @throws {ImageError} When the file is truncated or damaged.
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<RgbImage> {
  assertCompleteJpeg(bytes);
  compiled ??= compile();
  // A fresh instance each time: its memory never shrinks, and after a trap it is in no state to go on.
  const wasm = (await WebAssembly.instantiate(await compiled)).exports as unknown as JpegModule;
  let handle: number;
  try {
    const at = wasm.walloc(bytes.length);
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
    handle = wasm.decode(at, bytes.length, 0, 0);
  } catch (cause) {
    throw new ImageError("damaged JPEG", { cause });
  }
  if (handle === 0 || handle === 1) throw new ImageError("truncated or damaged JPEG");
  const width = wasm.decode_width(handle);
  const height = wasm.decode_height(handle);
  const format = wasm.decode_format(handle);
  const pixelsAt = wasm.decode_buffer(handle);
  const pixels = new Uint8Array(wasm.memory.buffer, pixelsAt, wasm.wlen());
  if (format === 1) return { width, height, data: pixels.slice() };

  const data = new Uint8Array(width * height * 3);
  for (let i = 0, to = 0; to < data.length; i++, to += 3) {
    if (format === 0) data[to] = data[to + 1] = data[to + 2] = pixels[i]!;
    else {
      const light = 255 - pixels[4 * i + 3]!;
      for (let c = 0; c < 3; c++) data[to + c] = (255 - pixels[4 * i + c]!) * light / 255 + 0.5;
    }
  }
  return { width, height, data };
}
