/**
 * Reads and writes PNG with the png crate of Rust, as npm:@jsquash/png publishes it. The glue is ours (the package's keeps one
 * memory for the whole program, copies the pixels once more, and needs a global ImageData).
 *
 * 16-bit samples keep their high byte, transparent pixels lie over white; gamma and profiles are not applied.
 *
 * @module
 */
import type { SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { rgbaOverWhite } from "./alpha.ts";
import { checkedPng } from "./check_png.ts";
import { codecMemory, compileCodec, DEFAULT_MEMORY, handedOut } from "./compile.ts";

/** The functions of squoosh_png_bg.wasm, version 3.1.1; pointers are places in its memory. */
interface PngExports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  decode(at: number, length: number): number;
  encode(result: number, at: number, length: number, width: number, height: number, depth: number): void;
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_free(at: number, size: number, align: number): void;
  __wbindgen_add_to_stack_pointer(by: number): number;
}

/** Takes decoded RGBA, a view that holds only during the call. */
type TakePixels = (rgba: Uint8Array, width: number, height: number) => void;

/** Creates the codec. Each image that is read gets one of its own, so that none inherits another's memory. */
async function createCodec(memory: number, take?: TakePixels): Promise<PngExports> {
  const module = await compileCodec("png", memory);
  const imports: WebAssembly.ModuleImports = {
    __wbindgen_memory: () => 0,
    __wbg_buffer_a448f833075b71ba: () => 0,
    __wbg_newwithbyteoffsetandlength_099217381c451830: () => 0,
    __wbindgen_object_drop_ref: () => {},
    __wbg_newwithownedu8clampedarrayandsh_91db5987993a08fb(
      at: number,
      size: number,
      wide: number,
      high: number,
    ) {
      take?.(new Uint8Array(wasm.memory.buffer, at >>> 0, size >>> 0), wide >>> 0, high >>> 0);
      return 0;
    },
    __wbindgen_throw(at: number, length: number) {
      throw new Error(new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, at >>> 0, length >>> 0)));
    },
  };
  const wasm = (await WebAssembly.instantiate(module, { wbg: imports })).exports as PngExports;
  return wasm;
}

/** Copies bytes into the codec's memory; returns their place. */
function place(wasm: PngExports, bytes: Uint8Array): number {
  const at = wasm.__wbindgen_malloc(bytes.length, 1) >>> 0;
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  return at;
}

/**
 * Decodes a PNG to RGB over white, as stored.
 *
 * @param memory Budget in bytes.
 * @param onReady Called when the codec is loaded and the reading begins.
 * @throws {ImageError} When the file is damaged, or needs more memory.
 */
export async function decodePng(
  bytes: Uint8Array,
  header: SizedHeader,
  memory: number,
  onReady: () => void,
): Promise<RgbImage> {
  const { width, height } = header;
  const whole = checkedPng(bytes);
  const pixels = width * height;
  let image: RgbImage | undefined;
  const take: TakePixels = (rgba, wide, high) => {
    if (wide === width && high === height) image = rgbaOverWhite(rgba, width, height);
  };
  const wasm = await createCodec(codecMemory(memory, handedOut(header), 4 * pixels + whole.length), take);
  onReady();
  try {
    wasm.decode(place(wasm, whole), whole.length);
  } catch (cause) {
    throw new ImageError("truncated or damaged PNG", { cause });
  }
  if (image === undefined) throw new ImageError("damaged PNG (its pixels have another size than its header)");
  return image;
}

/** Memory up to which a codec is kept for the next image that is written. */
const KEPT = 32 * 2 ** 20;

// One for all images of a thread that are written one after the other. They are our own, so none can break it.
let kept: PngExports | undefined;

/**
 * Writes RGBA as PNG, at the fast level.
 *
 * @param fill Writes `width * height * 4` bytes of RGBA into the codec's memory.
 */
export async function encodeRgbaPng(
  fill: (rgba: Uint8Array) => void,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = 4 * width * height;
  const needed = Math.max(DEFAULT_MEMORY, 3 * length);
  const wasm = needed === DEFAULT_MEMORY && kept !== undefined ? kept : await createCodec(needed);
  kept = undefined;
  const at = wasm.__wbindgen_malloc(length, 1) >>> 0;
  fill(new Uint8Array(wasm.memory.buffer, at, length));
  const result = wasm.__wbindgen_add_to_stack_pointer(-16);
  wasm.encode(result, at, length, width, height, 8);
  const [file, size] = new Uint32Array(wasm.memory.buffer, result, 2) as unknown as [number, number];
  const bytes = new Uint8Array(wasm.memory.buffer, file, size).slice();
  wasm.__wbindgen_free(file, size, 1);
  wasm.__wbindgen_add_to_stack_pointer(16);
  if (wasm.memory.buffer.byteLength <= KEPT) kept = wasm;
  return bytes;
}
