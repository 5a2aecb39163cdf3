/**
 * What an option can be: its value's type, what help says of it, and how its text is read. A command's table of these
 * is all there is to say about its options.
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import { UsageError } from "../usage.ts";

/** What happens without an option. */
interface Otherwise<D> {
  /** In words, where something else than the table decides it. */
  readonly usual?: string | number;
  /** The value then. */
  readonly default?: D;
}

/** An option whose value has type T. Its name is its key in a table: `microBatch` is `--micro-batch`. */
export interface Option<T> {
  /** A flag takes no value; a list may be given several times. */
  readonly kind: "flag" | "value" | "list";
  /** What stands behind its name in help; "" for a flag. */
  readonly takes: string;
  /** What help says. */
  readonly about: string;
  /** The heading that it stands under in help. */
  readonly group: string;
  /** Whether the command cannot do without it. */
  readonly needed: boolean;
  /**
   * Its value.
   *
   * @param given Texts as they were typed, none where it is not given.
   * @param name Its name with dashes, for errors.
   * @throws {UsageError} When a text is not what it must be.
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

/** Puts options under a heading of help. */
export function group<O extends Options>(heading: string, options: O): O {
  const entries = Object.entries(options).map(([key, option]) => [key, { ...option, group: heading }]);
  return Object.fromEntries(entries) as O;
}

/** The same option, which the command cannot do without. */
export function needed<T>(option: Option<T>): Option<Exclude<T, undefined>> {
  return { ...option, needed: true } as Option<Exclude<T, undefined>>;
}

/** What `group` and `needed` change. */
const UNGROUPED = { group: "Options", needed: false } as const;

/** An option that is there or not. */
export function flag(about: string): Option<boolean> {
  return { ...UNGROUPED, kind: "flag", takes: "", about, read: (given) => given.length > 0 };
}

/** A text that was read; or what it should have been, and the words that it may have been meant for. */
type Parsed<T> = { readonly value: T } | { readonly expected: string; readonly words?: readonly string[] };

/**
 * An option whose text `parse` reads.
 *
 * @param takes What stands behind its name in help, as FILE or N.
 * @param about What it is for, without a full stop.
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

/** The name of a file with one of some endings. */
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

/** Texts, one each time that the option is given. */
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

/** A share of classes. */
export function share(takes: string, about: string): Option<number | undefined> {
  return parsed(takes, about, (given) => {
    const value = Number(given);
    return value >= 0 && value <= 0.9 ? { value } : { expected: "a share from 0 to 0.9" };
  });
}

/** Numbers with commas between them, as many as one of `counts`. */
export function numbers(
  takes: string,
  counts: readonly number[],
  about: string,
  otherwise?: Otherwise<undefined>,
): Option<number[] | undefined> {
  return parsed(takes, about, (given) => {
    const value = given.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
    if (counts.includes(value.length) && value.every(Number.isFinite)) return { value };
    return { expected: `${counts.join(" or ")} numbers with commas between` };
  }, otherwise);
}

/** What help says of the words that can be chosen from; nothing where `takes` shows them. */
function listed(about: string, words: readonly string[], takes: string): string {
  return takes === words.join("|") ? about : `${about}: ${words.join(", ")}`;
}

/** One of some words; the nearest is suggested for any other. */
export function oneOf<const T extends string, D extends T | undefined = undefined>(
  takes: string,
  words: readonly T[],
  about: string,
  otherwise?: Otherwise<D>,
): Option<T | D> {
  return parsed(takes, listed(about, words, takes), (given) => {
    const value = words.find((word) => word === given);
    return value !== undefined ? { value } : { expected: `one of ${words.join(", ")}`, words };
  }, otherwise);
}

/** Some of the words, with commas between them or given several times, each once; `usual` where none is given. */
export function someOf<const T extends string>(
  takes: string,
  words: readonly T[],
  about: string,
  usual: readonly T[],
): Option<readonly T[]> {
  return {
    ...list(takes, listed(about, words, takes), { usual: usual.join(", ") }),
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
