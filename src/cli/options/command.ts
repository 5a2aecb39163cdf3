/**
 * A command: declared by a table, which gives its parser, its help and the values that it works with.
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

/** What a command takes beside its options. */
export interface Positional {
  /** How usage shows it, one line for each way to call the command: a text is followed by its options. */
  readonly usage?: string | readonly string[];
  /** Most of them; none by default. */
  readonly most?: number;
  /** Where one is needed, the error that says so. */
  readonly missing?: string;
  /** Why there are none, where people may think so. */
  readonly unexpected?: string;
}

/** A command and its options. */
export interface Declaration<O extends Options> {
  /** As it is typed behind the program: "models pull". */
  readonly name: string;
  /** What it does, in a line without a full stop. */
  readonly about: string;
  readonly arguments?: Positional;
  readonly options: O;
  /** Paragraphs below the options in help. */
  readonly notes?: readonly string[];
  /** Commands to try, as a checkout runs them. */
  readonly examples?: readonly string[];
}

/** Texts of options as they were typed, by their names with dashes; `true` for a flag. */
export type Typed = Readonly<Record<string, string | readonly string[] | true>>;

/** Arguments that were read. */
export interface Given<O extends Options> {
  readonly options: Values<O>;
  readonly positional: readonly string[];
  readonly typed: Typed;
}

/** What a command works with. */
export interface Call<O extends Options> extends Given<O> {
  /** The arguments as they came. */
  readonly args: readonly string[];
  /** Quiet with `--quiet`. */
  readonly terminal: Terminal;
  /** Says when to stop. */
  readonly signal: AbortSignal;
}

/** A command: its arguments and a signal that says when to stop; gives the exit code. */
export interface Command {
  (args: readonly string[], signal: AbortSignal): Promise<number>;
  readonly declaration: Declaration<Options>;
}

/** Makes a command: help and version are answered, and arguments checked, before `act` is called. */
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
 * @throws {UsageError} When they are not what the command takes.
 */
export function parseArguments<O extends Options>(
  declaration: Declaration<O>,
  args: readonly string[],
): Given<O> {
  return readArguments(declaration, splitArguments(declaration, args));
}

/** Texts of options by their names, and what is no option. */
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
  const flags = [...named("flag"), "help", "version"];
  const known = [...named("value", "list"), ...flags];
  const parsed = parseArgs([...args], {
    boolean: flags,
    string: [...named("value", "list"), "_"],
    collect: named("list"),
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      // Positional arguments come here too, without a key.
      if (key === undefined) return true;
      const near = suggestion(key, known).replace("mean ", "mean --");
      throw new UsageError(`Unknown option ${arg} of ${name}${near}`);
    },
  });
  const textsOf = (value: unknown) => Array.isArray(value) ? value : value === undefined ? [] : [value];
  const texts = entries.map(([name, { kind }]): [string, string[]] => {
    if (kind === "flag") return [name, parsed[name] === true ? [""] : []];
    return [name, textsOf(parsed[name])];
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
      throw new UsageError(`Option --${name} of ${declaration.name} is needed; see --help`);
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
