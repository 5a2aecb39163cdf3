/**
 * Formats help for the width of the terminal.
 *
 * @module
 */
import { asCalled, program } from "../called.ts";
import type { Command, Declaration } from "./command.ts";
import { type Option, optionName, type Options } from "./kinds.ts";

/** Columns of help: narrow enough to read, wide enough for a name and its description. */
const [LEAST, MOST] = [50, 120];

/** Columns without a terminal. */
const USUAL = 80;

/** Options that every command has. */
const GENERAL: readonly Row[] = [["-h, --help", "Show this text"], ["--version", "Show the version"]];

/** A name and its description. */
type Row = readonly [name: string, about: string];

/** Columns for help on standard output. */
export function helpWidth(): number {
  const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : USUAL;
  return Math.min(Math.max(columns, LEAST), MOST);
}

/** Breaks a text into lines of at most `width` columns; a longer word gets its own line. */
function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && [...longer].length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function paragraph(text: string, width: number): string {
  return wrapped(text.split(" "), width).join("\n");
}

/** Breaks a command into lines, with `end` after each but the last, and all but the first indented. */
function commandLines(command: string, width: number, indent: number, end: string): string {
  // Keep an option on the same line as its value.
  const words = command.match(/--\S+ (?!-)(?:"[^"]*"|[^\s[])+|(?:"[^"]*"|\S)+/g)!;
  const lines = wrapped(words, width - indent - 2 - end.length);
  return lines.map((line, i) => " ".repeat(i === 0 ? indent : indent + 2) + line).join(`${end}\n`);
}

/** Columns for the names: as wide as the longest that leaves two thirds of the page. */
function nameWidth(rows: readonly Row[], width: number): number {
  const most = Math.min(30, Math.floor(width / 3));
  return Math.max(...rows.map(([name]) => [...name].length).filter((length) => length <= most));
}

/** Names with their descriptions next to them, or below a name that is too long. */
function rowLines(rows: readonly Row[], names: number, width: number): string {
  const margin = " ".repeat(names + 4);
  return rows.map(([name, about]) => {
    const lines = wrapped(about.split(" "), width - margin.length);
    const below = [...name].length > names;
    const first = below ? `  ${name}\n${margin}${lines[0]}` : `  ${name.padEnd(names)}  ${lines[0]}`;
    return [first, ...lines.slice(1).map((line) => margin + line)].join("\n");
  }).join("\n");
}

function optionRow(key: string, { kind, takes, about }: Option<unknown>): Row {
  return [
    `--${optionName(key)} ${takes}`.trimEnd(),
    kind === "list" ? `${about}; can be repeated` : about,
  ];
}

/** The content of a page of help. */
interface Page extends Pick<Declaration<Options>, "about" | "notes" | "examples"> {
  /** Usage lines, without the program. */
  readonly usage: readonly string[];
  readonly sections: readonly (readonly [heading: string, rows: readonly Row[]])[];
}

function pageText({ about, notes = [], examples = [], usage, sections }: Page, width: number): string {
  const all = [...sections, ["Help", GENERAL] as const];
  const names = nameWidth(all.flatMap(([, rows]) => rows), width);
  const calls = usage.map((line) => commandLines(`${program()} ${line}`, width, 7, "")).join("\n");
  const shown = examples.map((example) => commandLines(asCalled(example), width, 2, " \\")).join("\n");
  return [
    paragraph(about + ".", width),
    calls.replace(/^ {7}/, "Usage: "),
    ...notes.map((note) => paragraph(asCalled(note), width)),
    ...all.map(([heading, rows]) => `${heading}:\n${rowLines(rows, names, width)}`),
    ...(shown === "" ? [] : [`Examples:\n${shown}`]),
  ].join("\n\n");
}

/** Help of a command. */
export function commandHelp(declaration: Declaration<Options>, width: number): string {
  const { name, arguments: { usage = "" } = {}, options } = declaration;
  const entries = Object.entries(options);
  const rows = entries.map(([key, option]) => [option, optionRow(key, option)] as const);
  const needed = rows.flatMap(([option, [name]]) => option.needed ? [name] : []).join(" ");
  const calls = typeof usage === "string" ? [`${usage} ${needed} [options]`] : usage;
  const headings = [...new Set(entries.map(([, { group }]) => group))];
  const sections = headings.map((heading) =>
    [heading, rows.filter(([{ group }]) => group === heading).map(([, row]) => row)] as const
  );
  return pageText({
    ...declaration,
    usage: calls.map((line) => `${name} ${line}`.replace(/ +/g, " ")),
    sections,
  }, width);
}

/** Help of a set of commands, with their descriptions. */
export function setHelp(
  set: Omit<Page, "sections"> & { readonly heading: string },
  commands: readonly (readonly [name: string, Command])[],
  width: number,
): string {
  const rows = commands.map(([name, { declaration }]): Row => {
    const { usage = "" } = declaration.arguments ?? {};
    return [`${name} ${typeof usage === "string" ? usage : ""}`.trimEnd(), declaration.about];
  });
  return pageText({ ...set, sections: [[set.heading, rows]] }, width);
}
