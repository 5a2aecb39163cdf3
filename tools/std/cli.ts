/**
 * Stand-in for the names of @std/cli that the command line imports, over node:util.
 * Used only where JSR does not answer; tests/tools/stand_ins_test.ts holds the list to what is imported.
 *
 * @module
 */
import { parseArgs as nodeParseArgs } from "node:util";

/** The options of @std/cli's parseArgs that this project uses. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  alias?: Record<string, string>;
  default?: Record<string, unknown>;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What parsing gives: positional arguments under `_`, options under their names. */
// deno-lint-ignore no-explicit-any
export type Args = { _: (string | number)[] } & Record<string, any>;

/**
 * Parses command-line arguments as @std/cli does: `--name value`, `--name=value`, `-n value`, `--flag`, `--`.
 * An option that is not declared is handed to `unknown`.
 */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const strings = new Set(options.string ?? []);
  const collected = new Set(options.collect ?? []);
  const short = new Map(Object.entries(options.alias ?? {}));
  const declared: Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }> = {};
  for (const name of options.boolean ?? []) declared[name] = { type: "boolean" };
  for (const name of strings) declared[name] = { type: "string", multiple: collected.has(name) };
  for (const [letter, name] of short) if (letter.length === 1) declared[name]!.short = letter;

  const result: Args = { _: [] };
  for (const name of options.boolean ?? []) result[name] = false;
  for (const name of collected) result[name] = [];
  const { tokens } = nodeParseArgs({ args, options: declared, strict: false, allowPositionals: true, tokens: true });
  const skipped = new Set<number>();
  for (const token of tokens) {
    if (skipped.has(token.index)) continue;
    if (token.kind === "positional") {
      result._.push(token.value);
    } else if (token.kind === "option") {
      const spec = declared[token.name];
      if (spec === undefined) {
        options.unknown?.(token.rawName, token.name, token.value);
      } else if (spec.type === "boolean") {
        result[token.name] = token.value !== "false";
      } else {
        let value = token.value;
        if (value === undefined) {
          // node:util leaves a value that looks like an option alone; @std/cli takes a negative number as the value.
          const next = args[token.index + 1];
          if (next !== undefined && /^-\d/.test(next)) {
            value = next;
            skipped.add(token.index + 1);
          } else value = "";
        }
        if (collected.has(token.name)) result[token.name].push(value);
        else result[token.name] = value;
      }
    }
  }
  for (const [name, value] of Object.entries(options.default ?? {})) {
    if (result[name] === undefined || (declared[name]?.type === "boolean" && !args.includes(`--${name}`))) {
      result[name] = value;
    }
  }
  return result;
}
