/**
 * Superpixels by SLIC (Achanta et al. 2012, "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods"): k-means
 * of colour (CIELAB) and place, in which each centre looks only at the pixels around it.
 *
 *     D² = ΔL² + Δa² + Δb² + (m / S)² (Δx² + Δy²)        S: distance of the centres, m: compactness
 *
 * Centres start on an even grid and move ten times. The largest piece of each cluster that hangs together then takes in
 * the pixels around it that belong to none, so every superpixel is connected; the paper joins small pieces to any
 * neighbour, which makes one superpixel of noise. Nothing is random.
 *
 * @module
 */
import type { Size } from "./preprocess.ts";

/** Options of SLIC. */
export interface SuperpixelOptions {
  /** About how many superpixels; 50 by default. */
  readonly count?: number;
  /** Weight of the distance against the colour; 10 by default, as the paper has it. */
  readonly compactness?: number;
}

/** The superpixels of an image. */
export interface Superpixels extends Size {
  /** The superpixel of each pixel, row by row: 0 to `count - 1`, in the order of their first pixels. */
  readonly labels: Int32Array;
  /** Number of superpixels. */
  readonly count: number;
}

/** Moves of the centres; the paper finds ten enough. */
const MOVES = 10;

/** The white of D65, to which CIELAB relates. */
const WHITE = [0.95047, 1, 1.08883] as const;

/**
 * Divides an image into superpixels.
 *
 * @param pixels `[3, height, width]`, sRGB in [0, 1].
 * @throws {RangeError} When count or compactness are out of range.
 */
export function makeSuperpixels(
  pixels: Float32Array,
  { width, height }: Size,
  options: SuperpixelOptions = {},
): Superpixels {
  const { count = 50, compactness = 10 } = options;
  const area = width * height;
  if (!Number.isInteger(count) || count < 1 || count > area) {
    throw new RangeError(`Cannot divide ${area} pixels into ${count} superpixels`);
  }
  if (!(compactness > 0)) throw new RangeError(`Cannot divide by a compactness of ${compactness}: above 0`);
  const apart = Math.sqrt(area / count);
  const [across, down] = [Math.max(1, Math.round(width / apart)), Math.max(1, Math.round(height / apart))];
  const lab = labPixels(pixels);
  const labels = new Int32Array(area);
  // L, a, b, x, y of each centre.
  const centres = new Float64Array(5 * across * down);
  for (let k = 0; k < across * down; k++) {
    const x = Math.floor((k % across + 0.5) * width / across);
    const y = Math.floor((Math.floor(k / across) + 0.5) * height / down);
    centres.set([...lab.subarray(3 * (y * width + x), 3 * (y * width + x) + 3), x, y], 5 * k);
  }
  for (let move = 0; move < MOVES; move++) {
    assignPixels(lab, labels, centres, width, height, apart, (compactness / apart) ** 2);
    moveCentres(lab, labels, centres, width);
  }
  return { width, height, ...connected(labels, width, height) };
}

/** L, a and b of each pixel, one pixel after the other. */
function labPixels(pixels: Float32Array): Float64Array {
  const area = pixels.length / 3;
  const linear = (level: number) => level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  const curve = (t: number) => t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
  const lab = new Float64Array(3 * area);
  for (let i = 0; i < area; i++) {
    const [r, g, b] = [linear(pixels[i]!), linear(pixels[area + i]!), linear(pixels[2 * area + i]!)];
    const x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / WHITE[0]);
    const y = curve((0.2126729 * r + 0.7151522 * g + 0.072175 * b) / WHITE[1]);
    const z = curve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / WHITE[2]);
    lab[3 * i] = 116 * y - 16;
    lab[3 * i + 1] = 500 * (x - y);
    lab[3 * i + 2] = 200 * (y - z);
  }
  return lab;
}

