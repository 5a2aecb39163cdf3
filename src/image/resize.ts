/**
 * Resizing of 8-bit RGB as PIL's `Image.resize` does it: antialiased bilinear, the filter that torchvision's classifiers
 * were measured with, antialiased bicubic, or the nearest pixel.
 *
 * The definition: an output pixel lies at its half-pixel centre in the source; its value is the mean of the source
 * pixels around, weighted by a curve that is stretched to output pixels (source pixels when enlarging) and normalised
 * at the borders. Rows first, rounded to 8 bits, then columns, rounded again.
 *
 * @module
 */
import type { RgbImage } from "./types.ts";

/**
 * Weights are integers in units of 2^-22: the finest for which 255 times their sum stays below 2^31, so that the
 * sums are exact 32-bit integers.
 */
const WEIGHT_BITS = 22;
const ONE = 2 ** WEIGHT_BITS;
const HALF = ONE / 2;

/** For each output position: the start and number of its source pixels, and their weights. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` weights for each output position. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** How a resized pixel is made: the names of PIL's filters. */
export type Resampling = "bilinear" | "bicubic" | "nearest";

/** All names that `Resampling` knows. */
export const RESAMPLINGS: readonly Resampling[] = ["bilinear", "bicubic", "nearest"];

/** A curve over the distance in pixels, and the distance from which it is 0. */
interface Curve {
  readonly reach: number;
  weight(distance: number): number;
}

const CURVES: Readonly<Record<Exclude<Resampling, "nearest">, Curve>> = {
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - x) },
  // Keys' cubic convolution with a = −1/2, as PIL has it.
  bicubic: {
    reach: 2,
    weight: (x) => x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0,
  },
};

/** The taps of output positions `first` to `first + count - 1` when `from` pixels become `to`. */
function curveTaps({ reach, weight }: Curve, from: number, to: number, first: number, count: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const halfWidth = reach * stretch;
  const stride = 2 * Math.ceil(halfWidth) + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    // The source pixels whose centres lie within the curve.
    const start = Math.max(0, Math.floor(centre - halfWidth + 0.5));
    const end = Math.min(from, Math.floor(centre + halfWidth + 0.5));
    let sum = 0;
    for (let x = start; x < end; x++) {
      const given = weight(Math.abs(x + 0.5 - centre) / stretch);
      exact[x - start] = given;
      sum += given;
    }
    starts[i] = start;
    counts[i] = end - start;
    for (let k = 0; k < end - start; k++) weights[i * stride + k] = roundAway(exact[k]! / sum * ONE);
  }
  return { starts, counts, weights, stride };
}

/** Rounds to the nearest whole number, halves away from zero as C's casts of x ± 0.5 do. */
function roundAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

/** The same where each position takes one source pixel. */
function nearestTaps(from: number, to: number, first: number, count: number): Taps {
  const taps = {
    starts: new Int32Array(count),
    counts: new Int32Array(count).fill(1),
    weights: new Int32Array(count).fill(ONE),
    stride: 1,
  };
  const scale = from / to;
  // PIL adds up the steps, with the rounding that this brings.
  let at = 0.5 * scale;
  for (let i = 0; i < first; i++) at += scale;
  for (let i = 0; i < count; i++, at += scale) taps.starts[i] = Math.min(from - 1, Math.floor(at));
  return taps;
}

