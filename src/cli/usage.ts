/**
 * Arguments of a command: declared once, checked, and explained when they are wrong.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { suggestion } from "../text/nearest.ts";

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The options that a command takes. */
export interface OptionNames {
  readonly flags: readonly string[];
  readonly values: readonly string[];
  /** Those of `values` that may be given several times. */
  readonly lists: readonly string[];
}

/** Arguments as given. */
export interface Arguments {
  readonly positional: readonly string[];
  flag(name: string): boolean;
  /** Text of an option; `undefined` where it is not given. */
  value(name: string): string | undefined;
  /** Texts of an option that may be given several times. */
  list(name: string): readonly string[];
  /** A whole number of at least `least`; a UsageError for anything else. */
  wholeNumber(name: string, least: number): number | undefined;
  /** One of some words; a UsageError with the nearest for anything else. */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined;
}

/**
 * Parses the arguments of `command`.
 *
 * @throws {UsageError} For an unknown option, or an option without its value.
 */
export function parseArguments(command: string, args: readonly string[], names: OptionNames): Arguments {
  const known = [...names.flags, ...names.values];
  const parsed = parseArgs([...args], {
    boolean: [...names.flags],
    string: [...names.values, "_"],
    collect: [...names.lists],
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      // Positional arguments come here too, without a key.
      if (key === undefined) return true;
      const near = suggestion(key, known).replace("mean ", "mean --");
      throw new UsageError(`Unknown option ${arg} of ${command}${near}`);
    },
  });
  const value = (name: string): string | undefined => {
    const given = parsed[name] as string | undefined;
    if (given === "") throw new UsageError(`Option --${name} of ${command} needs a value`);
    return given;
  };
  for (const name of names.values) if (!names.lists.includes(name)) value(name);
  return {
    positional: parsed._.map(String),
    flag: (name) => parsed[name] === true,
    value,
    list: (name) => {
      const given = parsed[name] as string[];
      if (given.includes("")) throw new UsageError(`Option --${name} of ${command} needs a value`);
      return given;
    },
    wholeNumber: (name, least) => {
      const given = value(name);
      if (given === undefined) return undefined;
      const number = Number(given);
      if (!Number.isInteger(number) || number < least) {
        throw new UsageError(`Option --${name} takes a whole number of at least ${least}, not ${given}`);
      }
      return number;
    },
    oneOf: (name, words) => {
      const given = value(name);
      if (given === undefined) return undefined;
      const found = words.find((word) => word === given);
      if (found !== undefined) return found;
      throw new UsageError(
        `Option --${name} takes one of ${words.join(", ")}, not ${given}${suggestion(given, words)}`,
      );
    },
  };
}
