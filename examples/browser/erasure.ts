/**
 * Which pixels of a classifier's input are erased, and what it sees then. Plain data: no page, no worker.
 *
 * @module
 */
import type { ValueMap } from "@ptame/ptame";

/** What erased pixels become. */
export type Fill = "grey" | "blur";

/** The mean colour of ImageNet's photographs: what a classifier learns least from. */
export const MEAN_COLOUR = [0.485, 0.456, 0.406] as const;

/** Cells per side of the grid that the keyboard moves on. */
export const GRID = 8;

/** How many changes can be taken back. */
const MOST_UNDOS = 30;

/** Erased pixels of a square input. */
export interface Erasure {
  /** Pixels per side. */
  readonly side: number;
  /** One byte per pixel, rows from the top; 1 is erased. */
  readonly mask: Uint8Array;
  /** The share of all pixels that is erased. */
  readonly share: number;
  /** Begins a change that can be taken back as one. */
  begin(): void;
  /** Takes the last change back; false when there is none. */
  undo(): boolean;
  /** Does again what was taken back last; false when there is nothing. */
  redo(): boolean;
  /** Erases along a line of a round brush, in pixels. */
  stroke(from: Point, to: Point, radius: number): void;
  /** Turns a cell of the grid over; true when it is erased now. */
  toggleCell(row: number, column: number): boolean;
  /** Whether at least half of a cell is erased. */
  isCellErased(row: number, column: number): boolean;
  /** Erases the strongest pixels of a map until `share` of the image is erased beside what is. */
  eraseStrongest(map: ValueMap, share: number): void;
  /** Erases what is there and brings back what is erased. */
  invert(): void;
  /** Brings everything back. */
  clear(): void;
}

/** A place on the input, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Nothing erased yet. */
export function createErasure(side: number): Erasure {
  const mask = new Uint8Array(side * side);
  const earlier: Uint8Array[] = [];
  const later: Uint8Array[] = [];
  /** Goes one step along the changes, and keeps the way back. */
  const step = (from: Uint8Array[], to: Uint8Array[]): boolean => {
    const next = from.pop();
    if (next === undefined) return false;
    to.push(mask.slice());
    mask.set(next);
    return true;
  };
  const erasedPixels = () => mask.reduce((sum, value) => sum + value, 0);

  function stamp({ x, y }: Point, radius: number): void {
    const bottom = Math.min(side - 1, Math.floor(y + radius));
    for (let row = Math.max(0, Math.ceil(y - radius)); row <= bottom; row++) {
      const half = Math.sqrt(radius * radius - (row - y) ** 2);
      const [left, right] = [Math.max(0, Math.ceil(x - half)), Math.min(side - 1, Math.floor(x + half))];
      if (left <= right) mask.fill(1, row * side + left, row * side + right + 1);
    }
  }
  function forCell(row: number, column: number, act: (from: number, to: number) => void): void {
    const edge = (cell: number) => Math.round(cell * side / GRID);
    for (let y = edge(row); y < edge(row + 1); y++) act(y * side + edge(column), y * side + edge(column + 1));
  }
  function isCellErased(row: number, column: number): boolean {
    let [erased, all] = [0, 0];
    forCell(row, column, (from, to) => {
      for (let i = from; i < to; i++) erased += mask[i]!;
      all += to - from;
    });
    return 2 * erased >= all;
  }

  return {
    side,
    mask,
    get share() {
      return erasedPixels() / mask.length;
    },
    begin: () => {
      earlier.push(mask.slice());
      if (earlier.length > MOST_UNDOS) earlier.shift();
      later.length = 0;
    },
    undo: () => step(earlier, later),
    redo: () => step(later, earlier),
    stroke: (from, to, radius) => {
      const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / (radius / 2)));
      for (let i = 0; i <= steps; i++) {
        stamp({ x: from.x + (to.x - from.x) * i / steps, y: from.y + (to.y - from.y) * i / steps }, radius);
      }
    },
    toggleCell: (row, column) => {
      const value = isCellErased(row, column) ? 0 : 1;
      forCell(row, column, (from, to) => mask.fill(value, from, to));
      return value === 1;
    },
    isCellErased,
    eraseStrongest: ({ width, height, values }, share) => {
      const at = (i: number) => {
        const row = Math.floor((Math.floor(i / side) + 0.5) * height / side);
        return values[row * width + Math.floor((i % side + 0.5) * width / side)]!;
      };
      const strength = Float32Array.from(mask, (erased, i) => erased === 1 ? -Infinity : at(i));
      let left = Math.min(Math.round(share * mask.length), mask.length - erasedPixels());
      // Ordered as numbers, without a comparison of ours: fifty thousand of them must not hold up a page.
      const threshold = strength.slice().sort()[mask.length - left];
      if (threshold === undefined) return;
      for (let i = 0; i < mask.length; i++) if (strength[i]! > threshold) left -= mask[i] = 1;
      for (let i = 0; i < mask.length && left > 0; i++) if (strength[i] === threshold) left -= mask[i] = 1;
    },
    invert: () => {
      for (let i = 0; i < mask.length; i++) mask[i] = 1 - mask[i]!;
    },
    clear: () => void mask.fill(0),
  };
}

/** An input with its erased pixels filled: [3, side, side], as the original. */
export function erasedInput(
  input: Float32Array,
  { mask }: Pick<Erasure, "mask">,
  filling: Float32Array | undefined,
): Float32Array<ArrayBuffer> {
  const area = mask.length;
  const out = new Float32Array(input);
  for (let channel = 0; channel < 3; channel++) {
    const base = channel * area;
    const mean = MEAN_COLOUR[channel]!;
    for (let i = 0; i < area; i++) {
      if (mask[i] === 1) out[base + i] = filling === undefined ? mean : filling[base + i]!;
    }
  }
  return out;
}

/** An input blurred beyond recognition: three passes of a box, which come close to a Gaussian. */
export function blurred(input: Float32Array, side: number): Float32Array {
  const radius = Math.round(side / 14);
  let [from, to] = [new Float32Array(input), new Float32Array(input.length)];
  for (let pass = 0; pass < 3; pass++) {
    for (const [step, line] of [[1, side], [side, 1]] as const) {
      for (let channel = 0; channel < 3; channel++) {
        for (let k = 0; k < side; k++) {
          blurLine(from, to, channel * side * side + k * line, step, side, radius);
        }
      }
      [from, to] = [to, from];
    }
  }
  return from;
}

/** The mean of `2 radius + 1` neighbours along a line, whose ends are repeated outwards. */
function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  count: number,
  radius: number,
): void {
  const value = (i: number) => from[start + step * Math.min(Math.max(i, 0), count - 1)]!;
  let sum = 0;
  for (let i = -radius; i <= radius; i++) sum += value(i);
  for (let i = 0; i < count; i++) {
    to[start + step * i] = sum / (2 * radius + 1);
    sum += value(i + radius + 1) - value(i - radius);
  }
}
