/**
 * The table of a file of tensors in any format: names, types, shapes and positions. The bytes are not moved, so a
 * runtime can read the file directly.
 *
 * @module
 */
import { shortened } from "../text/foreign_text.ts";
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "../bytes/half.ts";

/** Element types of files of weights. */
export type TensorType =
  | "float32"
  | "float16"
  | "bfloat16"
  | "float64"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** Position of a tensor in its file. */
export interface TensorEntry {
  /** The tensor's name. */
  readonly name: string;
  /** The type of its elements. */
  readonly type: TensorType;
  /** Its dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** The position of its first byte, counted from the start of the file. */
  readonly offset: number;
  /** Length in bytes from its first element to the end of its last. */
  readonly length: number;
  /** Strides in elements, per dimension; absent if the tensor is contiguous in C order. */
  readonly strides?: readonly number[];
}

/** The table of a file of tensors. */
export interface TensorTable {
  /** Metadata by name; empty if the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All tensors by name. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** A file of tensors with its table. */
export interface WeightFile {
  /** Name for external data and for errors. */
  readonly name: string;
  /** Its bytes, in memory or on disk. */
  readonly content: ByteSource;
  /** Its table. */
  readonly table: TensorTable;
}

/**
 * The values of a floating-point tensor as float32, in C order: a view if the file is in memory and the tensor is
 * aligned float32, else a converted copy (float64 is rounded).
 *
 * @param content The whole file.
 * @param into Takes the values, as many as the tensor has, and is returned.
 * @throws {TypeError} When the tensor does not hold floating-point numbers.
 * @throws {RangeError} When the tensor exceeds the file.
 */
export function readFloat32(
  content: ByteSource | Uint8Array,
  entry: TensorEntry,
  into?: Float32Array<ArrayBuffer>,
): Float32Array {
  const source = toByteSource(content);
  let bytes: Uint8Array;
  try {
    bytes = source.read(entry.offset, entry.length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(
      `Cannot read tensor ${shortened(entry.name)}: bytes ${entry.offset} to ${
        entry.offset + entry.length
      } of ${source.size}`,
    );
  }
  const direct = entry.strides === undefined && entry.type === "float16" ? into : undefined;
  const values = widened(bytes, entry, direct);
  const inOrder = entry.strides === undefined ? values : gathered(values, entry.shape, entry.strides);
  if (into === undefined || inOrder === into) return inOrder;
  into.set(inOrder);
  return into;
}

function widened(bytes: Uint8Array, entry: TensorEntry, into?: Float32Array<ArrayBuffer>): Float32Array {
  const view = (bytesPerElement: number): [ArrayBufferLike, number, number] => {
    const count = bytes.length / bytesPerElement;
    if (bytes.byteOffset % bytesPerElement === 0) return [bytes.buffer, bytes.byteOffset, count];
    return [bytes.slice().buffer, 0, count];
  };
  switch (entry.type) {
    case "float32":
      return new Float32Array(...view(4));
    case "float16":
      return float16ToFloat32(new Uint16Array(...view(2)), into);
    case "bfloat16":
      return bfloat16ToFloat32(new Uint16Array(...view(2)));
    case "float64":
      return Float32Array.from(new Float64Array(...view(8)));
    default:
      throw new TypeError(`Cannot read tensor ${shortened(entry.name)} as float32: it holds ${entry.type}`);
  }
}

/** Strided values in C order: one index per dimension counts up like an odometer. */
function gathered(values: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const result = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const index = new Array<number>(shape.length).fill(0);
  let at = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = values[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
