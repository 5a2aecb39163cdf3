/**
 * Tensors in numbers, as folding works with them, and the room that they may take.
 *
 * @module
 */
import { float16ToFloat32, float32ToFloat16 } from "../../../bytes/half.ts";
import type { Attributes, DataType } from "../../types.ts";
import { elementCount } from "../../types.ts";
import type { ValueInfo } from "../../shapes/rule.ts";

/** A tensor whose numbers are known. Whole numbers beyond 2^53 are rounded; truth values are 0 and 1. */
export interface Numbers extends ValueInfo {
  /** In C order. */
  readonly data: Float64Array;
}

/** Thrown where a form is not folded, or its result would take too much room; the node then stays in the graph. */
export class Unfolded extends Error {}

/** How many numbers folding may still make, so that a small file cannot ask for all memory. */
export class Room {
  #left: number;
  readonly #most: number;

  /**
   * @param most Numbers of one tensor.
   * @param total Numbers of all.
   */
  constructor(most: number, total: number) {
    this.#most = most;
    this.#left = total;
  }

  /** Zeros of a shape. */
  take(shape: readonly number[]): Float64Array {
    const count = elementCount(shape);
    if (!(count <= this.#most && count <= this.#left)) throw new Unfolded();
    this.#left -= count;
    return new Float64Array(count);
  }
}

/** What folding sees of a node. */
export interface FoldInput {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (Numbers | undefined)[];
  readonly outputCount: number;
  /** Types and shapes of the outputs, where the operator has a shape rule. */
  readonly outputs: readonly ValueInfo[];
  readonly room: Room;
}

/** From numbers to numbers; throws TypeError where they do not fit the operator. */
export type Fold = (node: FoldInput) => readonly Numbers[];

/** The input at `index`, which the operator requires. */
export function need(node: FoldInput, index: number): Numbers {
  const found = node.inputs[index];
  if (found === undefined) throw new TypeError(`input ${index} is missing`);
  return found;
}

/** The numbers of an optional input. */
export function list(node: FoldInput, index: number): number[] | undefined {
  const found = node.inputs[index];
  return found === undefined ? undefined : Array.from(found.data);
}

/** Elements from one index to the next, per axis. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** Calls `visit` with the place in a strided view for every cell of `shape`, in C order. */
export function eachPlace(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (place: number, cell: number) => void,
): void {
  const count = elementCount(shape);
  const index = new Array<number>(shape.length).fill(0);
  let place = offset;
  for (let cell = 0; cell < count; cell++) {
    visit(place, cell);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      place -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}

/** A strided view of numbers, written out. */
export function viewed(
  room: Room,
  x: Numbers,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): Numbers {
  const data = room.take(shape);
  eachPlace(shape, strides, offset, (place, cell) => data[cell] = x.data[place]!);
  return { type: x.type, shape, data };
}

/** Strides that broadcast a tensor of `shape` to `wide`: 0 where it is repeated. */
export function broadcastStrides(shape: readonly number[], wide: readonly number[]): number[] {
  const own = rowMajorStrides(shape);
  const lead = wide.length - shape.length;
  return wide.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : own[i - lead]!));
}

/** Rounds a result to what its type can hold. */
export function createRounder(type: DataType): (value: number) => number {
  switch (type) {
    case "float32":
      return Math.fround;
    case "float16":
      return (value) => float16ToFloat32(float32ToFloat16(Float32Array.of(value)))[0]!;
    case "float64":
      return (value) => value;
    case "bool":
      return (value) => (value !== 0 ? 1 : 0);
    case "uint8":
      return (value) => value & 0xff;
    case "int8":
      return (value) => value << 24 >> 24;
    case "int32":
      return (value) => value | 0;
    default:
      return (value) => (Number.isFinite(value) ? Math.trunc(value) : 0);
  }
}
