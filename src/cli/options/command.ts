/**
 * A command, declared by a table of options. The table gives its parser, its help and its values.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { suggestion } from "../../text/nearest.ts";
import { VERSION } from "../called.ts";
import { openTerminal, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { commandHelp, helpWidth } from "./help.ts";
import { type Option, optionName, type Options, type Values } from "./kinds.ts";

/** The positional arguments of a command. */
export interface Positional {
  /** Usage lines, one for each way to call the command; the options follow each text. */
  readonly usage?: string | readonly string[];
  /** Maximum number of arguments; 0 by default. */
  readonly most?: number;
  /** The error if a required argument is missing. */
  readonly missing?: string;
  /** Why the command takes none, for users who may expect some. */
  readonly unexpected?: string;
}

/** A command and its options. */
export interface Declaration<O extends Options> {
  /** Its name after the program: "models pull". */
  readonly name: string;
  /** What it does, in one line without a full stop. */
  readonly about: string;
  readonly arguments?: Positional;
  readonly options: O;
  /** Paragraphs below the options in help. */
  readonly notes?: readonly string[];
  /** Example commands, as in a checkout. */
  readonly examples?: readonly string[];
}

/** Texts of options as typed, by their names with dashes; `true` for a flag. */
export type Typed = Readonly<Record<string, string | readonly string[] | true>>;

/** Parsed arguments. */
export interface Given<O extends Options> {
  readonly options: Values<O>;
  readonly positional: readonly string[];
  readonly typed: Typed;
}

/** The input of a command. */
export interface Call<O extends Options> extends Given<O> {
  /** The unparsed arguments. */
  readonly args: readonly string[];
  /** Terminal for messages; quiet with `--quiet`. */
  readonly terminal: Terminal;
  /** Signals when to stop. */
  readonly signal: AbortSignal;
}

/** A command: takes its arguments and a signal to stop; gives the exit code. */
export interface Command {
  (args: readonly string[], signal: AbortSignal): Promise<number>;
  readonly declaration: Declaration<Options>;
}

/** Makes a command. It answers help and version and checks the arguments before it calls `act`. */
export function command<O extends Options>(
  declaration: Declaration<O>,
  act: (call: Call<O>) => Promise<number>,
): Command {
  const run = async (args: readonly string[], signal: AbortSignal): Promise<number> => {
    const split = splitArguments(declaration, args);
    if (split.help) console.log(commandHelp(declaration, helpWidth()));
    else if (split.version) console.log(VERSION);
    if (split.help || split.version) return 0;
    const given = readArguments(declaration, split);
    const terminal = openTerminal(given.typed["quiet"] === true);
    return await act({ ...given, args, terminal, signal });
  };
  return Object.assign(run, { declaration });
}

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError} When an argument is unknown, missing or wrong.
 */
export function parseArguments<O extends Options>(
  declaration: Declaration<O>,
  args: readonly string[],
): Given<O> {
  return readArguments(declaration, splitArguments(declaration, args));
}

/** Splits arguments into texts of options by name, and positional arguments. */
interface Split {
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly positional: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

function splitArguments({ name, options }: Declaration<Options>, args: readonly string[]): Split {
  const entries = Object.entries(options).map(([key, option]) => [optionName(key), option] as const);
  const named = (...kinds: Option<unknown>["kind"][]) =>
    entries.filter(([, { kind }]) => kinds.includes(kind)).map(([name]) => name);
  const lists = entries.flatMap(([name, { kind, alias }]) =>
    kind === "list" ? [name, alias ?? []].flat() : []
  );
  const aliases = entries.flatMap(([, { alias }]) => alias ?? []);
  const flags = [...named("flag"), "help", "version"];
  const known = [...named("value", "list"), ...flags];
  const parsed = parseArgs([...args], {
    boolean: flags,
    string: [...named("value", "list"), ...aliases, "_"],
    collect: lists,
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      // Positional arguments come here too, without a key.
      if (key === undefined) return true;
      const near = suggestion(key, known).replace("mean ", "mean --");
      throw new UsageError(`Unknown option ${arg} of ${name}${near}`);
    },
  });
  const asTexts = (value: unknown) => Array.isArray(value) ? value : value === undefined ? [] : [value];
  const texts = entries.map(([name, { kind, alias }]): [string, string[]] => {
    if (kind === "flag") return [name, parsed[name] === true ? [""] : []];
    return [name, [...alias === undefined ? [] : asTexts(parsed[alias]), ...asTexts(parsed[name])]];
  });
  return {
    texts: Object.fromEntries(texts),
    positional: parsed._.map(String),
    help: parsed["help"] === true,
    version: parsed["version"] === true,
  };
}

function readArguments<O extends Options>(
  declaration: Declaration<O>,
  { texts, positional }: Split,
): Given<O> {
  checkPositional(declaration, positional);
  const values: Record<string, unknown> = {};
  const typed: Record<string, string | readonly string[] | true> = {};
  for (const [key, option] of Object.entries(declaration.options)) {
    const name = optionName(key);
    const given = texts[name]!;
    if (option.kind !== "flag" && given.includes("")) {
      throw new UsageError(`Option --${name} of ${declaration.name} needs a value`);
    }
    if (option.needed && given.length === 0) {
      throw new UsageError(`Option --${name} of ${declaration.name} is required; see --help`);
    }
    values[key] = option.read(given, name);
    if (given.length === 0) continue;
    typed[name] = option.kind === "flag" ? true : option.kind === "list" ? given : given.at(-1)!;
  }
  return { options: values as Values<O>, positional, typed };
}

function checkPositional(declaration: Declaration<Options>, positional: readonly string[]): void {
  const { most = 0, missing, unexpected } = declaration.arguments ?? {};
  if (missing !== undefined && positional.length === 0) throw new UsageError(missing);
  if (positional.length <= most) return;
  const stray = positional[most];
  throw new UsageError(
    unexpected === undefined
      ? `Unexpected argument ${stray} of ${declaration.name}`
      : `${declaration.name} takes no ${stray}: ${unexpected}`,
  );
}
