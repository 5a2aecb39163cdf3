/**
 * Quantised numbers: q stands for (q − zero point) · scale, with one scale and zero point for all or one per place
 * along an axis.
 *
 * @module
 */
import { unpackedNumbers } from "../../constants.ts";
import type { DataType, Initializer, Value } from "../../types.ts";
import { elementCount } from "../../types.ts";
import type { GraphEditor } from "../graph_editor.ts";

/** How whole numbers stand for real ones. */
export interface Affine {
  /** One, or one per place along `axis`. */
  readonly scale: readonly number[];
  /** As many as scales. */
  readonly zeroPoint: readonly number[];
  /** Type of the whole numbers. */
  readonly type: DataType;
  /** Only used if there are several scales. */
  readonly axis: number;
}

const RANGES: Partial<Record<DataType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
};

/** Least and greatest number that a type holds; `undefined` where it does not limit anything. */
export function quantizedRange(type: DataType): readonly [number, number] | undefined {
  return RANGES[type];
}

/** Whether two say the same. */
export function sameAffine(a: Affine, b: Affine): boolean {
  const list = ({ scale, zeroPoint, axis }: Affine) =>
    [...scale, ...zeroPoint, scale.length > 1 ? axis : 0].join();
  return list(a) === list(b);
}

/** The place along the affine's axis of element `i` of a tensor. */
function placer(shape: readonly number[], { scale, axis }: Affine): (i: number) => number {
  if (scale.length === 1) return () => 0;
  const inner = elementCount(shape.slice(axis + 1));
  return (i) => Math.floor(i / inner) % scale.length;
}

/** Whole numbers as the real ones that they stand for. */
export function realNumbers(bytes: Uint8Array, shape: readonly number[], affine: Affine): Float32Array {
  const whole = wholeNumbers(bytes, affine.type);
  const place = placer(shape, affine);
  const real = new Float32Array(elementCount(shape));
  for (let i = 0; i < real.length; i++) {
    const at = place(i);
    real[i] = (whole[i]! - affine.zeroPoint[at]!) * affine.scale[at]!;
  }
  return real;
}

/** Real numbers, each as near as its whole number stands for one. */
export function rounded(real: Float32Array, shape: readonly number[], affine: Affine): Float32Array {
  const place = placer(shape, affine);
  const [low, high] = quantizedRange(affine.type) ?? [-(2 ** 31), 2 ** 31 - 1];
  return real.map((value, i) => {
    const at = place(i);
    const [scale, zero] = [affine.scale[at]!, affine.zeroPoint[at]!];
    const exact = value / scale;
    const down = Math.floor(exact);
    const rest = exact - down;
    const whole = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
    return (Math.min(Math.max(whole + zero, low), high) - zero) * scale;
  });
}

/** Whole numbers of a type; of four bits, one too many where their count is odd. */
export function wholeNumbers(bytes: Uint8Array, type: DataType): ArrayLike<number> {
  // Copied, because typed arrays must lie aligned.
  const { buffer } = bytes.slice();
  switch (type) {
    case "int8":
      return new Int8Array(buffer);
    case "uint8":
      return new Uint8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "uint16":
      return new Uint16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int4":
    case "uint4":
      return unpackedNumbers(bytes, 4, type === "int4");
    default:
      throw new TypeError(`numbers of type ${type} are not quantised`);
  }
}

/** A value held in the range that its whole numbers reach. */
export function limited(w: GraphEditor, x: Value, affine: Affine): Value {
  const range = quantizedRange(affine.type);
  if (range === undefined) return x;
  const [low, high] = range.map((end) =>
    affine.scale.map((scale, i) => (end - affine.zeroPoint[i]!) * scale)
  );
  if (affine.scale.length === 1) return w.clip(x, low![0]!, high![0]!);
  const along = (numbers: readonly number[]) => alongAxis(w, numbers, x.shape.length, affine.axis);
  return w.min(w.max(x, along(low!)), along(high!));
}

/** A constant that is broadcast along all axes but one. */
export function alongAxis(w: GraphEditor, numbers: readonly number[], rank: number, axis: number): Value {
  const shape = numbers.length === 1
    ? []
    : Array.from({ length: rank }, (_, i) => (i === axis ? numbers.length : 1));
  return w.constant("float32", shape, numbers);
}

/** A constant of the graph, of this type and shape. */
export type Constant = Pick<Initializer, "name" | "type" | "shape" | "data">;
