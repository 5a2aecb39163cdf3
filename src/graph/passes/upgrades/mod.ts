/**
 * Converts ONNX's own operators, versions 7 to 25, to the builder's version: one rule per operator whose meaning or
 * form changed, or that is newer or older than it.
 *
 * @module
 */
import type { Rewrite } from "../rewrite.ts";
import { ACTIVATIONS } from "./activations.ts";
import { ATTENTION } from "./attention.ts";
import { EINSUM } from "./einsum.ts";
import { MICROSOFT } from "./microsoft.ts";
import { MOVEMENT } from "./movement.ts";
import { NORMALIZATION } from "./normalization.ts";
import { REDUCTION } from "./reduction.ts";
import { RESIZE } from "./resize.ts";
import { VALUES } from "./values.ts";

/** Rules by operator; those of other domains as `domain.Op`. */
export const UPGRADES: Readonly<Record<string, Rewrite>> = {
  ...ACTIVATIONS,
  ...ATTENTION,
  ...EINSUM,
  ...MICROSOFT,
  ...MOVEMENT,
  ...NORMALIZATION,
  ...REDUCTION,
  ...RESIZE,
  ...VALUES,
};
