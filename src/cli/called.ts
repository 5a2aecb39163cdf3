/**
 * How the user called this program. Help and errors name commands in this form, so the user can copy them.
 *
 * @module
 */
import { optionalVariable } from "../platform/permissions.ts";

/** This program and its version: deno.json's, to which tests/cli/help_test.ts holds it. */
export const VERSION = "ptame 0.1.0";

/**
 * The variable in which tools/launch.ts stores the words before the name of a command: `deno task`. Tasks always start
 * through the launcher. Without the variable, the program was started from JSR, from an installation or by its file.
 * The module's address cannot tell: an installed checkout (`deno install`) also runs from a `file:` URL.
 */
const CALLED_AS = "PTAME_CALLED_AS";

/** Commands in texts, which are written as in a checkout. */
const TASK = /\bdeno task (?=(?:explain|train|evaluate|sanity|models|serve|merge|devices)\b)/g;

/** What the user types before the name of a command. */
export function program(): string {
  return optionalVariable(CALLED_AS) ?? "ptame";
}

/** Replaces the commands in a text by the form in which the user calls this program. */
export function asCalled(text: string): string {
  return text.replace(TASK, `${program()} `);
}
