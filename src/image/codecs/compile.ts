/**
 * The small codecs' WebAssembly, compiled with a maximum of memory; and the budget that one image may cost.
 *
 * @module
 */
import { inflateText } from "../_embedded.ts";
import type { SizedHeader } from "../header.ts";
import { ImageError } from "../types.ts";
import { limitMemory } from "./limit_memory.ts";

/** The codecs whose WebAssembly comes with this module (wasm/). */
export type SmallCodec = "jpeg" | "png" | "webp" | "avif" | "color";

/** Default budget of one image: 384 MiB for the codec's memory and the pixels that it hands out. */
export const DEFAULT_MEMORY = 384 * 2 ** 20;

/** Steps of a codec's memory, so that images of all usual sizes share one compiled module. */
const STEP = 32 * 2 ** 20;
/** What the codecs start with, at most. */
const LEAST = 20 * 2 ** 20;

const LOADERS: Readonly<Record<SmallCodec, () => Promise<{ readonly WASM: string }>>> = {
  jpeg: () => import("./wasm/jpeg.ts"),
  png: () => import("./wasm/png.ts"),
  webp: () => import("./wasm/webp.ts"),
  avif: () => import("./wasm/avif.ts"),
  color: () => import("./wasm/color.ts"),
};

// Compiled code is shared by all images of a thread, as the runtime's builds are.
const modules = new Map<string, Promise<WebAssembly.Module>>();

/** Bytes of an image's pixels as RGB; twice, where they are turned afterwards. */
export function handedOut({ width, height, orientation }: SizedHeader): number {
  return 3 * width * height * ((orientation?.value ?? 1) === 1 ? 1 : 2);
}

/** The line that refuses an image for its memory. */
export function tooLarge(needed: number, budget: number): ImageError {
  const [need, have] = [needed, budget].map((bytes) => Math.ceil(bytes / 2 ** 20));
  return new ImageError(`reading it takes ${need} MB or more, over the budget of ${have} MB (decode memory)`);
}

/**
 * The memory that a codec may have for an image, so that it and what leaves it stay within the budget.
 *
 * @param handedOut Bytes that leave the codec: the pixels.
 * @param needed Bytes that the codec needs at least.
 * @throws {ImageError} When the budget is too small.
 */
export function codecMemory(budget: number, handedOut: number, needed: number): number {
  const free = budget - handedOut;
  const step = free < 2 * STEP ? LEAST : STEP;
  const memory = Math.floor(free / step) * step;
  const least = Math.max(needed, LEAST);
  if (memory < least) throw tooLarge(least + handedOut, budget);
  return memory;
}

/** Compiles a codec, once per thread and maximum. */
export function compileCodec(name: SmallCodec, memory: number): Promise<WebAssembly.Module> {
  const key = `${name} ${memory}`;
  let module = modules.get(key);
  if (module === undefined) {
    module = LOADERS[name]().then(async ({ WASM }) =>
      await WebAssembly.compile(limitMemory(await inflateText(WASM), memory))
    );
    modules.set(key, module);
    // A failed load may be repeated, for example after a file was unreachable.
    module.catch(() => modules.delete(key));
  }
  return module;
}
