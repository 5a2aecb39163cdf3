/**
 * Commands by name: the program's own, and those of a command that has several.
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import { VERSION } from "../called.ts";
import { UsageError } from "../usage.ts";
import type { Command, Declaration } from "./command.ts";
import { helpWidth, setHelp } from "./help.ts";
import type { Options } from "./kinds.ts";

/** Commands, each loaded when it is asked for: all together they take longer to read than an explanation. */
export type CommandLoaders = Readonly<Record<string, () => Promise<Command>>>;

/** A set of commands. */
export interface CommandSet extends Pick<Declaration<Options>, "about" | "notes" | "examples"> {
  /** What one of them is called: "command", or "subcommand of models". */
  readonly what: string;
  /** How one of them is called, without the program. */
  readonly usage: readonly string[];
  readonly heading: string;
  readonly commands: CommandLoaders;
}

/**
 * Runs the command that the first argument names, with the others; or shows help or version.
 *
 * @throws {UsageError} When there is no such command; the nearest is suggested.
 */
export async function runNamed(
  set: CommandSet,
  [name, ...args]: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const names = Object.keys(set.commands);
  if (name === "--help" || name === "-h") {
    const all = names.map(async (each) => [each, await set.commands[each]!()] as const);
    console.log(setHelp(set, await Promise.all(all), helpWidth()));
    return 0;
  }
  if (name === "--version") {
    console.log(VERSION);
    return 0;
  }
  const listed = names.join(", ");
  if (name === undefined) throw new UsageError(`A ${set.what} is needed: ${listed}; see --help`);
  if (!names.includes(name)) {
    throw new UsageError(`Unknown ${set.what} ${name}${suggestion(name, names)} (${listed})`);
  }
  return await (await set.commands[name]!())(args, signal);
}
