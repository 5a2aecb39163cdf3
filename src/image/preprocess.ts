/**
 * Converts an image to a classifier's input: resizes it, crops or pads to the wanted size, and separates the channels.
 * It does not normalise; that is part of the network's graph.
 *
 * @module
 */
import { type Resampling, resizeImage } from "./resize.ts";
import type { CropWindow, RgbImage } from "./types.ts";

/**
 * How an image gets the input's shape: "crop" resizes it until it covers the input and crops the centre, "squash"
 * changes its proportions, "letterbox" shows the whole image and pads the rest.
 */
export type Fit = "crop" | "squash" | "letterbox";

/** All names that `Fit` knows. */
export const FITS: readonly Fit[] = ["crop", "squash", "letterbox"];

/** Input size of a classifier, by default like torchvision's `Resize` and `CenterCrop`. */
export interface PreprocessOptions {
  /**
   * Pixels of the short side after resizing; 256 for most ImageNet classifiers. With "squash", both sides in the
   * proportions of the crop; with "letterbox", the short side of the crop itself.
   */
  readonly resize?: number;
  /** Side of the square crop in the middle, in pixels; 224 for most. With another `width`, its height. */
  readonly crop?: number;
  /** Pixels of a row of the crop, if it is not square. */
  readonly width?: number;
  /** How an image gets the crop's shape; "crop" unless given. */
  readonly fit?: Fit;
  /** How resized pixels are made; "bilinear" unless given, antialiased like PIL's. */
  readonly resample?: Resampling;
  /** Value of padded pixels, 0 to 255; 0 unless given. */
  readonly fill?: number;
}

/** Width and height in pixels. */
export interface Size {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** A classifier's input and its position in the image. */
export interface Preprocessed {
  /** `[3, height, width]`: red, green, blue, each in rows from the top; in [0, 1], not normalised. */
  readonly pixels: Float32Array;
  /**
   * The part of the image that the classifier sees, in pixels of the image. Padding lies outside of the image: left of
   * or above 0, or beyond its edges.
   */
  readonly window: CropWindow;
}

/** How an image is resized and cropped for one classifier: options with their sizes. */
export type Crop = PreprocessOptions & Required<Pick<PreprocessOptions, "resize" | "crop">>;

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Resizes an image (by default its short side, antialiased bilinear) and crops the centre, as torchvision does with
 * PIL images. Only the part inside is computed.
 *
 * @param image The image, upright.
 * @param options Sizes and fit; 256, 224 and "crop" unless given.
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
  const crop = { resize: 256, crop: 224, ...options };
  return cropAt(image, crop, centred(crop));
}

/** The position of a crop in the middle of the resized image, rounded as torchvision and PIL's `ImageOps.pad` do. */
export function centred(
  crop: Crop,
): (width: number, height: number) => { readonly x: number; readonly y: number } {
  const { width: columns, height: rows } = cropSize(crop);
  const middle = (whole: number, part: number) =>
    // Padding is the same with the sides exchanged: −0.5 and 0.5 round to 0, but −1.5 must become −2 as 1.5 becomes 2.
    whole < part ? -roundHalfEven((part - whole) / 2) : roundHalfEven((whole - part) / 2);
  return (width, height) => ({ x: middle(width, columns), y: middle(height, rows) });
}

/** Width and height of a crop. */
export function cropSize({ crop, width = crop }: Pick<Crop, "crop" | "width">): Size {
  return { width, height: crop };
}

/**
 * Resizes an image and crops the part at the position that `place` gives, in pixels of the resized image. What lies
 * outside of it is padded.
 *
 * @param flip Whether the crop is mirrored left to right.
 * @throws {RangeError} As {@linkcode preprocess}.
 */
export function cropAt(
  image: RgbImage,
  crop: Crop,
  place: (width: number, height: number) => { readonly x: number; readonly y: number },
  flip = false,
): Preprocessed {
  checkCrop(crop);
  const { width, height } = image;
  const [scaledWidth, scaledHeight] = scaledSize(image, crop);
  const { x, y } = place(scaledWidth, scaledHeight);
  const size = cropSize(crop);
  // The part of the crop that lies in the resized image.
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const inside = {
    x: left,
    y: top,
    width: Math.min(scaledWidth, x + size.width) - left,
    height: Math.min(scaledHeight, y + size.height) - top,
  };
  // An image that is already resized, such as one from a cache, is only cropped.
  const seen = scaledWidth === width && scaledHeight === height
    ? { image, x: inside.x - x, y: inside.y - y, from: inside }
    : {
      image: resizeImage(image, scaledWidth, scaledHeight, inside, crop.resample),
      x: inside.x - x,
      y: inside.y - y,
      from: { ...inside, x: 0, y: 0 },
    };
  const pixels = separateChannels(seen, size, flip, crop.fill ?? 0);
  const [perX, perY] = [width / scaledWidth, height / scaledHeight];
  return {
    pixels,
    window: { x: x * perX, y: y * perY, width: size.width * perX, height: size.height * perY },
  };
}

