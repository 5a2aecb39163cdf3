/**
 * Writes animated GIFs, with npm:gifenc.
 *
 * @module
 */
import type { Frame } from "./types.ts";

/** Colours as lists of red, green, blue. */
type Palette = readonly (readonly number[])[];

/** What is used of gifenc, which has no types. */
interface Gifenc {
  GIFEncoder(): {
    writeFrame(
      pixels: Uint8Array,
      width: number,
      height: number,
      options: { readonly palette: Palette; readonly delay: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  };
  quantize(rgba: Uint8Array, colours: number): Palette;
  applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
}

/**
 * Writes frames as a GIF that repeats. Each frame has 256 colours of its own.
 *
 * @param frames All of one size.
 */
export async function encodeGif(frames: AsyncIterable<Frame>): Promise<Uint8Array<ArrayBuffer>> {
  const module: unknown = await import("gifenc");
  // A runtime with CommonJS gives the whole package as the default export, a bundler gives its parts.
  const given = module as Gifenc & { readonly default: Gifenc };
  const { GIFEncoder, quantize, applyPalette } = typeof given.quantize === "function" ? given : given.default;
  const encoder = GIFEncoder();
  for await (const { image: { width, height, data }, milliseconds } of frames) {
    const rgba = new Uint8Array(4 * width * height);
    for (let i = 0; i < width * height; i++) {
      rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
      rgba[4 * i + 3] = 255;
    }
    const palette = quantize(rgba, 256);
    encoder.writeFrame(applyPalette(rgba, palette), width, height, { palette, delay: milliseconds });
  }
  encoder.finish();
  return encoder.bytes();
}
