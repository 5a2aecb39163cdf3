/**
 * Fills outlines with antialiasing: each pixel gets the exact area that the outline covers. An edge adds its signed area
 * to the pixels that it crosses, and a running sum along the row gives the coverage (R. Levien's font-rs; the same idea as
 * in FreeType's and stb_truetype's rasterisers).
 *
 * @module
 */
import type { PathPiece } from "./harfbuzz.ts";

/** Coverage of the pixels of a box, 0 to 1, rows from the top. */
export interface Coverage {
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height` values. */
  readonly values: Float32Array;
}

/** Parts of a curve: a letter of 34 pixels differs from the true curve by less than a hundredth of a pixel. */
const PARTS = 8;

/** Collects outlines and fills them. */
export class Filler {
  readonly #width: number;
  readonly #height: number;
  /** One more value in each row, as an edge in the last pixel writes to the one after it. */
  readonly #areas: Float32Array;

  /** A box of pixels, x to the right and y downwards. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#areas = new Float32Array((width + 2) * height);
  }

  /**
   * Adds an outline.
   *
   * @param scale Pixels per unit of the font.
   * @param left Pixels to the outline's origin from the left.
   * @param baseline Pixels to it from the top.
   */
  add(path: readonly PathPiece[], scale: number, left: number, baseline: number): void {
    let [startX, startY, x, y] = [0, 0, 0, 0];
    for (const { kind, points } of path) {
      const at = points.map((value, i) => i % 2 === 0 ? left + scale * value : baseline - scale * value);
      const [endX, endY] = kind === "close" ? [startX, startY] : [at.at(-2)!, at.at(-1)!];
      if (kind === "move") [startX, startY] = [endX, endY];
      else if (kind === "quadratic" || kind === "cubic") {
        let [fromX, fromY] = [x, y];
        for (let part = 1; part <= PARTS; part++) {
          const toX = bezier(x, at, 0, part / PARTS);
          const toY = bezier(y, at, 1, part / PARTS);
          this.#edge(fromX, fromY, toX, toY);
          [fromX, fromY] = [toX, toY];
        }
      } else this.#edge(x, y, endX, endY);
      [x, y] = [endX, endY];
    }
  }

  /** The coverage of all outlines together. */
  coverage(): Coverage {
    const [width, height] = [this.#width, this.#height];
    const values = new Float32Array(width * height);
    const made = { width, height, values };
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let x = 0; x < width; x++) {
        sum += this.#areas[y * (width + 2) + x]!;
        values[y * width + x] = Math.min(Math.abs(sum), 1);
      }
    }
    return made;
  }

  #edge(fromX: number, fromY: number, toX: number, toY: number): void {
    if (fromY === toY) return;
    const sign = fromY < toY ? 1 : -1;
    const [topX, topY, lowX, lowY] = sign > 0 ? [fromX, fromY, toX, toY] : [toX, toY, fromX, fromY];
    const slope = (lowX - topX) / (lowY - topY);
    const last = Math.min(this.#height, Math.ceil(lowY));
    for (let row = Math.max(0, Math.floor(topY)); row < last; row++) {
      const [high, low] = [Math.max(row, topY), Math.min(row + 1, lowY)];
      const a = Math.min(Math.max(topX + (high - topY) * slope, 0), this.#width);
      const b = Math.min(Math.max(topX + (low - topY) * slope, 0), this.#width);
      this.#piece(row, Math.min(a, b), Math.max(a, b), sign * (low - high));
    }
  }

  /** An edge within a row, from `left` to `right`, that is `tall` high, with its sign. */
  #piece(row: number, left: number, right: number, tall: number): void {
    const start = row * (this.#width + 2);
    const first = Math.floor(left);
    // The area to the right of the edge up to each pixel's end, as a difference to the pixel before.
    let before = 0;
    for (let x = first; x <= Math.floor(right); x++) {
      const area = tall * areaRightOf(left, right, x + 1);
      const added = area - before;
      this.#areas[start + x] = this.#areas[start + x]! + added;
      before = area;
    }
    const end = start + Math.floor(right) + 1;
    this.#areas[end] = this.#areas[end]! + tall - before;
  }
}

/** Mean part of the pixel before `end` that lies right of an edge from `left` to `right`, over the edge's height. */
function areaRightOf(left: number, right: number, end: number): number {
  const begin = end - 1;
  if (right - left < 1e-6) return Math.min(Math.max(end - left, 0), 1);
  // The integral of clamp(end - x, 0, 1) over the edge: 1 before the pixel, falling in it, 0 after it.
  const [near, far] = [Math.max(begin, left), Math.min(end, right)];
  return (near - left + (far - near) * (end - (near + far) / 2)) / (right - left);
}

/** A coordinate of a Bézier curve of two or three degrees. */
function bezier(from: number, points: readonly number[], axis: 0 | 1, share: number): number {
  const rest = 1 - share;
  if (points.length === 4) {
    return rest * rest * from + 2 * rest * share * points[axis]! + share * share * points[2 + axis]!;
  }
  return rest ** 3 * from + 3 * rest * rest * share * points[axis]! +
    3 * rest * share * share * points[2 + axis]! + share ** 3 * points[4 + axis]!;
}
