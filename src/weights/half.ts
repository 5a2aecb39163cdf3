/**
 * Half-precision numbers widened to float32: IEEE binary16 and bfloat16.
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

/** Widens IEEE binary16 bit patterns to float32, exactly. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const high = half >> 10;
    bits[i] = MANTISSA[OFFSET[high]! + (half & 0x3ff)]! + EXPONENT[high]!;
  }
  return new Float32Array(bits.buffer);
}

/** Widens bfloat16 bit patterns (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}
