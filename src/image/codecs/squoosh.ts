/**
 * Reads WebP with libwebp and AVIF with libavif, as npm:@jsquash/webp and npm:@jsquash/avif publish them: WebP gives PIL's
 * bytes, AVIF bytes within 2 of 255.
 *
 * @module
 */
import type { SizedHeader } from "../header.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { rgbaOverWhite } from "./alpha.ts";
import { codecMemory, compileCodec, handedOut } from "./compile.ts";

/** The part of the codecs' embind interface that is used. */
interface Squoosh {
  /** Gives null for what it cannot read. AVIF takes the bits of a sample. */
  decode(bytes: Uint8Array, ...bits: number[]): ImageData | null;
}

type Factory = (options: {
  readonly noInitialRun: boolean;
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): unknown;
}) => Promise<Squoosh>;

const SCRIPTS: Readonly<Record<"webp" | "avif", () => Promise<{ readonly default: unknown }>>> = {
  webp: () => import("@jsquash/webp/codec/dec/webp_dec.js"),
  avif: () => import("@jsquash/avif/codec/dec/avif_dec.js"),
};

/**
 * Decodes a WebP or AVIF (the first frame) to RGB over white, as stored.
 *
 * @param memory Budget in bytes.
 * @param onReady Called when the codec is loaded and the reading begins.
 * @throws {ImageError} When the file is damaged, or needs more memory.
 */
export async function decodeWithSquoosh(
  bytes: Uint8Array,
  header: SizedHeader & { readonly format: "webp" | "avif" },
  memory: number,
  onReady: () => void,
): Promise<RgbImage> {
  const { format, width, height } = header;
  const pixels = width * height;
  // RGBA leaves the codec, and RGB is made of it.
  const module = await compileCodec(
    format,
    codecMemory(memory, 4 * pixels + handedOut(header), 4 * pixels + bytes.length),
  );
  const factory = (await SCRIPTS[format]()).default as Factory;
  const codec = await factory({
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
  onReady();
  let image: ImageData | null;
  try {
    image = format === "avif" ? codec.decode(bytes, 8) : codec.decode(bytes);
  } catch (cause) {
    throw new ImageError(`truncated or damaged ${format.toUpperCase()}`, { cause });
  }
  if (image === null) throw new ImageError(`truncated or damaged ${format.toUpperCase()}`);
  if (image.width !== width || image.height !== height) {
    throw new ImageError(
      `its header says ${width} x ${height}, its pixels ${image.width} x ${image.height}`,
    );
  }
  return rgbaOverWhite(image.data, width, height);
}
