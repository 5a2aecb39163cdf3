/**
 * The kinds of options. A kind defines the type of the value, the help and how the text is parsed. The table of a
 * command contains everything about its options.
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import { UsageError } from "../usage.ts";

/** The default of an option. */
interface Otherwise<D> {
  /** In words, if it is decided elsewhere. */
  readonly usual?: string | number;
  /** The default value. */
  readonly default?: D;
}

/** An option whose value has type T. Its name is its key in a table: `microBatch` is `--micro-batch`. */
export interface Option<T> {
  /** A flag takes no value; a list can be repeated. */
  readonly kind: "flag" | "value" | "list";
  /** The placeholder after its name in help; "" for a flag. */
  readonly takes: string;
  /** Its description in help. */
  readonly about: string;
  /** Its heading in help. */
  readonly group: string;
  /** Whether it is required. */
  readonly needed: boolean;
  /** The words of a choice, for completion in a shell. */
  readonly words?: readonly string[];
  /** Another name of an option that takes a value, with dashes; help does not show it. */
  readonly alias?: string;
  /**
   * Its value.
   *
   * @param given The texts as typed; empty if the option is absent.
   * @param name Its name with dashes, for errors.
   * @throws {UsageError} When a text is not a valid value.
   */
  read(given: readonly string[], name: string): T;
}

/** A table of options. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of a table's options. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** The name of an option on the command line, without its dashes. */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Groups options under a heading in help. */
export function group<O extends Options>(heading: string, options: O): O {
  const entries = Object.entries(options).map(([key, option]) => [key, { ...option, group: heading }]);
  return Object.fromEntries(entries) as O;
}

/** Gives an option another name, such as its former one. */
export function aliased<T>(alias: string, option: Option<T>): Option<T> {
  return { ...option, alias };
}

/** Makes an option required. */
export function needed<T>(option: Option<T>): Option<Exclude<T, undefined>> {
  return { ...option, needed: true } as Option<Exclude<T, undefined>>;
}

/** The properties that `group` and `needed` change. */
const UNGROUPED = { group: "Options", needed: false } as const;

/** An option without a value. */
export function flag(about: string): Option<boolean> {
  return { ...UNGROUPED, kind: "flag", takes: "", about, read: (given) => given.length > 0 };
}

/** A parsed value; or a description of valid values, and the words to suggest. */
type Parsed<T> = { readonly value: T } | { readonly expected: string; readonly words?: readonly string[] };

/**
 * An option that `parse` reads.
 *
 * @param takes The placeholder after its name in help, such as FILE or N.
 * @param about Its description, without a full stop.
 */
export function parsed<T, D extends T | undefined = undefined>(
  takes: string,
  about: string,
  parse: (text: string) => Parsed<T>,
  { usual, default: otherwise }: Otherwise<D> = {},
): Option<T | D> {
  const without = usual ?? otherwise;
  return {
    kind: "value",
    takes,
    about: without === undefined ? about : `${about} (default: ${without})`,
    ...UNGROUPED,
    read: (given, name) => {
      const text = given.at(-1);
      if (text === undefined) return otherwise as D;
      const found = parse(text);
      if ("value" in found) return found.value;
      const { expected, words = [] } = found;
      throw new UsageError(`Option --${name} takes ${expected}, not ${text}${suggestion(text, words)}`);
    },
  };
}

/** Any text. */
export function text<D extends string | undefined = undefined>(
  takes: string,
  about: string,
  otherwise?: Otherwise<D>,
): Option<string | D> {
  return parsed(takes, about, (value) => ({ value }), otherwise);
}