/** The wanted part of the resized image, in its pixels. */
export interface ResizeCrop {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** A part of an image, as it is: PIL copies where the size stays. */
function copyPart(image: RgbImage, { x, y, width, height }: ResizeCrop): RgbImage {
  const out = { width, height, data: new Uint8Array(3 * width * height) };
  for (let row = 0; row < height; row++) {
    const from = 3 * ((y + row) * image.width + x);
    out.data.set(image.data.subarray(from, from + 3 * width), 3 * row * width);
  }
  return out;
}

/**
 * Resizes an image to `width` x `height`, or computes only a part of the result.
 *
 * Time and memory depend on the part, not on the whole: the centre of a 1 x 10000 image resized to 256 x 2560000 takes
 * no longer than any other.
 *
 * @param image The image.
 * @param width Pixels per row of the whole result.
 * @param height Rows of the whole result.
 * @param crop The part that is computed; the whole unless given.
 * @param resampling How pixels are made; antialiased bilinear unless given.
 * @returns The part, as PIL's `resize((width, height), BILINEAR).crop(...)` gives it.
 * @throws {RangeError} When a size is not a positive integer or the part lies outside the result.
 */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  crop: ResizeCrop = { x: 0, y: 0, width, height },
  resampling: Resampling = "bilinear",
): RgbImage {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`Cannot resize: ${width} x ${height} is not a valid image size`);
  }
  if (crop.x < 0 || crop.y < 0 || crop.x + crop.width > width || crop.y + crop.height > height) {
    throw new RangeError(
      `Cannot resize: the part ${crop.width} x ${crop.height} at (${crop.x}, ${crop.y}) ` +
        `is not inside ${width} x ${height}`,
    );
  }
  if (width === image.width && height === image.height) return copyPart(image, crop);
  const { x: left, y: above, width: columns, height: rows } = crop;
  // Made before the loops: V8 15.0 can give several calls one object if the literal stands after them
  // (docs/decisions.md).
  const out = { width: columns, height: rows, data: new Uint8Array(3 * columns * rows) };
  const taps = resampling === "nearest" ? nearestTaps : curveTaps.bind(undefined, CURVES[resampling]);
  const across = taps(image.width, width, left, columns);
  const down = taps(image.height, height, above, rows);

  // Only the source rows that the wanted rows need.
  const top = down.starts[0]!;
  const bottom = down.starts[rows - 1]! + down.counts[rows - 1]!;
  const rowBytes = columns * 3;
  const narrowed = resizeRows(image, across, top, bottom, columns);

  resizeColumns(narrowed, down, top, rowBytes, out.data);
  return out;
}

/** The second pass: each row of the result is a weighted sum of rows, which begin with row `top` of the image. */
function resizeColumns(
  rows: Uint8Array,
  { starts, counts, weights, stride }: Taps,
  top: number,
  rowBytes: number,
  out: Uint8Array,
): void {
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(HALF);
    const [first, count] = [(starts[y]! - top) * rowBytes, counts[y]!];
    // Two rows at a time: sums are read and written half as often. A last one alone goes with itself, weighted by nothing.
    for (let k = 0; k < count; k += 2) {
      const one = weights[y * stride + k]!;
      const two = k + 1 < count ? weights[y * stride + k + 1]! : 0;
      const from = first + k * rowBytes;
      const next = k + 1 < count ? from + rowBytes : from;
      for (let i = 0; i < rowBytes; i++) {
        sums[i] = (sums[i]! + Math.imul(one, rows[from + i]!) + Math.imul(two, rows[next + i]!)) | 0;
      }
    }
    const to = y * rowBytes;
    for (let i = 0; i < rowBytes; i++) out[to + i] = clamp(sums[i]! >> WEIGHT_BITS);
  }
}

/** Rounding the weights can give a sum of 256; bicubic overshoots at edges. */
function clamp(value: number): number {
  return value > 255 ? 255 : value < 0 ? 0 : value;
}

/** The first pass: rows `top` to `bottom - 1`, each `width` pixels wide afterwards. */
function resizeRows(image: RgbImage, taps: Taps, top: number, bottom: number, width: number): Uint8Array {
  const { data } = image;
  const { starts, counts, weights, stride } = taps;
  const out = new Uint8Array((bottom - top) * width * 3);
  let to = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++, to += 3) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = row + 3 * starts[x]!;
      const end = x * stride + counts[x]!;
      for (let k = x * stride; k < end; k++, from += 3) {
        const weight = weights[k]!;
        red = (red + Math.imul(weight, data[from]!)) | 0;
        green = (green + Math.imul(weight, data[from + 1]!)) | 0;
        blue = (blue + Math.imul(weight, data[from + 2]!)) | 0;
      }
      out[to] = clamp(red >> WEIGHT_BITS);
      out[to + 1] = clamp(green >> WEIGHT_BITS);
      out[to + 2] = clamp(blue >> WEIGHT_BITS);
    }
  }
  return out;
}
