/**
 * Reads JPEG with libjpeg-turbo 3.1 (tools/codecs/jpeg.c), the library that PIL uses: the same bytes. Grey, RGB, CMYK, arithmetic
 * coding; no 12 bits, no lossless kind.
 *
 * Row by row, so that a baseline file of any size needs little memory beside what is handed out. A large one can be decoded
 * small, by a smaller transform of each block.
 *
 * @module
 */
import { sizeInEighths } from "../eighths.ts";
import type { SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { cmykConverter } from "./cmyk.ts";
import { codecMemory, compileCodec, handedOut, tooLarge } from "./compile.ts";
import { withoutFiles } from "./without_files.ts";

/** The functions of jpeg.c; pointers are places in its memory. */
interface JpegExports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  place(size: number): number;
  open(at: number, length: number, eighths: number): number;
  stored_width(): number;
  stored_height(): number;
  width(): number;
  height(): number;
  rows(to: number, count: number): void;
  finish(): number;
}

/** What {@linkcode JpegExports.finish} returns, as a sum. */
const [NO_END, DAMAGED, SEVERAL_SCANS] = [1, 2, 4];

/** Rows are taken in strips of about this size in bytes. */
const STRIP = 2 ** 20;
/** What the codec takes beside the file and the strip. */
const STARTS_WITH = 4 * 2 ** 20;

/** How a JPEG is decoded. */
export interface JpegOptions {
  /** Budget in bytes. */
  readonly memory: number;
  /** Eighths of its size at which it is decoded: 1, 2, 4 or 8. */
  readonly eighths: number;
  /** The profile of its colours; only inks are converted here. */
  readonly profile: Uint8Array | undefined;
  /** Called when the codec is loaded and the reading begins. */
  onReady(): void;
}

async function createCodec(memory: number): Promise<JpegExports> {
  const module = await compileCodec("jpeg", memory);
  const host = {
    fail(at: number): never {
      const bytes = new Uint8Array(wasm.memory.buffer, at, 200);
      const reason = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
      if (/memory/i.test(reason)) throw tooLarge(memory, memory);
      throw new ImageError(`truncated or damaged JPEG (${reason})`);
    },
  };
  const wasm = (await WebAssembly.instantiate(module, withoutFiles(module, host))).exports as JpegExports;
  wasm._initialize();
  return wasm;
}

/**
 * Decodes a JPEG to RGB, as stored.
 *
 * @throws {ImageError} When the file is damaged, or needs more memory; with a cause when this codec lacks its kind.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  header: SizedHeader,
  { memory, eighths, profile, onReady }: JpegOptions,
): Promise<RgbImage & { readonly converted: boolean }> {
  const size = sizeInEighths(header, eighths);
  const needed = STARTS_WITH + STRIP + bytes.length;
  const wasm = await createCodec(codecMemory(memory, handedOut(size), needed));
  onReady();
  try {
    const channels = openFile(wasm, bytes, header, eighths);
    const [width, height] = [wasm.width(), wasm.height()];
    const toRgb = channels === 4 ? await inksConverter(profile) : channels === 1 ? rgbOfGrey : undefined;
    const data = takeRows(wasm, { width, height, channels }, toRgb);
    const warned = wasm.finish();
    if (warned & DAMAGED) throw new ImageError("truncated or damaged JPEG");
    // A file without an end has all its pixels if they come in one scan.
    if (warned & NO_END && warned & SEVERAL_SCANS) throw new ImageError("truncated JPEG");
    return { width, height, data, converted: channels === 4 };
  } catch (cause) {
    if (cause instanceof ImageError && !/more than 8 bits/.test(cause.message)) throw cause;
    throw new ImageError("truncated or damaged JPEG, or of a rare kind", { cause });
  }
}

function openFile(wasm: JpegExports, bytes: Uint8Array, { width, height }: SizedHeader, eighths: number) {
  const at = wasm.place(bytes.length);
  if (at === 0) throw tooLarge(bytes.length, wasm.memory.buffer.byteLength);
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  const channels = wasm.open(at, bytes.length, eighths);
  const [wide, high] = [wasm.stored_width(), wasm.stored_height()];
  if (wide === width && high === height) return channels;
  throw new ImageError(`its header says ${width} x ${height}, its pixels ${wide} x ${high}`);
}

function takeRows(
  wasm: JpegExports,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
  toRgb: ((strip: Uint8Array) => Uint8Array) | undefined,
): Uint8Array {
  const data = new Uint8Array(3 * width * height);
  const rows = Math.max(1, Math.floor(STRIP / (channels * width)));
  const at = wasm.place(rows * channels * width);
  if (at === 0) throw tooLarge(rows * channels * width, wasm.memory.buffer.byteLength);
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    wasm.rows(at, count);
    const strip = new Uint8Array(wasm.memory.buffer, at, count * channels * width);
    data.set(toRgb?.(strip) ?? strip, 3 * y * width);
  }
  return data;
}

function rgbOfGrey(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0, to = 0; i < grey.length; i++, to += 3) rgb[to] = rgb[to + 1] = rgb[to + 2] = grey[i]!;
  return rgb;
}

/** Inks are stored inverted, as Adobe does and PIL takes them. */
async function inksConverter(profile: Uint8Array | undefined): Promise<(strip: Uint8Array) => Uint8Array> {
  const convert = await cmykConverter(profile);
  return (strip) => convert(strip.map((value) => 255 - value));
}
