/**
 * The inverse cosine transform of one 8 x 8 JPEG block, in integers.
 *
 * The algorithm is Loeffler, Ligtenberg and Moschytz (ICASSP 1989): 11 multiplications a row, with constants of 13 bits
 * and 2 more bits kept between the passes. These are the precisions of libjpeg's default transform, so the bytes are
 * equal to those of any libjpeg program.
 *
 * @module
 */

const FRACTION_BITS = 13;
const KEPT_BITS = 2;

/** A constant of the algorithm with 13 bits of fraction. */
function fixed(value: number): number {
  return Math.round(value * 2 ** FRACTION_BITS);
}

const F0298 = fixed(0.298631336);
const F0390 = fixed(0.390180644);
const F0541 = fixed(0.5411961);
const F0765 = fixed(0.765366865);
const F0899 = fixed(0.899976223);
const F1175 = fixed(1.175875602);
const F1501 = fixed(1.50132111);
const F1847 = fixed(1.847759065);
const F1961 = fixed(1.96157056);
const F2053 = fixed(2.053119869);
const F2562 = fixed(2.562915447);
const F3072 = fixed(3.072711026);

/**
 * One pass over 8 values of `from`, `step` apart, into `to` at the same places; `shift` bits are rounded off.
 */
function pass(from: Int32Array, to: Int32Array, at: number, step: number, shift: number): void {
  const half = 1 << (shift - 1);
  const [v1, v2, v3] = [from[at + step]!, from[at + 2 * step]!, from[at + 3 * step]!];
  const [v5, v6, v7] = [from[at + 5 * step]!, from[at + 6 * step]!, from[at + 7 * step]!];

  // Even part: a rotation of 2 and 6, a butterfly of 0 and 4.
  const turned = Math.imul(v2 + v6, F0541);
  const even2 = turned - Math.imul(v6, F1847);
  const even3 = turned + Math.imul(v2, F0765);
  const even0 = (from[at]! + from[at + 4 * step]!) << FRACTION_BITS;
  const even1 = (from[at]! - from[at + 4 * step]!) << FRACTION_BITS;
  const a0 = even0 + even3 + half;
  const a3 = even0 - even3 + half;
  const a1 = even1 + even2 + half;
  const a2 = even1 - even2 + half;

  // Odd part: three rotations share the product z5.
  const z5 = Math.imul(v7 + v3 + v5 + v1, F1175);
  const z1 = Math.imul(v7 + v1, -F0899);
  const z2 = Math.imul(v5 + v3, -F2562);
  const z3 = Math.imul(v7 + v3, -F1961) + z5;
  const z4 = Math.imul(v5 + v1, -F0390) + z5;
  const b0 = Math.imul(v7, F0298) + z1 + z3;
  const b1 = Math.imul(v5, F2053) + z2 + z4;
  const b2 = Math.imul(v3, F3072) + z2 + z3;
  const b3 = Math.imul(v1, F1501) + z1 + z4;

  to[at] = (a0 + b3) >> shift;
  to[at + 7 * step] = (a0 - b3) >> shift;
  to[at + step] = (a1 + b2) >> shift;
  to[at + 6 * step] = (a1 - b2) >> shift;
  to[at + 2 * step] = (a2 + b1) >> shift;
  to[at + 5 * step] = (a2 - b1) >> shift;
  to[at + 3 * step] = (a3 + b0) >> shift;
  to[at + 4 * step] = (a3 - b0) >> shift;
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Scratch of one call; kept because an image has a hundred thousand blocks. */
const work = new Int32Array(64);

/**
 * Turns 64 quantised coefficients into 8 x 8 samples.
 *
 * @param coefficients In natural (row) order, from index `from`.
 * @param from Start of the block.
 * @param quantisation 64 factors in natural order.
 * @param out Receives the samples, from index `to`, rows `stride` apart.
 * @param to Position of the block's first sample.
 * @param stride Samples per row of `out`.
 */
export function inverseTransform(
  coefficients: Int16Array,
  from: number,
  quantisation: Uint16Array,
  out: Uint8Array,
  to: number,
  stride: number,
): void {
  let highest = 0;
  for (let i = 1; i < 64; i++) highest |= coefficients[from + i]!;
  if (highest === 0) { // One colour.
    const level = Math.imul(coefficients[from]!, quantisation[0]!) << KEPT_BITS;
    const value = clampByte(((level + 16) >> (KEPT_BITS + 3)) + 128);
    for (let y = 0; y < 8; y++) out.fill(value, to + y * stride, to + y * stride + 8);
    return;
  }
  for (let i = 0; i < 64; i++) work[i] = Math.imul(coefficients[from + i]!, quantisation[i]!);
  for (let x = 0; x < 8; x++) pass(work, work, x, 8, FRACTION_BITS - KEPT_BITS);
  for (let y = 0; y < 8; y++) {
    pass(work, work, 8 * y, 1, FRACTION_BITS + KEPT_BITS + 3);
    const row = to + y * stride;
    for (let x = 0; x < 8; x++) out[row + x] = clampByte(work[8 * y + x]! + 128);
  }
}
