/**
 * LZW as GIF and TIFF use it: the same codes, packed from the low bit (GIF) or the high bit (TIFF).
 *
 * @module
 */

/** How one format packs its codes. */
export interface LzwOptions {
  /** Bits of one symbol: the clear code is 2 to this power. */
  readonly symbolBits: number;
  /** Bytes expected; decoding stops there. */
  readonly size: number;
  /** True for TIFF: codes begin at the high bit, and grow one code earlier. */
  readonly highBitFirst: boolean;
}

/**
 * Decodes LZW data.
 *
 * @returns The bytes, as many as could be read: fewer than `size` where the data end or break early.
 */
export function decodeLzw(data: Uint8Array, options: LzwOptions): Uint8Array {
  const { symbolBits, size, highBitFirst } = options;
  const clear = 1 << symbolBits;
  const end = clear + 1;
  const early = highBitFirst ? 1 : 0;
  // Each code stands for the string of another code plus one byte.
  const prefix = new Uint16Array(4096);
  const suffix = new Uint8Array(4096);
  const lengths = new Uint16Array(4096);
  for (let i = 0; i < clear; i++) {
    suffix[i] = i;
    lengths[i] = 1;
  }
  const out = new Uint8Array(size);
  let filled = 0;
  let next = end + 1;
  let width = symbolBits + 1;
  let previous = -1;
  let held = 0;
  let heldBits = 0;
  let at = 0;

  while (filled < size) {
    while (heldBits < width && at < data.length) {
      held = highBitFirst ? (held << 8 | data[at]!) & 0xffffff : held | data[at]! << heldBits;
      heldBits += 8;
      at++;
    }
    if (heldBits < width) break;
    const code = (highBitFirst ? held >> (heldBits - width) : held) & ((1 << width) - 1);
    if (!highBitFirst) held >>= width;
    heldBits -= width;

    if (code === clear) {
      next = end + 1;
      width = symbolBits + 1;
      previous = -1;
      continue;
    }
    if (code === end) break;
    if (
      code > next || (code === next && previous < 0) || (code >= clear && code < next && lengths[code] === 0)
    ) break;

    // A code that does not exist yet is the previous string plus its own first byte.
    const known = code < next;
    const source = known ? code : previous;
    const length = lengths[source]! + (known ? 0 : 1);
    let walk = source;
    for (let to = filled + lengths[source]! - 1; to >= filled; to--) {
      if (to < size) out[to] = suffix[walk]!;
      walk = prefix[walk]!;
    }
    if (!known && filled + length - 1 < size) out[filled + length - 1] = out[filled]!;
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = out[filled]!;
      lengths[next] = lengths[previous]! + 1;
      next++;
      if (next + early >= 1 << width && width < 12) width++;
    }
    filled += length;
    previous = code;
  }
  return filled >= size ? out : out.subarray(0, filled);
}
