/**
 * The options for a command's output.
 *
 * @module
 */
import { flag, group } from "./options/kinds.ts";

/** The option of commands with results for programs. */
export const JSON_OPTION = group("Output", { json: flag("Print one JSON document on standard output") });

/** The option of commands that show progress; `command` opens the terminal accordingly. */
export const QUIET_OPTION = group("Output", { quiet: flag("Print only errors on standard error") });

/** Both. */
export const OUTPUT_OPTIONS = { ...JSON_OPTION, ...QUIET_OPTION };
