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
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What parsing gives: positional arguments under `_`, options under their names. */
// deno-lint-ignore no-explicit-any
export type Args = { _: (string | number)[] } & Record<string, any>;

/**
 * `--name value` as `--name=value` for options that take text, so that node:util and @std/cli agree on what a value
 * is: anything but another option; a negative number is one.
 */
function withInlineValues(args: readonly string[], strings: ReadonlySet<string>): string[] {
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") return [...result, ...args.slice(i)];
    const name = arg.startsWith("--") && !arg.includes("=") ? arg.slice(2) : undefined;
    if (name === undefined || !strings.has(name)) {
      result.push(arg);
      continue;
    }
    const next = args[i + 1];
    const isValue = next !== undefined && (!next.startsWith("-") || next === "-" || /^-\d/.test(next));
    result.push(`${arg}=${isValue ? next : ""}`);
    if (isValue) i++;
  }
  return result;
}

/**
 * Parses command-line arguments as @std/cli does: `--name value`, `--name=value`, `--flag`, `--`, short aliases of
 * flags. An option that is not declared is handed to `unknown`; positional arguments stay text when `string` has "_".
 */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const strings = new Set(options.string ?? []);
  strings.delete("_");
  const collected = new Set(options.collect ?? []);
  const declared: Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }> = {};
  for (const name of options.boolean ?? []) declared[name] = { type: "boolean" };
  for (const name of strings) declared[name] = { type: "string", multiple: collected.has(name) };
  for (const [letter, name] of Object.entries(options.alias ?? {})) declared[name]!.short = letter;

  const result: Args = { _: [] };
  for (const name of options.boolean ?? []) result[name] = false;
  for (const name of collected) result[name] = [];
  const { tokens } = nodeParseArgs({
    args: withInlineValues(args, strings),
    options: declared,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") result._.push(token.value);
    if (token.kind !== "option") continue;
    const kind = declared[token.name]?.type;
    if (kind === undefined) options.unknown?.(token.rawName, token.name, token.value);
    else if (kind === "boolean") result[token.name] = token.value !== "false";
    else if (collected.has(token.name)) result[token.name].push(token.value ?? "");
    else result[token.name] = token.value ?? "";
  }
  return result;
}
