/**
 * Shape inference: one rule per operator, in a table.
 *
 * @module
 */
import { oneLine } from "../../text/foreign_text.ts";
import { CONVOLUTION } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { MOVEMENT } from "./movement.ts";
import type { RuleInput, ShapeRule, ValueInfo } from "./rule.ts";

const RULES: Readonly<Record<string, ShapeRule>> = { ...ELEMENTWISE, ...CONVOLUTION, ...MOVEMENT };

/** Operators of ONNX's own set that have a shape rule. */
export const SHAPED_OPERATORS: readonly string[] = Object.keys(RULES);

/** Whether this operator of ONNX's own set has a shape rule. */
export function hasShapeRule(op: string): boolean {
  return Object.hasOwn(RULES, op);
}

/**
 * Types and shapes of a node's outputs.
 *
 * @throws {TypeError} When the operator is unknown or its inputs do not fit; the message names node and operator.
 */
export function inferShapes(nodeName: string, node: RuleInput): readonly ValueInfo[] {
  if (!hasShapeRule(node.op)) {
    throw new TypeError(`Cannot infer shapes of node ${nodeName}: no rule for operator ${node.op}`);
  }
  try {
    return RULES[node.op]!(node);
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
    throw new TypeError(`Cannot infer shapes of node ${nodeName} (${node.op}): ${oneLine(cause.message)}`, {
      cause,
    });
  }
}
