/**
 * Constant folding: values that do not depend on an input are computed once, when a graph is read. This mainly concerns
 * the shape arithmetic of exported networks, whose results the shape rules need.
 *
 * @module
 */
import { ELEMENTWISE } from "./elementwise.ts";
import { MOVEMENT } from "./movement.ts";
import { type Fold, type FoldInput, type Numbers, Unfolded } from "./numbers.ts";
import { REDUCTION } from "./reduction.ts";

const FOLDS: Readonly<Record<string, Fold>> = { ...ELEMENTWISE, ...MOVEMENT, ...REDUCTION };

/** Operators that can be folded. */
export const FOLDED_OPERATORS: readonly string[] = Object.keys(FOLDS);

/** Whether an operator can be folded. */
export function canFold(op: string): boolean {
  return Object.hasOwn(FOLDS, op);
}

/**
 * The outputs of a node whose inputs are known, or `undefined` where they would take too much room, or where this
 * form of the operator is not folded: the node then stays for the runtime.
 *
 * @throws {TypeError} When the inputs do not fit the operator.
 * @throws {RangeError} When an index is out of range, or a whole number is divided by zero.
 */
export function fold(node: FoldInput): readonly Numbers[] | undefined {
  try {
    return FOLDS[node.op]!(node);
  } catch (error) {
    if (error instanceof Unfolded) return undefined;
    throw error;
  }
}
