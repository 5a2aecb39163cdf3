/**
 * Converts an image to a classifier's input: resizes the short side, cuts out the centre, and separates the channels.
 * It does not normalise; that is part of the network's graph.
 *
 * @module
 */
import { resizeImage } from "./resize.ts";
import type { CropWindow, RgbImage } from "./types.ts";

/** Input size of a classifier, like torchvision's `Resize` and `CenterCrop`. */
export interface PreprocessOptions {
  /** Pixels of the short side after resizing; 256 for most ImageNet classifiers. */
  readonly resize?: number;
  /** Pixels of the square cut out of the middle; 224 for most. */
  readonly crop?: number;
}

/** A classifier's input and its position in the image. */
export interface Preprocessed {
  /** `[3, crop, crop]`: red, green, blue, each in rows from the top; in [0, 1], not normalised. */
  readonly pixels: Float32Array;
  /** The part of the image that the classifier sees, in pixels of the image. */
  readonly window: CropWindow;
}

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Resizes the short side (antialiased bilinear) and cuts out the centre, as torchvision does with PIL images. Only the
 * cut part is computed.
 *
 * @param image The image, upright.
 * @param options Sizes; 256 and 224 unless given.
 * @throws {RangeError} When the crop is larger than the resized short side, or a size is not a positive integer.
 *
 * @example A grey image gives a grey input
 * ```ts
 * import { preprocess } from "./preprocess.ts";
 *
 * const grey = { width: 400, height: 300, data: new Uint8Array(400 * 300 * 3).fill(51) };
 * const { pixels, window } = preprocess(grey, { resize: 256, crop: 224 });
 * if (pixels.length !== 3 * 224 * 224 || Math.abs(pixels[0]! - 0.2) > 1e-6) throw new Error("not grey");
 * if (window.height !== 262.5) throw new Error("224 of 256 rows are 262.5 of 300");
 * ```
 */
export function preprocess(image: RgbImage, options: PreprocessOptions = {}): Preprocessed {
  const { resize = 256, crop = 224 } = options;
  return cropSquare(image, resize, crop, (width, height) => ({
    x: roundHalfEven((width - crop) / 2),
    y: roundHalfEven((height - crop) / 2),
  }));
}

/**
 * Resizes the short side and cuts out a square at the position that `place` gives, in pixels of the resized image.
 *
 * @param flip Whether the square is mirrored left to right.
 * @throws {RangeError} As {@linkcode preprocess}.
 */
export function cropSquare(
  image: RgbImage,
  resize: number,
  crop: number,
  place: (width: number, height: number) => { readonly x: number; readonly y: number },
  flip = false,
): Preprocessed {
  if (!Number.isInteger(resize) || !Number.isInteger(crop) || crop < 1 || resize < crop) {
    throw new RangeError(
      `Cannot preprocess: crop ${crop} and resize ${resize} must be integers, crop not the larger`,
    );
  }
  const { width, height } = image;
  const [scaledWidth, scaledHeight] = scaledSize(image, resize);
  const { x, y } = place(scaledWidth, scaledHeight);
  // An image that is already resized, such as one from a cache, is only cut.
  const cut = scaledWidth === width && scaledHeight === height ? { image, left: x, top: y } : {
    image: resizeImage(image, scaledWidth, scaledHeight, { x, y, width: crop, height: crop }),
    left: 0,
    top: 0,
  };
  const pixels = separateChannels(cut.image, cut.left, cut.top, crop, flip);
  const [perX, perY] = [width / scaledWidth, height / scaledHeight];
  return { pixels, window: { x: x * perX, y: y * perY, width: crop * perX, height: crop * perY } };
}

/** Width and height of an image whose short side is `resize`, as torchvision rounds them. */
export function scaledSize({ width, height }: RgbImage, resize: number): readonly [number, number] {
  const long = Math.trunc(resize * Math.max(width, height) / Math.min(width, height));
  return width <= height ? [resize, long] : [long, resize];
}

/**
 * The whole image, its short side resized. A cut of it is, bit for bit, the cut of the image itself: resizing rounds
 * to 8 bits, and no pixel of the result depends on which others are wanted.
 */
export function resizeShortSide(image: RgbImage, resize: number): RgbImage {
  const [width, height] = scaledSize(image, resize);
  if (width === image.width && height === image.height) return image;
  return resizeImage(image, width, height, { x: 0, y: 0, width, height });
}

/** Value of each byte; a table is several times as fast as dividing. */
const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** A square of an image with separate channels: [3, crop, crop] in [0, 1]. */
function separateChannels(
  image: RgbImage,
  left: number,
  top: number,
  crop: number,
  flip: boolean,
): Float32Array {
  const { data, width } = image;
  const area = crop * crop;
  const pixels = new Float32Array(3 * area);
  const step = flip ? -1 : 1;
  for (let row = 0; row < crop; row++) {
    let from = 3 * ((top + row) * width + left);
    let i = row * crop + (flip ? crop - 1 : 0);
    for (let column = 0; column < crop; column++, from += 3, i += step) {
      pixels[i] = UNIT[data[from]!]!;
      pixels[area + i] = UNIT[data[from + 1]!]!;
      pixels[2 * area + i] = UNIT[data[from + 2]!]!;
    }
  }
  return pixels;
}