/** The name of a file with one of several extensions. */
export function fileName(
  takes: string,
  endings: readonly string[],
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<string | undefined> {
  return parsed(takes, about, (value) => {
    if (endings.some((ending) => value.toLowerCase().endsWith(ending))) return { value };
    return { expected: `a file name that ends in ${endings.join(" or ")}` };
  }, otherwise);
}

/** Texts, one per occurrence of the option. */
export function list(
  takes: string,
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<readonly string[]> {
  return { ...text(takes, about, otherwise), kind: "list", read: (given) => given };
}

/** A whole number from `least` to `most`. */
export function wholeNumber<D extends number | undefined = undefined>(
  takes: string,
  about: string,
  { least, most = Infinity, ...otherwise }: Otherwise<D> & { readonly least: number; readonly most?: number },
): Option<number | D> {
  return parsed(takes, about, (given) => {
    const value = Number(given);
    const whole = Number.isInteger(value);
    if (whole && value >= least && value <= most) return { value };
    return { expected: `a whole number of at ${whole && value > most ? `most ${most}` : `least ${least}`}` };
  }, otherwise);
}

/** A number that is not negative. */
export function number(
  takes: string,
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<number | undefined> {
  return parsed(takes, about, (given) => {
    const value = Number(given);
    return Number.isFinite(value) && value >= 0 ? { value } : { expected: "a number of at least 0" };
  }, otherwise);
}

/** A share, of classes by default: of those, some must stay. */
export function share(takes: string, about: string, most = 0.9): Option<number | undefined> {
  return parsed(takes, about, (given) => {
    const value = Number(given);
    return value >= 0 && value <= most ? { value } : { expected: `a share from 0 to ${most}` };
  });
}

/** Numbers separated by commas; `counts` lists the allowed numbers of them. */
export function numbers(
  takes: string,
  counts: readonly number[],
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<number[] | undefined> {
  return parsed(takes, about, (given) => {
    const value = given.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
    if (counts.includes(value.length) && value.every(Number.isFinite)) return { value };
    return { expected: `${counts.join(", ").replace(/, (?=[^,]*$)/, " or ")} numbers with commas between` };
  }, otherwise);
}

/** A width and height in pixels: one number for both, or two with an x between. */
export function pixelSize(
  takes: string,
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<number | readonly [width: number, height: number] | undefined> {
  return parsed<number | readonly [number, number]>(takes, about, (given) => {
    const sides = /^(\d+)(?:[x×](\d+))?$/.exec(given)?.slice(1).filter((side) => side !== undefined).map(
      Number,
    );
    if (sides === undefined || sides.some((side) => side < 1)) {
      return { expected: "a whole number of at least 1, or WIDTHxHEIGHT" };
    }
    return { value: sides.length === 1 ? sides[0]! : [sides[0]!, sides[1]!] };
  }, otherwise);
}

/** Numbers by name, one per occurrence of the option; true and false are 1 and 0. */
export function assignments(takes: string, about: string): Option<Readonly<Record<string, number>>> {
  return {
    ...list(takes, about),
    read: (given, name) => {
      const values: [string, number][] = given.map((each) => {
        const at = each.lastIndexOf("=");
        const text = each.slice(at + 1).trim();
        const value = text === "true" ? 1 : text === "false" ? 0 : text === "" ? NaN : Number(text);
        if (at >= 1 && Number.isFinite(value)) return [each.slice(0, at), value];
        throw new UsageError(`Option --${name} takes NAME=NUMBER, not ${each}`);
      });
      return Object.fromEntries(values);
    },
  };
}

/** The list of allowed words for help; empty if `takes` already shows them. */
function listed(about: string, words: readonly string[], takes: string): string {
  return takes === words.join("|") ? about : `${about}: ${words.join(", ")}`;
}

/** One of several words; an error suggests the nearest. */
export function choice<const T extends string, D extends T | undefined = undefined>(
  takes: string,
  words: readonly T[],
  about: string,
  otherwise?: Otherwise<D>,
): Option<T | D> {
  const option = parsed(takes, listed(about, words, takes), (given) => {
    const value = words.find((word) => word === given);
    return value !== undefined ? { value } : { expected: `one of ${words.join(", ")}`, words };
  }, otherwise);
  return { ...option, words };
}

/** Some of the words, separated by commas or repeated, each kept once; `usual` by default. */
export function choices<const T extends string>(
  takes: string,
  words: readonly T[],
  about: string,
  usual: readonly T[],
): Option<readonly T[]> {
  return {
    ...list(takes, listed(about, words, takes), { usual: usual.join(", ") }),
    words,
    read: (given, name) => {
      const names = given.flatMap((each) => each.split(",")).map((each) => each.trim());
      if (names.length === 0) return usual;
      return [...new Set(names)].map((each) => {
        const found = words.find((word) => word === each);
        if (found !== undefined) return found;
        throw new UsageError(
          `Option --${name} takes some of ${words.join(", ")}, not ${each}${suggestion(each, words)}`,
        );
      });
    },
  };
}
