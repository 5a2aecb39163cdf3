/**
 * The commands of a documentation page, so that what it says is what is tested.
 *
 * @module
 */

/** A command of a page: its words, as a shell splits them. */
export type DocCommand = readonly string[];

/** Every command in the `sh` blocks of a markdown text, comments left out. Quotes are not known: pages do without. */
export function docCommands(markdown: string): DocCommand[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/(^|\s)#\s.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}

/** Arguments behind `deno task NAME` of each command that runs that task. */
export function taskArguments(commands: readonly DocCommand[], task: string): string[][] {
  return commands.filter((words) => words.slice(0, 3).join(" ") === `deno task ${task}`)
    .map((words) => words.slice(3));
}

/** The value that an option has. */
export function optionOf(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args[at + 1];
}