function checkCrop({ resize, crop, width = crop, fill = 0 }: Crop): void {
  const whole = [resize, crop, width].every((size) => Number.isInteger(size) && size >= 1);
  if (!whole || resize < Math.min(crop, width)) {
    throw new RangeError(
      `Cannot preprocess: crop ${crop} and resize ${resize} must be integers, crop not the larger`,
    );
  }
  if (!(fill >= 0 && fill <= 255)) {
    throw new RangeError(`Cannot preprocess: fill ${fill} is not within 0 to 255`);
  }
}

/** Width and height of a resized image, rounded as torchvision (crop) and PIL's `ImageOps.pad` (letterbox) do. */
export function scaledSize({ width, height }: Size, crop: Crop): readonly [number, number] {
  const { fit = "crop", resize } = crop;
  const size = cropSize(crop);
  if (fit === "letterbox") {
    const [image, box] = [width / height, size.width / size.height];
    if (image === box) return [size.width, size.height];
    return image > box
      ? [size.width, Math.max(1, roundHalfEven(height / width * size.width))]
      : [Math.max(1, roundHalfEven(width / height * size.height)), size.height];
  }
  // The crop's proportions with a short side of `resize`.
  const short = Math.min(size.width, size.height);
  const [across, down] = [size.width, size.height].map((side) => Math.round(resize * side / short)) as [
    number,
    number,
  ];
  if (fit === "squash") return [across, down];
  return width * down <= height * across
    ? [across, Math.max(down, Math.trunc(across * height / width))]
    : [Math.max(across, Math.trunc(down * width / height)), down];
}

/**
 * The whole image, resized for a crop. A crop of it is, bit for bit, the crop of the image itself: resizing rounds to 8
 * bits, and no pixel of the result depends on which others are wanted.
 */
export function resizeForCrop(image: RgbImage, crop: Crop): RgbImage {
  const [width, height] = scaledSize(image, crop);
  if (width === image.width && height === image.height) return image;
  return resizeImage(image, width, height, { x: 0, y: 0, width, height }, crop.resample);
}

/**
 * A crop with other sides, such as a rectangle squashed to a square.
 *
 * @param pixels [3, height, width] in [0, 1], of 8-bit values.
 * @returns [3, to.height, to.width] in [0, 1].
 */
export function resizePixels(
  pixels: Float32Array,
  from: Size,
  to: Size,
  resample?: Resampling,
): Float32Array {
  const area = from.width * from.height;
  const data = new Uint8Array(3 * area);
  for (let i = 0; i < area; i++) {
    for (let colour = 0; colour < 3; colour++) {
      data[3 * i + colour] = Math.round(255 * pixels[colour * area + i]!);
    }
  }
  const whole = { x: 0, y: 0, ...to };
  const image = resizeImage({ ...from, data }, to.width, to.height, whole, resample);
  return separateChannels({ image, from: whole, x: 0, y: 0 }, to, false, 0);
}

/** Value of each byte; a table is several times as fast as dividing. */
const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** A part of an image and its position in the crop. */
interface Placed {
  readonly image: RgbImage;
  /** The part, in pixels of the image. */
  readonly from: Size & { readonly x: number; readonly y: number };
  readonly x: number;
  readonly y: number;
}

/** A part of an image with separate channels: [3, height, width] in [0, 1], padded with `fill`. */
function separateChannels(
  { image, from, x, y }: Placed,
  size: Size,
  flip: boolean,
  fill: number,
): Float32Array {
  const { data } = image;
  const area = size.width * size.height;
  const pixels = new Float32Array(3 * area);
  if (from.width * from.height < area && fill !== 0) pixels.fill(fill / 255);
  const step = flip ? -1 : 1;
  for (let row = 0; row < from.height; row++) {
    let at = 3 * ((from.y + row) * image.width + from.x);
    let i = (y + row) * size.width + (flip ? size.width - 1 - x : x);
    for (let column = 0; column < from.width; column++, at += 3, i += step) {
      pixels[i] = UNIT[data[at]!]!;
      pixels[area + i] = UNIT[data[at + 1]!]!;
      pixels[2 * area + i] = UNIT[data[at + 2]!]!;
    }
  }
  return pixels;
}
