/**
 * Numbers of small constants: to little-endian bytes and back, by element type.
 *
 * @module
 */
import { dataView } from "../bytes/data_view.ts";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "../bytes/half.ts";
import { BYTES_PER_ELEMENT, type DataType } from "./types.ts";

/** Encodes numbers as little-endian elements of `type` (the numeric types that graphs of this project need). */
export function encodeNumbers(type: DataType, numbers: ArrayLike<number>): Uint8Array {
  if (type === "string" || type === "bfloat16" || type === "int4" || type === "uint4") {
    throw new TypeError(`Cannot encode numbers as ${type}`);
  }
  if (type === "float16") return asBytes(float32ToFloat16(Float32Array.from(numbers)));
  if (type === "float32") return asBytes(Float32Array.from(numbers));
  const width = BYTES_PER_ELEMENT[type];
  const bytes = new Uint8Array(numbers.length * width);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    const at = i * width;
    switch (type) {
      case "float64":
        view.setFloat64(at, value, true);
        break;
      case "int64":
      case "uint64":
        view.setBigInt64(at, toBigInt(type, value), true);
        break;
      case "int32":
      case "uint32":
        view.setInt32(at, value, true);
        break;
      case "int16":
      case "uint16":
        view.setInt16(at, value, true);
        break;
      default:
        view.setInt8(at, value);
    }
  }
  return bytes;
}

const LIMITS = { int64: [-(2n ** 63n), 2n ** 63n - 1n], uint64: [0n, 2n ** 64n - 1n] } as const;

/** A number as a 64-bit integer; "to the end" (2^63 − 1, which is not a float64) must not wrap around to the least. */
function toBigInt(type: "int64" | "uint64", value: number): bigint {
  if (!Number.isInteger(value)) {
    throw new RangeError(`Cannot encode ${value} as ${type}: it is not a whole number`);
  }
  const whole = BigInt(value);
  const [low, high] = LIMITS[type];
  return BigInt.asIntN(64, whole < low ? low : whole > high ? high : whole);
}

/** Decodes little-endian elements of `type`; 64-bit integers beyond 2^53 lose precision. */
export function decodeNumbers(type: DataType, bytes: Uint8Array): number[] {
  if (type === "string") throw new TypeError(`Cannot decode ${type} as numbers`);
  if (type === "float16" || type === "bfloat16") {
    const halves = new Uint16Array(bytes.slice().buffer);
    return Array.from(type === "float16" ? float16ToFloat32(halves) : bfloat16ToFloat32(halves));
  }
  if (type === "int4" || type === "uint4") return Array.from(unpackedNumbers(bytes, 4, type === "int4"));
  const width = BYTES_PER_ELEMENT[type];
  const view = dataView(bytes);
  return Array.from({ length: Math.floor(bytes.byteLength / width) }, (_, i) => {
    const at = i * width;
    switch (type) {
      case "float32":
        return view.getFloat32(at, true);
      case "float64":
        return view.getFloat64(at, true);
      case "int64":
        return Number(view.getBigInt64(at, true));
      case "uint64":
        return Number(view.getBigUint64(at, true));
      case "int32":
        return view.getInt32(at, true);
      case "uint32":
        return view.getUint32(at, true);
      case "int16":
        return view.getInt16(at, true);
      case "uint16":
        return view.getUint16(at, true);
      case "int8":
        return view.getInt8(at);
      default:
        return view.getUint8(at);
    }
  });
}

/**
 * Whole numbers of `bits` each, several in a byte, the lowest bits first.
 *
 * @param bits 1, 2, 4 or 8.
 */
export function unpackedNumbers(bytes: Uint8Array, bits: number, signed = false): Int16Array {
  const each = 8 / bits;
  const numbers = new Int16Array(bytes.length * each);
  const [mask, half] = [2 ** bits - 1, 2 ** (bits - 1)];
  for (let i = 0; i < numbers.length; i++) {
    const value = (bytes[Math.floor(i / each)]! >> (bits * (i % each))) & mask;
    numbers[i] = signed && value >= half ? value - 2 * half : value;
  }
  return numbers;
}

/** The bytes of a typed array, not copied. */
export function asBytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}
