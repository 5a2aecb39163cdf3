/**
 * Images in and out: decode any image, prepare it for a classifier, draw the explanation, write PNG and npy.
 *
 * Runs alike on Deno (with read permission, or none for bytes), Deno Deploy and in browsers.
 *
 * @example From an image to a classifier's input
 * ```ts
 * import { decodeImage, encodePng, preprocess } from "./mod.ts";
 *
 * const png = await encodePng({ width: 300, height: 400, data: new Uint8Array(300 * 400 * 3).fill(128) });
 * const image = await decodeImage(png); // Or a path, a URL, a Blob, ...
 * const { pixels, window } = preprocess(image, { resize: 256, crop: 224 });
 * if (pixels.length !== 3 * 224 * 224 || window.width !== 262.5) throw new Error("unexpected input");
 * ```
 *
 * @module
 */
export { colorize, type ColormapName, COLORMAPS, RISING_COLORMAPS } from "./colormap.ts";
export { colorizeSigned } from "./diverging.ts";
export { configureImages, type ImageFiles } from "./files.ts";
export {
  decodeImage,
  type DecodeOptions,
  /** What reading an image may cost, and how its colours are read. */
  type DecodeSettings,
} from "./decode.ts";
export { type ImageFormat, type ImageHeader, readHeader } from "./header.ts";
export { type Orientation } from "./_exif.ts";
export { encodeImage, type EncodeOptions, formatOfPath, type WrittenFormat } from "./encode.ts";
export { decodeNpy, encodeNpy, type NpyArray } from "./npy.ts";
export {
  /** How an explanation is drawn. */
  type DrawingLooks,
  mapLayer,
  type MapLooks,
  /** Colours and opacity of a map. */
  type OverlayLooks,
  scaleColours,
} from "./map_colours.ts";
export { type OverlayOptions, renderOverlay } from "./overlay.ts";
export { configureFonts, type FontSettings } from "./text/fonts.ts";
export { encodePng } from "./png.ts";
export { type Fit, preprocess, type Preprocessed, type PreprocessOptions } from "./preprocess.ts";
export { type Resampling, type ResizeCrop, resizeImage } from "./resize.ts";
export {
  /** The part of an image that a map covers, in its pixels. */
  type CropWindow,
  type GreyImage,
  /** An image cannot be read; the message says why. */
  ImageError,
  /** An image: a path, an address, bytes, a Blob, or pixels. */
  type ImageSource,
  type RgbaImage,
  /** Pixels: red, green and blue, row by row from the top. */
  type RgbImage,
  /** A map of numbers, row by row from the top. */
  type ValueMap,
} from "./types.ts";
export { placeMap, upsampleMap } from "./upsample.ts";
