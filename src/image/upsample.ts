/**
 * Enlarges maps: bilinear with half-pixel centres, as torch's `interpolate(mode="bilinear", align_corners=False)`, and
 * places them over the part of an image that the classifier saw.
 *
 * @module
 */
import type { CropWindow } from "./types.ts";

/** The two values around each position, and the fraction between them. */
interface Positions {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly fraction: Float64Array;
}

/** Positions `i` in 0 to `count - 1`, at `i * step + origin` in units of values; clamped to the outermost centres. */
function positions(count: number, step: number, origin: number, extent: number): Positions {
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const fraction = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(i * step + origin, 0), extent - 1);
    low[i] = Math.floor(at);
    high[i] = Math.min(low[i]! + 1, extent - 1);
    fraction[i] = at - low[i]!;
  }
  return { low, high, fraction };
}

function checkMap(values: Float32Array, width: number, height: number): void {
  if (values.length !== width * height || values.length === 0) {
    throw new TypeError(`Cannot enlarge map: ${width} x ${height} does not hold ${values.length} values`);
  }
}

/** Samples a map at all combinations of the two sets of positions; writes rows `stride` apart, from `offset`. */
function sample(
  values: Float32Array,
  width: number,
  across: Positions,
  down: Positions,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  const columns = across.low.length;
  // A row of values, sampled across, serves all rows of the result that are next to it.
  let [upper, lower] = [new Float64Array(columns), new Float64Array(columns)];
  let [upperIs, lowerIs] = [-1, -1];
  for (let y = 0; y < down.low.length; y++) {
    const [above, below, toBelow] = [down.low[y]!, down.high[y]!, down.fraction[y]!];
    if (above === lowerIs) {
      [upper, lower] = [lower, upper];
      [upperIs, lowerIs] = [lowerIs, upperIs];
    }
    if (above !== upperIs) sampleRow(values, above * width, across, upper);
    if (below !== lowerIs) sampleRow(values, below * width, across, lower);
    [upperIs, lowerIs] = [above, below];
    const [start, toAbove] = [offset + y * stride, 1 - toBelow];
    for (let x = 0; x < columns; x++) out[start + x] = upper[x]! * toAbove + lower[x]! * toBelow;
  }
}

/** Samples one row of a map, which begins at `row`. */
function sampleRow(values: Float32Array, row: number, across: Positions, out: Float64Array): void {
  const { low, high, fraction } = across;
  for (let x = 0; x < out.length; x++) {
    const toRight = fraction[x]!;
    out[x] = values[row + low[x]!]! * (1 - toRight) + values[row + high[x]!]! * toRight;
  }
}

/**
 * Resizes a map by bilinear interpolation, without antialiasing.
 *
 * @param values `width * height` values, rows from the top.
 * @param width Values per row.
 * @param height Rows.
 * @param toWidth Values per row of the result.
 * @param toHeight Rows of the result.
 * @returns `toWidth * toHeight` values.
 * @throws {TypeError} When the sizes do not fit the values.
 */
export function upsampleMap(
  values: Float32Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Float32Array {
  checkMap(values, width, height);
  const [stepX, stepY] = [width / toWidth, height / toHeight];
  const out = new Float32Array(toWidth * toHeight);
  const across = positions(toWidth, stepX, 0.5 * stepX - 0.5, width);
  const down = positions(toHeight, stepY, 0.5 * stepY - 0.5, height);
  sample(values, width, across, down, out, 0, toWidth);
  return out;
}

/**
 * The gradient of a map, from that of the map that `upsampleMap` made of it: the transposed interpolation.
 *
 * @param gradient `toWidth * toHeight` values.
 * @returns `width * height` values.
 */
export function upsampleGradient(
  gradient: Float32Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Float32Array {
  checkMap(gradient, toWidth, toHeight);
  const [stepX, stepY] = [width / toWidth, height / toHeight];
  const out = new Float32Array(width * height);
  const across = positions(toWidth, stepX, 0.5 * stepX - 0.5, width);
  const down = positions(toHeight, stepY, 0.5 * stepY - 0.5, height);
  for (let y = 0; y < toHeight; y++) {
    const [above, below, toBelow] = [down.low[y]! * width, down.high[y]! * width, down.fraction[y]!];
    for (let x = 0; x < toWidth; x++) {
      const [left, right, toRight] = [across.low[x]!, across.high[x]!, across.fraction[x]!];
      const value = gradient[y * toWidth + x]!;
      out[above + left]! += value * (1 - toRight) * (1 - toBelow);
      out[above + right]! += value * toRight * (1 - toBelow);
      out[below + left]! += value * (1 - toRight) * toBelow;
      out[below + right]! += value * toRight * toBelow;
    }
  }
  return out;
}

/** A window of an image of one size, in the pixels of the same image in another. */
export function scaledWindow(
  window: CropWindow,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): CropWindow {
  const [across, down] = [to.width / from.width, to.height / from.height];
  return {
    x: window.x * across,
    y: window.y * down,
    width: window.width * across,
    height: window.height * down,
  };
}

/** The pixels whose centres lie in a window: from `left` and `top`, up to `right` and `bottom` without these. */
export function pixelsInWindow(
  window: CropWindow,
  { width, height }: { readonly width: number; readonly height: number },
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } {
  return {
    left: Math.max(0, Math.ceil(window.x - 0.5)),
    top: Math.max(0, Math.ceil(window.y - 0.5)),
    right: Math.min(width, Math.ceil(window.x + window.width - 0.5)),
    bottom: Math.min(height, Math.ceil(window.y + window.height - 0.5)),
  };
}

/**
 * Places a map over its window of the image; the rest of the image gets 0.
 *
 * @param values `width * height` values, rows from the top.
 * @param width Values per row.
 * @param height Rows.
 * @param window The part that the classifier saw, in pixels of the image.
 * @param imageWidth Pixels per row of the image.
 * @param imageHeight Rows of the image.
 * @returns One value per pixel of the image.
 * @throws {TypeError} When the sizes do not fit the values.
 */
export function placeMap(
  values: Float32Array,
  width: number,
  height: number,
  window: CropWindow,
  imageWidth: number,
  imageHeight: number,
): Float32Array {
  checkMap(values, width, height);
  const out = new Float32Array(imageWidth * imageHeight);
  const { left, top, right, bottom } = pixelsInWindow(window, { width: imageWidth, height: imageHeight });
  if (right <= left || bottom <= top) return out;
  const [stepX, stepY] = [width / window.width, height / window.height];
  const across = positions(right - left, stepX, (left + 0.5 - window.x) * stepX - 0.5, width);
  const down = positions(bottom - top, stepY, (top + 0.5 - window.y) * stepY - 0.5, height);
  sample(values, width, across, down, out, top * imageWidth + left, imageWidth);
  return out;
}
