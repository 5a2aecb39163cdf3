/**
 * Selects the top pixels of a map. One total order of the pixels is used everywhere, so a percentage always gives the
 * same number of pixels, whatever ties the map has.
 *
 * Ties have a fixed scattered order that depends only on the number of pixels. So a constant map is removed evenly,
 * like a random one, never all at once and never from the top left corner.
 *
 * @module
 */
import { createGenerator } from "../random/generator.ts";
import { shuffled } from "../random/shuffle.ts";

const TIE_SEED = 7;

/** The order of ties, with a fixed seed. */
function scattered(count: number): Uint32Array {
  return shuffled(count, createGenerator(TIE_SEED));
}

/**
 * Indices of all pixels, highest value first; ties in the scattered order described above.
 *
 * @param values Finite values, one per pixel.
 * @throws {RangeError} When a value is not finite.
 */
export function rankPixels(values: Float32Array): Uint32Array {
  const count = values.length;
  const bits = new Uint32Array(Float32Array.from(values, (value) => value === 0 ? 0 : value).buffer);
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(values[i])) {
      throw new RangeError(`Cannot rank pixels: the map's value ${i} is ${values[i]}`);
    }
    // The bits of positive floats ascend and those of negative floats descend; convert them so that all descend.
    bits[i] = (bits[i]! >>> 31) === 0 ? 0x7fffffff - bits[i]! : bits[i]!;
  }
  // Two stable passes of a counting sort over 16 bits each: ties keep their initial order.
  let order: Uint32Array = scattered(count);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65537);
    for (let i = 0; i < count; i++) starts[(bits[i]! >>> shift & 0xffff) + 1]!++;
    for (let digit = 0; digit < 65536; digit++) starts[digit + 1]! += starts[digit]!;
    const sorted = new Uint32Array(count);
    for (const pixel of order) sorted[starts[bits[pixel]! >>> shift & 0xffff]!++] = pixel;
    order = sorted;
  }
  return order;
}

/**
 * How many of `count` pixels are the top `percent`: all but `⌊count · (100 − percent) / 100⌋`, as in P-TAME's
 * `m > kth(m, ⌊HW·(1 − v)⌋)`.
 *
 * @throws {RangeError} When the percentage is not from 0 to 100.
 */
export function topCount(count: number, percent: number): number {
  if (!(percent >= 0 && percent <= 100)) {
    throw new RangeError(`Cannot take the top ${percent} %: it must be 0 to 100`);
  }
  return count - Math.floor(count * (100 - percent) / 100);
}

/**
 * A mask from a map: the top pixels keep their value (soft) or become 1 (hard), all others become 0.
 *
 * @param values The map's values in [0, 1].
 * @param order Result of `rankPixels` for them.
 * @param percent Percentage of pixels to keep; a soft mask at 100 is the map itself.
 * @param mask Soft or hard.
 */
export function keepTop(
  values: Float32Array,
  order: Uint32Array,
  percent: number,
  mask: "soft" | "hard",
): Float32Array {
  const out = new Float32Array(values.length);
  const count = topCount(values.length, percent);
  for (let i = 0; i < count; i++) {
    const pixel = order[i]!;
    out[pixel] = mask === "soft" ? values[pixel]! : 1;
  }
  return out;
}

/**
 * Marks the removed pixels with 1.
 *
 * @param order Result of `rankPixels`.
 * @param count Number of pixels to remove.
 * @param from The most relevant first ("morf") or the least relevant first ("lerf").
 */
export function markRemoved(order: Uint32Array, count: number, from: "morf" | "lerf"): Uint8Array {
  const removed = new Uint8Array(order.length);
  const start = from === "morf" ? 0 : order.length - count;
  for (let i = start; i < start + count; i++) removed[order[i]!] = 1;
  return removed;
}
