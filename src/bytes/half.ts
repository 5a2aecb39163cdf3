/**
 * Half-precision numbers widened to float32, IEEE binary16 and bfloat16, and float32 narrowed to binary16.
 *
 * By table, because Float16Array is missing from older runtimes (Deno Deploy among them) and branches per value
 * would cost more than the three small look-ups. The tables are van der Zijp's ("Fast Half Float Conversions",
 * 2008): float32 bits = mantissa[offset[sign, exponent] + fraction] + exponent[sign, exponent]; they are exact
 * for every one of the 65,536 values, subnormals, infinities and NaN included.
 *
 * @module
 */

const MANTISSA = new Uint32Array(2048);
const EXPONENT = new Uint32Array(64);
const OFFSET = new Uint16Array(64).fill(1024);

for (let i = 1; i < 1024; i++) {
  // A subnormal half is a normal float32: shift its fraction up until the hidden bit appears.
  const shift = Math.clz32(i) - 8;
  MANTISSA[i] = ((i << shift) & 0x007fffff) | ((126 - shift) << 23);
}
for (let i = 1024; i < 2048; i++) MANTISSA[i] = 0x38000000 + ((i - 1024) << 13);
for (let i = 0; i < 32; i++) {
  EXPONENT[i] = i === 31 ? 0x47800000 : i << 23;
  EXPONENT[i + 32] = 0x80000000 + EXPONENT[i]!;
}
OFFSET[0] = OFFSET[32] = 0;

/**
 * Widens IEEE binary16 bit patterns to float32, exactly.
 *
 * @param into Takes the numbers: as many as there are patterns.
 * @returns `into`.
 */
export function float16ToFloat32(
  halves: Uint16Array,
  into: Float32Array<ArrayBuffer> = new Float32Array(halves.length),
): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(into.buffer, into.byteOffset, halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const high = half >> 10;
    bits[i] = MANTISSA[OFFSET[high]! + (half & 0x3ff)]! + EXPONENT[high]!;
  }
  return into;
}

/** Widens bfloat16 bit patterns (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Narrows float32 to IEEE binary16 bit patterns, rounded to nearest even. */
export function float32ToFloat16(data: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(data.length);
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let i = 0; i < data.length; i++) {
    single[0] = data[i]!;
    const x = bits[0]!;
    const sign = x >>> 16 & 0x8000;
    const exponent = (x >>> 23 & 0xff) - 112;
    const mantissa = x & 0x7fffff;
    if (exponent >= 31) halves[i] = sign | (exponent === 143 && mantissa !== 0 ? 0x7e00 : 0x7c00);
    else if (exponent > 0) {
      const half = exponent << 10 | mantissa >>> 13;
      const rest = mantissa & 0x1fff;
      halves[i] = sign | half + (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1) ? 1 : 0);
    } else {
      // Subnormal: the value in units of 2^-24; Math.round would round halves up, so ties go to even by hand.
      const units = Math.abs(single[0]!) * 2 ** 24;
      const floor = Math.floor(units);
      const rest = units - floor;
      halves[i] = sign | floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
    }
  }
  return halves;
}
