/**
 * How the user called this program, so that the commands that help and errors name can be typed as they stand.
 *
 * @module
 */

/** This program and its version: deno.json's, to which tests/cli/help_test.ts holds it. */
export const VERSION = "ptame 0.1.0";

/**
 * The variable in which tools/launch.ts says what stands before the name of a command: `deno task`. A task is always
 * started through the launcher, so that where the variable is missing the program runs from JSR, is installed, or is
 * started by its file. Addresses do not tell: a checkout that is installed (`deno install`) runs from a `file:` too.
 */
const CALLED_AS = "PTAME_CALLED_AS";

/** Commands in texts, which are written as a checkout runs them. */
const TASK = /\bdeno task (?=(?:explain|train|evaluate|sanity|models|serve)\b)/g;

/** What the user types before the name of a command. */
export function program(): string {
  // Asked first: reading without permission would prompt.
  const allowed = Deno.permissions.querySync({ name: "env", variable: CALLED_AS }).state === "granted";
  return allowed && Deno.env.get(CALLED_AS) || "ptame";
}

/** A text that names commands of this program, with them as the user calls them. */
export function asCalled(text: string): string {
  return text.replace(TASK, `${program()} `);
}
