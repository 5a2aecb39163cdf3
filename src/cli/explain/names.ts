/**
 * The options of `explain`.
 *
 * @module
 */
import { EXPLAINER_FLAGS, EXPLAINER_OPTIONS } from "../explainer_options.ts";
import { METHOD_OPTIONS } from "./method.ts";

/** Names of the options, for `parseArguments`. */
export const EXPLAIN_NAMES = {
  flags: ["check", "json", "quiet", "help", ...EXPLAINER_FLAGS],
  values: [
    "target",
    "against",
    "top",
    "out",
    "map",
    "workers",
    "shard",
    ...METHOD_OPTIONS,
    ...EXPLAINER_OPTIONS,
  ],
  lists: ["target"],
} as const;
