/**
 * The options that say what a command prints.
 *
 * @module
 */
import { flag, group } from "./options/kinds.ts";

/** The option of commands whose result is for programs too. */
export const JSON_OPTION = group("Output", { json: flag("Print one JSON document on standard output") });

/** The option of commands that say how far they are; `command` opens the terminal as it asks. */
export const QUIET_OPTION = group("Output", { quiet: flag("Print nothing but errors on standard error") });

/** Both. */
export const OUTPUT_OPTIONS = { ...JSON_OPTION, ...QUIET_OPTION };
