/**
 * Numbers to and from the runtime: a typed array with its shape.
 *
 * @module
 */
import { type DataType, elementCount } from "../graph/types.ts";

/** Typed arrays for tensor data; float16 as bit patterns, bool as bytes. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint8Array
  | Int8Array;

/** A tensor in the program's memory. */
export interface Tensor {
  /** Element type. */
  readonly type: DataType;
  /** Dimensions, outermost first. */
  readonly shape: readonly number[];
  /** Elements in C order. */
  readonly data: TensorData;
}

/** A tensor that stays on the device between two runs; dispose of it when it is no longer needed. */
export interface DeviceTensor {
  /** Element type. */
  readonly type: DataType;
  /** Dimensions, outermost first. */
  readonly shape: readonly number[];
  /** The runtime's own tensor. */
  readonly onDevice: unknown;
  /** Copies it into the program's memory. */
  read(): Promise<Tensor>;
  /** Frees it. */
  dispose(): void;
}

/** Whether a tensor stays on the device. */
export function isDeviceTensor(tensor: Tensor | DeviceTensor): tensor is DeviceTensor {
  return "onDevice" in tensor;
}

/** A float32 tensor over `data`, which is not copied. */
export function float32Tensor(data: Float32Array, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== data.length) {
    throw new TypeError(`Cannot make a tensor [${shape.join(", ")}] of ${data.length} numbers`);
  }
  return { type: "float32", shape, data };
}

/** An int64 tensor, for indices. */
export function int64Tensor(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { type: "int64", shape, data: BigInt64Array.from(values, BigInt) };
}

/** The float32 data of a tensor; a TypeError for any other type. */
export function float32Data(tensor: Tensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) {
    throw new TypeError(`Cannot read a ${tensor.type} tensor as float32`);
  }
  return tensor.data;
}
