/**
 * Commands by name: the program's own, and those of a command that has several.
 *
 * @module
 */
import { suggestion } from "../text/nearest.ts";
import { UsageError } from "./usage.ts";

/** A command: its arguments and a signal that says when to stop; gives the exit code. */
export type Command = (args: readonly string[], signal: AbortSignal) => Promise<number>;

/**
 * The command of that name.
 *
 * @param what What the names are called in the error: "command", say.
 * @throws {UsageError} When there is none; the nearest is suggested.
 */
export function commandNamed(
  name: string,
  commands: Readonly<Record<string, Command>>,
  what: string,
): Command {
  const names = Object.keys(commands);
  if (names.includes(name)) return commands[name]!;
  throw new UsageError(`Unknown ${what} ${name}${suggestion(name, names)} (${names.join(", ")})`);
}
