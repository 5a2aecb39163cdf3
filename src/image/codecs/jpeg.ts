/**
 * Reads JPEG with libjpeg-turbo (npm:@cornerstonejs/codec-libjpeg-turbo-8bit), the library that PIL uses: the same bytes.
 * It has no CMYK, no arithmetic coding and no 12 bits, and takes every warning for an error.
 *
 * @module
 */
import type { SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { codecMemory, compileCodec, handedOut } from "./compile.ts";

/** The part of the codec's embind interface that is used. */
interface Turbo {
  readonly JPEGDecoder: new () => {
    /** The place for the file, in the codec's memory. */
    getEncodedBuffer(size: number): Uint8Array;
    decode(): void;
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
    /** The pixels, in the codec's memory. */
    getDecodedBuffer(): Uint8Array;
  };
}

type Factory = (options: {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): unknown;
}) => Promise<Turbo>;

/** What the codec holds before it reads: 50 MiB, of which it touches little. */
const STARTS_WITH = 50 * 2 ** 20;

/** Creates the codec. Each image gets one of its own, so that none inherits another's memory. */
async function createTurbo(memory: number): Promise<Turbo> {
  const module = await compileCodec("jpeg", memory);
  const script: { readonly default: unknown } = await import("./wasm/jpeg_script.js");
  return await (script.default as Factory)({
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
}

/**
 * Decodes a JPEG of one or three components to RGB, as stored.
 *
 * @param memory Budget in bytes.
 * @param onReady Called when the codec is loaded and the reading begins.
 * @throws {ImageError} When the file is damaged, of a kind that this codec lacks, or needs more memory.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  header: SizedHeader,
  memory: number,
  onReady: () => void,
): Promise<RgbImage> {
  const { width, height } = header;
  const size = 3 * width * height;
  const turbo = await createTurbo(
    codecMemory(memory, handedOut(header), Math.max(STARTS_WITH, size + bytes.length)),
  );
  onReady();
  const decoder = new turbo.JPEGDecoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
  } catch (cause) {
    // C++ throws a number, which names nothing.
    throw new ImageError("truncated or damaged JPEG", { cause });
  }
  const frame = decoder.getFrameInfo();
  if (frame.width !== width || frame.height !== height) {
    throw new ImageError(
      `its header says ${width} x ${height}, its pixels ${frame.width} x ${frame.height}`,
    );
  }
  const pixels = decoder.getDecodedBuffer();
  const data = new Uint8Array(size);
  if (frame.componentCount === 3) data.set(pixels);
  else for (let i = 0, to = 0; to < size; i++, to += 3) data[to] = data[to + 1] = data[to + 2] = pixels[i]!;
  return { width, height, data };
}
