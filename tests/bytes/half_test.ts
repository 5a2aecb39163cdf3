/** Half precision against the definition of the format, for every bit pattern there is. */
import { assert, assertEquals } from "@std/assert";
import { bfloat16ToFloat32, float16ToFloat32 } from "../../src/bytes/half.ts";

function binary16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

Deno.test("float16ToFloat32() is exact for all 65,536 values", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  float16ToFloat32(halves).forEach((value, bits) => {
    assert(Object.is(value, binary16(bits)), `0x${bits.toString(16)}: ${value}, not ${binary16(bits)}`);
  });
});

Deno.test("bfloat16ToFloat32() widens the upper half of a float32", () => {
  const values = [0, -0, 1, -2.5, 2 ** -133, Infinity, -Infinity, NaN];
  const halves = Uint16Array.from(new Uint32Array(new Float32Array(values).buffer), (bits) => bits >>> 16);
  assertEquals([...bfloat16ToFloat32(halves)], values);
});
