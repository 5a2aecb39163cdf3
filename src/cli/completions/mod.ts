/**
 * `completions`: prints the script with which a shell completes commands, options and their values.
 *
 * @module
 */
import { COMMANDS } from "../commands.ts";
import { SUBCOMMANDS } from "../models/mod.ts";
import type { Command } from "../options/command.ts";
import { command } from "../options/command.ts";
import type { CommandLoaders, CommandSet } from "../options/command_set.ts";
import { optionName } from "../options/kinds.ts";
import { UsageError } from "../usage.ts";
import { type CompletedCommand, type CompletedOption, SCRIPTS } from "./scripts.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Sets of commands inside a command. */
const NESTED: Readonly<Record<string, CommandSet>> = { models: SUBCOMMANDS };

/** Runs `completions` and gives its exit code. */
export const completionsCommand: Command = command({
  name: "completions",
  about: "Print the script with which a shell completes commands and options",
  arguments: {
    usage: Object.keys(SCRIPTS).join("|"),
    most: 1,
    missing: `completions needs the name of a shell: ${Object.keys(SCRIPTS).join(", ")}`,
  },
  options: {},
  notes: [
    "The script completes the installed program, ptame: deno install -g -n ptame jsr:@ptame/ptame/cli.",
  ],
  examples: [
    "ptame completions bash >> ~/.bashrc",
    "ptame completions zsh > ~/.zfunc/_ptame",
    "ptame completions fish > ~/.config/fish/completions/ptame.fish",
  ],
}, async ({ positional: [shell] }) => {
  const write = Object.hasOwn(SCRIPTS, shell!) ? SCRIPTS[shell!] : undefined;
  if (write === undefined) {
    throw new UsageError(`Unknown shell ${shell}: there are scripts for ${Object.keys(SCRIPTS).join(", ")}`);
  }
  console.log(write("ptame", await completedCommands(COMMANDS.commands)).trimEnd());
  return 0;
});

/** What all commands take, from their tables. */
async function completedCommands(
  loaders: CommandLoaders,
  before: readonly string[] = [],
): Promise<CompletedCommand[]> {
  const all: CompletedCommand[] = [];
  for (const [name, load] of Object.entries(loaders)) {
    const { declaration } = await load();
    const path = [...before, name];
    all.push({ path, about: declaration.about, options: completedOptions(declaration) });
    const nested = before.length === 0 ? NESTED[name] : undefined;
    if (nested !== undefined) all.push(...await completedCommands(nested.commands, path));
  }
  return all;
}

function completedOptions({ options }: Command["declaration"]): CompletedOption[] {
  const own = Object.entries(options).map(([key, { kind, about, words }]) => ({
    name: `--${optionName(key)}`,
    about,
    takesValue: kind !== "flag",
    ...withoutUndefined({ words }),
  }));
  return [...own, { name: "--help", about: "Show help", takesValue: false }];
}
