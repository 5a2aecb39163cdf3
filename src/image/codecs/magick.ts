/**
 * Reads the formats that no small codec has, and writes those that people archive, with ImageMagick
 * (npm:@imagemagick/magick-wasm, 14.8 MB, loaded when such a file is met).
 *
 * Its policy allows the named formats alone: no delegates, no network, no further files, no scripts. The format is named to
 * it, so it guesses none.
 *
 * @module
 */
import type * as Magick from "@imagemagick/magick-wasm";
import { readFileUrl } from "../../platform/file_url.ts";
import { ImageError, type RgbImage } from "../types.ts";
import { rgbaOverWhite } from "./alpha.ts";
import { cmykConverter } from "./cmyk.ts";
import { tooLarge } from "./compile.ts";
import { screenOfGif } from "./gif_screen.ts";
import { limitMemory } from "./limit_memory.ts";
import { fourthSampleIsAlpha } from "./tiff_alpha.ts";

/** The formats that ImageMagick reads here, as it calls them. */
export const MAGICK_READS = {
  jpeg: "JPEG",
  gif: "GIF",
  tiff: "TIFF",
  bmp: "BMP",
  ico: "ICO",
  psd: "PSD",
  jp2: "JP2",
  jxl: "JXL",
  heic: "HEIC",
  pnm: "PNM",
  webp: "WEBP",
  tga: "TGA",
  pcx: "PCX",
  sgi: "SGI",
  dds: "DDS",
  dicom: "DCM",
} as const;

/** The formats that ImageMagick writes here. */
export type MagickWrites = "JPEG" | "WEBP" | "AVIF" | "PNG";

/** An image as stored, with the orientation that the codec found; 1 where it has been applied. */
export interface MagickImage extends RgbImage {
  /** 1 to 8 as in TIFF tag 274. */
  readonly orientation: number;
  /** The profile of its colours, if they are still to be converted. */
  readonly profile?: Uint8Array;
}

/** Version of the package: the same as deno.json's. */
const VERSION = "0.0.43";

/** Policies in order, the last that fits decides. */
const POLICY = `<policymap>
  <policy domain="delegate" rights="none" pattern="*" />
  <policy domain="filter" rights="none" pattern="*" />
  <policy domain="path" rights="none" pattern="@*" />
  <policy domain="path" rights="none" pattern="|*" />
  <policy domain="coder" rights="none" pattern="*" />
  <policy domain="coder" rights="read" pattern="{${
  [...Object.values(MAGICK_READS), "TIFF64", "J2K", "PBM", "PGM", "PPM", "PAM"].join(",")
}}" />
  <policy domain="coder" rights="read|write" pattern="{JPEG,PNG,RGB}" />
  <policy domain="coder" rights="read|write" pattern="{WEBP}" />
  <policy domain="coder" rights="write" pattern="{AVIF}" />
</policymap>`;

/** What the codec takes before the first image. */
const STARTS_WITH = 64 * 2 ** 20;
/** Frames that a file may have; memory bounds them too. */
const MOST_FRAMES = 4096n;
/** Rows are taken in strips of about this size in bytes. */
const STRIP = 2 ** 20;

let loading: Promise<typeof Magick> | undefined;

/**
 * The place of magick.wasm: named by the caller, or in the npm package. Bundlers find the package's file by the last
 * address; where they do not, it is the path beside the bundle.
 */
function wasmUrl(named: string | undefined): URL {
  if (named !== undefined) return new URL(named);
  const file = "@imagemagick/magick-wasm";
  // Deno and Node know where a package's files are; a page does not.
  if ("Deno" in globalThis) return new URL(import.meta.resolve(`npm:${file}@${VERSION}/magick.wasm`));
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node !== undefined) return new URL(import.meta.resolve(`${file}/magick.wasm`));
  return new URL("@imagemagick/magick-wasm/magick.wasm", import.meta.url);
}

