/**
 * Converts the colours of an image to sRGB by the profile that its file embeds, with Little CMS 2.19 (tools/codecs/color.c), as
 * Pillow's ImageCms does: perceptual intent, 8 bits.
 *
 * A profile that cannot be used (damaged, of another kind of colours than the image, or in need of more memory) is left out.
 *
 * @module
 */
import type { RgbImage } from "../types.ts";
import { compileCodec } from "./compile.ts";
import { withoutFiles } from "./without_files.ts";

/** The functions of color.c; pointers are places in its memory. */
interface ColorExports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  place(size: number): number;
  open(at: number, length: number): number;
  convert(from: number, to: number, pixels: number): void;
}

/** An embedded profile, ready to convert. */
export interface ColorProfile {
  /** Samples of a pixel: grey, RGB or CMYK (255 is full ink). */
  readonly channels: 1 | 3 | 4;
  /** Converts pixels of `channels` bytes to sRGB, three bytes each, into `to`. */
  convert(from: Uint8Array, to: Uint8Array): void;
}

/** What Little CMS may take: the largest tables of profiles for printing take 20 MB. */
const MEMORY = 64 * 2 ** 20;
/** Pixels that are converted at once. */
const STRIP = 2 ** 16;
/** Profiles are kilobytes to a few megabytes. */
const LARGEST = 16 * 2 ** 20;

/** Opens an embedded profile; undefined if it cannot be used. */
export async function openProfile(profile: Uint8Array): Promise<ColorProfile | undefined> {
  if (profile.length < 128 || profile.length > LARGEST) return undefined;
  const module = await compileCodec("color", MEMORY);
  const wasm = (await WebAssembly.instantiate(module, withoutFiles(module))).exports as ColorExports;
  try {
    wasm._initialize();
    const at = wasm.place(profile.length);
    if (at === 0) return undefined;
    new Uint8Array(wasm.memory.buffer).set(profile, at);
    const channels = wasm.open(at, profile.length);
    const [from, to] = [wasm.place(4 * STRIP), wasm.place(3 * STRIP)];
    if (channels === 0 || from === 0 || to === 0) return undefined;
    return { channels: channels as 1 | 3 | 4, convert: converter(wasm, channels, from, to) };
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return undefined;
    throw error;
  }
}

function converter(
  wasm: ColorExports,
  channels: number,
  inAt: number,
  outAt: number,
): ColorProfile["convert"] {
  return (from, to) => {
    const pixels = from.length / channels;
    for (let start = 0; start < pixels; start += STRIP) {
      const count = Math.min(STRIP, pixels - start);
      const bytes = new Uint8Array(wasm.memory.buffer);
      bytes.set(from.subarray(channels * start, channels * (start + count)), inAt);
      wasm.convert(inAt, outAt, count);
      to.set(new Uint8Array(wasm.memory.buffer, outAt, 3 * count), 3 * start);
    }
  };
}

/** Levels of each colour of {@linkcode isSrgb}'s samples. */
const LEVELS = 9;

/** Whether a profile of RGB moves no colour by more than 1 of 255: it is sRGB under some name. */
function isSrgb({ convert }: ColorProfile): boolean {
  const samples = new Uint8Array(3 * LEVELS ** 3);
  for (let i = 0, to = 0; i < LEVELS ** 3; i++) {
    for (let rest = i, c = 0; c < 3; c++, rest = Math.floor(rest / LEVELS)) {
      samples[to++] = Math.round(255 * (rest % LEVELS) / (LEVELS - 1));
    }
  }
  const converted = new Uint8Array(samples.length);
  convert(samples, converted);
  return converted.every((value, i) => Math.abs(value - samples[i]!) <= 1);
}

/**
 * The image in sRGB. It stays as it is where its profile is sRGB, or cannot be used.
 *
 * @param image Its data are overwritten.
 * @param profile The bytes of an ICC profile for RGB, or for grey if the image is grey.
 */
export async function convertToSrgb(image: RgbImage, profile: Uint8Array): Promise<RgbImage> {
  const { data } = image;
  const opened = await openProfile(profile);
  if (opened?.channels === 3 && !isSrgb(opened)) opened.convert(data, data);
  if (opened?.channels === 1 && isGrey(data)) {
    // One colour of the three is the grey value.
    for (let start = 0; start < data.length; start += 3 * STRIP) {
      const strip = data.subarray(start, start + 3 * STRIP);
      opened.convert(strip.filter((_, i) => i % 3 === 0), strip);
    }
  }
  return image;
}

function isGrey(data: Uint8Array): boolean {
  for (let i = 0; i < data.length; i += 3) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}
