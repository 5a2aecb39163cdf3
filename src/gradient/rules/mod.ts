/**
 * The table of gradient rules: one per operator.
 *
 * @module
 */
import type { Node } from "../../graph/types.ts";
import type { GradientRule } from "../rule.ts";
import { ACTIVATIONS } from "./activations.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { CONVOLUTION } from "./convolution.ts";
import { GRID_SAMPLE } from "./grid_sample.ts";
import { INDEXING } from "./indexing.ts";
import { MOVEMENT } from "./movement.ts";
import { NORMALIZATION } from "./normalization.ts";
import { POOLING } from "./pooling.ts";
import { PRODUCTS } from "./products.ts";
import { REDUCTION } from "./reduction.ts";
import { RESIZE } from "./resize.ts";

/** Gradient rules by operator of ONNX's own set. */
export const RULES: Readonly<Record<string, GradientRule>> = {
  ...ACTIVATIONS,
  ...ARITHMETIC,
  ...CONVOLUTION,
  ...GRID_SAMPLE,
  ...INDEXING,
  ...MOVEMENT,
  ...NORMALIZATION,
  ...POOLING,
  ...PRODUCTS,
  ...REDUCTION,
  ...RESIZE,
};

/** The gradient's rule of a node; `undefined` if its operator has none. */
export function gradientRule({ op, domain }: Node): GradientRule | undefined {
  return domain === "" && Object.hasOwn(RULES, op) ? RULES[op] : undefined;
}