async function load(memory: number, url: string | undefined): Promise<typeof Magick> {
  const magick = await import("@imagemagick/magick-wasm");
  let wasm: Uint8Array;
  try {
    const from = wasmUrl(url);
    wasm = await readFileUrl(from) ?? new Uint8Array(await (await fetch(from)).arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new ImageError(
      `its format is read by ImageMagick, whose magick.wasm cannot be loaded (${reason}); save it as PNG or JPEG`,
      { cause },
    );
  }
  const { ConfigurationFiles, initializeImageMagick, ResourceLimits } = magick;
  const files = ConfigurationFiles.default;
  files.policy.data = POLICY;
  await initializeImageMagick(await WebAssembly.compile(limitMemory(wasm, memory)), files);
  ResourceLimits.disk = 0n;
  ResourceLimits.memory = BigInt(memory);
  ResourceLimits.maxMemoryRequest = BigInt(memory);
  ResourceLimits.listLength = MOST_FRAMES;
  return magick;
}

/** Loads ImageMagick, once per thread; the first budget holds. */
export function loadMagick(budget: number, url: string | undefined): Promise<typeof Magick> {
  // Two thirds for the codec, one third for the pixels that it hands out.
  const memory = Math.floor(budget * 2 / 3);
  if (memory < STARTS_WITH) return Promise.reject(tooLarge(STARTS_WITH * 3 / 2, budget));
  loading ??= load(memory, url).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** True where a warning leaves the image whole: libtiff warns of tags, and fails where pixels are missing. */
function isHarmless(format: string, warning: string): boolean {
  return format === "tiff" || /extraneous bytes before marker|Unknown Adobe color transform/.test(warning);
}

/** The first line of what ImageMagick says, without its place in the source. */
function magickReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ [`'].*$/s, "").replace(/ @ .*$/s, "").replace(/\s+/g, " ").trim().slice(0, 120);
}

/** Options of {@linkcode decodeWithMagick}. */
export interface MagickOptions {
  /** Budget in bytes. */
  readonly memory: number;
  /** Most pixels. */
  readonly maxPixels: number;
  /** The frame, from 0. */
  readonly frame: number;
  /** Whether colours stay as stored, whatever the file's profile says. */
  readonly keepProfile: boolean;
  /** URL of magick.wasm, where the runtime does not know its package's. */
  readonly magickWasm?: string;
  /** Called when the codec is loaded and the reading begins. */
  onReady(): void;
}

/**
 * Decodes a frame of a file to RGB over white, as stored. CMYK becomes RGB by its profile, and without one as in PIL; the
 * profile of other colours is handed out.
 *
 * @throws {ImageError} When the file is damaged, has no such frame, has more pixels than allowed, or needs more memory.
 */
export async function decodeWithMagick(
  bytes: Uint8Array,
  format: keyof typeof MAGICK_READS,
  options: MagickOptions,
): Promise<MagickImage> {
  const { memory, maxPixels, frame, keepProfile, magickWasm, onReady } = options;
  const magick = await loadMagick(memory, magickWasm);
  onReady();
  magick.ResourceLimits.area = BigInt(maxPixels);
  // A later frame of an animation is drawn over those before it.
  const drawn = (format === "gif" || format === "webp") && frame > 0;
  const read = drawn ? readDrawnFrame : readFrame;
  const image = read(magick, bytes, format, options);
  try {
    const { width, height } = image;
    if (width * height > maxPixels) {
      throw new ImageError(`${width} x ${height} pixels exceeds maxPixels ${maxPixels}`);
    }
    if (3 * width * height > memory / 3) throw tooLarge(9 * width * height, memory);
    const fourth = format === "tiff" && image.metaChannelCount === 1 && fourthSampleIsAlpha(bytes);
    const profile = keepProfile ? undefined : image.getProfile("icc")?.data.slice();
    const cmyk = image.colorSpace === magick.ColorSpace.CMYK;
    const toRgb = cmyk ? await cmykConverter(profile) : undefined;
    const data = takePixels(magick, image, fourth, toRgb);
    const more = profile === undefined || cmyk ? {} : { profile };
    const stored = { width, height, data, orientation: image.orientation || 1, ...more };
    if (format !== "gif" || drawn) return stored;
    const { x, y, width: wide, height: high } = image.page;
    return { ...screenOfGif(bytes, stored, { x, y, width: wide, height: high }, maxPixels), orientation: 1 };
  } finally {
    image.dispose();
  }
}

/** Reads one frame. */
function readFrame(
  magick: typeof Magick,
  bytes: Uint8Array,
  format: keyof typeof MAGICK_READS,
  options: MagickOptions,
): Magick.IMagickImage {
  const settings = new magick.MagickReadSettings({ frameIndex: options.frame, frameCount: 1 });
  settings.format = MAGICK_READS[format];
  const image = magick.MagickImage.create();
  const warnings: string[] = [];
  // The binding's type asks for a number, the binding itself for nothing.
  image.onWarning = ({ error }) => warnings.push(error.message);
  try {
    image.read(bytes, settings);
    const serious = warnings.find((warning) => !isHarmless(format, warning));
    if (serious !== undefined) throw new Error(serious);
    // A TIFF without the frame fails here.
    if (image.width === 0) throw new Error("no pixels");
    return image;
  } catch (cause) {
    image.dispose();
    throw refusal(cause, format, options);
  }
}

/** Reads a frame of an animation as it is seen: over those before it. */
function readDrawnFrame(
  magick: typeof Magick,
  bytes: Uint8Array,
  format: keyof typeof MAGICK_READS,
  options: MagickOptions,
): Magick.IMagickImage {
  const { frame } = options;
  const settings = new magick.MagickReadSettings({ frameIndex: 0, frameCount: frame + 1 });
  settings.format = MAGICK_READS[format];
  const images = magick.MagickImageCollection.create();
  try {
    images.read(bytes, settings);
    if (images.length > frame) {
      images.coalesce();
      // Of a WebP all frames are read.
      while (images.length > frame + 1) images.pop()!.dispose();
      return images.pop()!;
    }
  } catch (cause) {
    throw refusal(cause, format, options);
  } finally {
    images.dispose();
  }
  throw new ImageError(`it has no frame ${frame} (they count from 0)`);
}

/** The line that refuses a file, by what ImageMagick said. */
function refusal(cause: unknown, format: string, { memory, maxPixels, frame }: MagickOptions): ImageError {
  const reason = magickReason(cause);
  const name = format.toUpperCase();
  if (frame > 0 && /InvalidImageIndex|is disposed/.test(reason)) {
    return new ImageError(`it has no frame ${frame} (they count from 0)`);
  }
  if (/limit|allocat|exhausted|cache resources/i.test(reason)) {
    const budget = Math.ceil(memory / 2 ** 20);
    return new ImageError(
      `reading it takes more than the budget of ${budget} MB (decode memory), or than ${maxPixels} pixels`,
      { cause },
    );
  }
  if (/not configured|NotAuthorized|NoDecodeDelegate/.test(reason)) {
    const without = reason.replace(/\.$/, "");
    return new ImageError(`this kind of ${name} is not supported (${without}); save it as PNG or JPEG`, {
      cause,
    });
  }
  // Of DICOM's many kinds few are read, and others fail anywhere.
  const rare = format === "dicom" ? ", or of a kind that is not supported" : "";
  return new ImageError(`truncated or damaged ${name}${rare} (${reason})`, { cause });
}

/**
 * The pixels as RGB, strip by strip.
 *
 * @param fourth Whether a fourth sample without a meaning is opacity.
 * @param cmykToRgb For an image of inks.
 */
function takePixels(
  { ColorSpace }: typeof Magick,
  image: Magick.IMagickImage,
  fourth: boolean,
  cmykToRgb: ((cmyk: Uint8Array) => Uint8Array) | undefined,
): Uint8Array {
  const { width, height } = image;
  const plain: readonly number[] = [ColorSpace.sRGB, ColorSpace.RGB, ColorSpace.Gray, ColorSpace.CMYK];
  if (!plain.includes(image.colorSpace)) image.colorSpace = ColorSpace.sRGB;
  const data = new Uint8Array(3 * width * height);
  const rows = Math.max(1, Math.floor(STRIP / (4 * width)));
  image.getPixels((pixels) => {
    for (let y = 0; y < height; y += rows) {
      const high = Math.min(rows, height - y);
      const strip = fourth
        ? pixels.getArea(0, y, width, high)
        : pixels.toByteArray(0, y, width, high, cmykToRgb ? "CMYK" : "RGBA");
      if (strip === null) throw new ImageError("the codec gives no pixels");
      data.set(cmykToRgb?.(strip) ?? rgbaOverWhite(strip, width, high).data, 3 * y * width);
    }
  });
  return data;
}

/** Options of {@linkcode encodeWithMagick}. */
export interface MagickEncodeOptions {
  /** Quality from 1 to 100; for PNG, tens are the level of compression and units the filter. */
  readonly quality: number;
  /** Budget in bytes. */
  readonly memory: number;
  /** URL of magick.wasm, where the runtime does not know its package's. */
  readonly magickWasm?: string;
}

/** Writes an RGB image. Nothing but pixels is written: no metadata, no profile. */
export async function encodeWithMagick(
  image: RgbImage,
  format: MagickWrites,
  { quality, memory, magickWasm }: MagickEncodeOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const magick = await loadMagick(memory, magickWasm);
  const own = magick.MagickImage.create();
  try {
    readRgb(magick, own, image);
    own.quality = quality;
    return own.write(format, (bytes) => bytes.slice() as Uint8Array<ArrayBuffer>);
  } finally {
    own.dispose();
  }
}

/** Gives an image of ImageMagick the pixels of ours. */
export function readRgb(
  magick: typeof Magick,
  into: Magick.IMagickImage,
  { width, height, data }: RgbImage,
): void {
  const settings = new magick.MagickReadSettings({ width, height });
  settings.format = "RGB";
  settings.depth = 8;
  into.read(data, settings);
}
