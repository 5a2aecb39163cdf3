/**
 * What a shape rule is: from the shapes of a node's inputs to the types and shapes of its outputs, all static.
 *
 * @module
 */
import type { Attributes, DataType, Value } from "../types.ts";

/** Type and shape of one output. */
export interface ValueInfo {
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** What a rule sees of a node. */
export interface RuleInput {
  readonly op: string;
  readonly attributes: Attributes;
  /** Inputs in order; `undefined` where an optional one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** How many outputs the node has. */
  readonly outputCount: number;
  /** Numbers of input `index` where it is a known constant. */
  constant(index: number): readonly number[] | undefined;
}

/** From inputs to outputs; throws TypeError where shapes do not fit the operator. */
export type ShapeRule = (node: RuleInput) => readonly ValueInfo[];

/** The input at `index`, which the operator requires. */
export function required(node: RuleInput, index: number): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new TypeError(`input ${index} is missing`);
  return value;
}

/** The constant numbers of the input at `index`, which must be known when the graph is built. */
export function requiredConstant(node: RuleInput, index: number): readonly number[] {
  const { name } = required(node, index);
  const numbers = node.constant(index);
  if (numbers === undefined) {
    throw new TypeError(
      `input ${index} (${name}) must be a constant for its shape to be static`,
    );
  }
  return numbers;
}

/** A possibly negative axis as one in [0, rank). */
export function normalisedAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (resolved < 0 || resolved >= Math.max(rank, 1)) {
    throw new RangeError(`axis ${axis} is out of range for rank ${rank}`);
  }
  return resolved;
}

/** Dimensions that an error shows; what a damaged file takes for a shape may be a weight. */
const MOST_SHOWN = 16;

/** Shape of a shape in words, as errors show it. */
export function shapeText(shape: readonly number[]): string {
  return shape.length > MOST_SHOWN
    ? `[${shape.slice(0, MOST_SHOWN).join(", ")}, … ${shape.length - MOST_SHOWN} more]`
    : `[${shape.join(", ")}]`;
}

/** Numpy broadcasting of shapes. */
export function broadcast(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const dimension = shape[i]!;
      if (dimension === 1 || dimension === result[at]) continue;
      if (result[at] !== 1) {
        throw new TypeError(`shapes ${shapes.map(shapeText).join(" and ")} cannot be broadcast together`);
      }
      result[at] = dimension;
    }
  }
  return result;
}
