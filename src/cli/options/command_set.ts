/**
 * Commands by name: those of the program, and the subcommands of a command.
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import { VERSION } from "../called.ts";
import { UsageError } from "../usage.ts";
import type { Command, Declaration } from "./command.ts";
import { helpWidth, setHelp } from "./help.ts";
import type { Options } from "./kinds.ts";

/** Commands, each loaded on demand: loading all of them takes longer than an explanation. */
export type CommandLoaders = Readonly<Record<string, () => Promise<Command>>>;

/** A set of commands. */
export interface CommandSet extends Pick<Declaration<Options>, "about" | "notes" | "examples"> {
  /** The word for one of them: "command" or "subcommand of models". */
  readonly what: string;
  /** Usage of one of them, without the program. */
  readonly usage: readonly string[];
  readonly heading: string;
  readonly commands: CommandLoaders;
}

/**
 * Runs the command named by the first argument with the other arguments, or shows help or version.
 *
 * @throws {UsageError} When the command is unknown; the nearest name is suggested.
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
