/**
 * Removes pixels of an image for measures: gives them one colour.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import type { Normalization } from "./types.ts";

/** A colour in [0, 1]: red, green, blue. */
export type Colour = readonly [number, number, number];

/** Where a removed pixel is 0: among pixels in [0, 1] (black) or normalised ones (the mean colour). */
export type ZeroSpace = "unit" | "normalized";

/**
 * The colour of removed pixels.
 *
 * @param measure What the colour is for, in errors.
 * @throws {TypeError} When the mean colour is needed and the normalisation is missing.
 */
export function removalColour(
  measure: string,
  space: ZeroSpace,
  normalization: Normalization | undefined,
): Colour {
  if (space === "unit") return [0, 0, 0];
  if (normalization !== undefined) return normalization.mean;
  throw new TypeError(
    `Cannot measure ${measure}: no normalization is given, its mean is the colour of removed pixels`,
  );
}

/** Gives pixels of `[3, H, W]` one colour, in place. */
export function paintPixels(pixels: Float32Array, which: Iterable<number>, colour: Colour): void {
  const area = pixels.length / 3;
  for (const pixel of which) {
    for (let channel = 0; channel < 3; channel++) pixels[channel * area + pixel] = colour[channel]!;
  }
}

/** A copy of `[3, H, W]` without some pixels. */
export function withoutPixels(pixels: Float32Array, which: Iterable<number>, colour: Colour): Float32Array {
  const out = pixels.slice();
  paintPixels(out, which, colour);
  return out;
}

/** Copies of `[3, H, W]` that lose one part after the other, for good. */
export function* withoutMoreAndMore(
  pixels: Float32Array,
  parts: Iterable<Iterable<number>>,
  colour: Colour,
): Iterable<Float32Array> {
  const current = pixels.slice();
  for (const part of parts) {
    paintPixels(current, part, colour);
    yield current.slice();
  }
}

/** Gives pixels of `[3, H, W]` what they are in another image, in place. */
export function restorePixels(pixels: Float32Array, which: Iterable<number>, from: Float32Array): void {
  const area = pixels.length / 3;
  for (const pixel of which) {
    for (let at = pixel; at < pixels.length; at += area) pixels[at] = from[at]!;
  }
}

/** A part of an image, in pixels: columns left to right − 1, rows top to bottom − 1. */
export interface Square {
  /** First column. */
  readonly left: number;
  /** First row. */
  readonly top: number;
  /** The column after the last one. */
  readonly right: number;
  /** The row after the last one. */
  readonly bottom: number;
}

/**
 * All squares of `length` × `length` cells on a grid over the image, rows from the top. They overlap if `length` is
 * above 1.
 *
 * @param size Width and height of the image. A side that has fewer pixels than the grid has cells is its own grid.
 * @param cells Cells of the grid along a side.
 */
export function gridSquares({ width, height }: Size, cells: number, length = 1): Square[] {
  const [columns, rows] = [Math.min(cells, width), Math.min(cells, height)];
  const edge = (line: number, side: number, count: number) => Math.round(line * side / count);
  const squares: Square[] = [];
  for (let row = 0; row + length <= rows; row++) {
    for (let column = 0; column + length <= columns; column++) {
      squares.push({
        left: edge(column, width, columns),
        top: edge(row, height, rows),
        right: edge(column + length, width, columns),
        bottom: edge(row + length, height, rows),
      });
    }
  }
  return squares;
}

/** Indices of a square's pixels in an image of `width` columns. */
export function* squarePixels({ left, top, right, bottom }: Square, width: number): Iterable<number> {
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) yield row * width + column;
  }
}

/** Sum of values at some places. */
export function sumAt(values: Float32Array, places: Iterable<number>): number {
  let sum = 0;
  for (const place of places) sum += values[place]!;
  return sum;
}