/** Gives each pixel the nearest centre of those within twice their distance. */
function assignPixels(
  lab: Float64Array,
  labels: Int32Array,
  centres: Float64Array,
  width: number,
  height: number,
  apart: number,
  weight: number,
): void {
  const nearest = new Float64Array(labels.length).fill(Infinity);
  const reach = Math.ceil(2 * apart);
  for (let k = 0; k < centres.length / 5; k++) {
    const [l, a, b] = [centres[5 * k]!, centres[5 * k + 1]!, centres[5 * k + 2]!];
    const [cx, cy] = [centres[5 * k + 3]!, centres[5 * k + 4]!];
    const [left, right] = [Math.max(0, Math.floor(cx - reach)), Math.min(width - 1, Math.ceil(cx + reach))];
    const [top, bottom] = [Math.max(0, Math.floor(cy - reach)), Math.min(height - 1, Math.ceil(cy + reach))];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const i = y * width + x;
        const distance = (lab[3 * i]! - l) ** 2 + (lab[3 * i + 1]! - a) ** 2 + (lab[3 * i + 2]! - b) ** 2 +
          weight * ((x - cx) ** 2 + (y - cy) ** 2);
        if (distance >= nearest[i]!) continue;
        nearest[i] = distance;
        labels[i] = k;
      }
    }
  }
}

/** Moves each centre to the mean of its pixels; one without pixels stays. */
function moveCentres(lab: Float64Array, labels: Int32Array, centres: Float64Array, width: number): void {
  const sums = new Float64Array(centres.length);
  const counts = new Int32Array(centres.length / 5);
  labels.forEach((k, i) => {
    counts[k]!++;
    for (let part = 0; part < 3; part++) sums[5 * k + part]! += lab[3 * i + part]!;
    sums[5 * k + 3]! += i % width;
    sums[5 * k + 4]! += Math.floor(i / width);
  });
  sums.forEach((sum, at) => {
    const count = counts[Math.floor(at / 5)]!;
    if (count > 0) centres[at] = sum / count;
  });
}

/** Keeps the largest piece of each cluster; all other pixels join the piece that reaches them first. */
function connected(
  clusters: Int32Array,
  width: number,
  height: number,
): Pick<Superpixels, "labels" | "count"> {
  const { pieces, sizes } = connectedPieces(clusters, width, height);
  const largest = new Map<number, number>();
  pieces.forEach((piece, i) => {
    const present = largest.get(clusters[i]!);
    if (present === undefined || sizes[piece]! > sizes[present]!) largest.set(clusters[i]!, piece);
  });
  const kept = new Set(largest.values());
  const numbers = new Map<number, number>();
  const labels = new Int32Array(clusters.length).fill(-1);
  const queue = new Int32Array(clusters.length);
  let filled = 0;
  pieces.forEach((piece, i) => {
    if (!kept.has(piece)) return;
    if (!numbers.has(piece)) numbers.set(piece, numbers.size);
    labels[i] = numbers.get(piece)!;
    queue[filled++] = i;
  });
  for (let at = 0; at < filled; at++) {
    const from = queue[at]!;
    for (const next of neighbours(from, width, height)) {
      if (labels[next] !== -1) continue;
      labels[next] = labels[from]!;
      queue[filled++] = next;
    }
  }
  return { labels, count: numbers.size };
}

/** Numbers the connected pieces of clusters in the order of their first pixels, and counts their pixels. */
function connectedPieces(
  clusters: Int32Array,
  width: number,
  height: number,
): { readonly pieces: Int32Array; readonly sizes: readonly number[] } {
  const pieces = new Int32Array(clusters.length).fill(-1);
  const queue = new Int32Array(clusters.length);
  const sizes: number[] = [];
  for (let start = 0; start < clusters.length; start++) {
    if (pieces[start] !== -1) continue;
    let size = 1;
    queue[0] = start;
    pieces[start] = sizes.length;
    for (let at = 0; at < size; at++) {
      for (const next of neighbours(queue[at]!, width, height)) {
        if (pieces[next] !== -1 || clusters[next] !== clusters[start]) continue;
        pieces[next] = sizes.length;
        queue[size++] = next;
      }
    }
    sizes.push(size);
  }
  return { pieces, sizes };
}

/** The four pixels beside one; at a border, the pixel itself in place of what is missing. */
function neighbours(i: number, width: number, height: number): [number, number, number, number] {
  const [x, y] = [i % width, Math.floor(i / width)];
  return [
    x > 0 ? i - 1 : i,
    x < width - 1 ? i + 1 : i,
    y > 0 ? i - width : i,
    y < height - 1 ? i + width : i,
  ];
}
