/// <reference lib="deno.unstable" />
/**
 * Prose of files: what a person reads in source code (comments and texts) and in Markdown. The result has the length
 * and the lines of the file, so that an index means the same place in both. Code becomes {@linkcode CODE}, except
 * for quotes, `+` and comment marks, which become spaces: so a sentence that goes over several lines stays one.
 *
 * Modules are read by a plugin of Deno's linter, whose parser knows every syntax. It runs only in `deno test`.
 *
 * @module
 */

/** What stands in place of a character of code. */
export const CODE = "\0";

/**
 * The comments and the texts with a space of a module. Examples and names in backticks count as code.
 *
 * @param path Its name; the extension gives the language.
 */
export function proseOfModule(path: string, source: string): string {
  let prose = source.replace(/[^\s"'`+]/g, CODE).replace(/["'`+]/g, " ");
  const paste = (at: number, text: string) =>
    prose = prose.slice(0, at) + text + prose.slice(at + text.length);
  const plugin: Deno.lint.Plugin = {
    name: "prose",
    rules: {
      all: {
        create: ({ sourceCode }) => ({
          Program() {
            for (const { range: [from, to] } of sourceCode.getAllComments()) {
              paste(
                from,
                proseOfMarkdown(source.slice(from, to).replace(/^\/\*\*?|\*\/$|^ *\*|^\/\//gm, blank)),
              );
            }
          },
          Literal({ value, range: [from, to] }) {
            if (typeof value === "string" && value.includes(" ")) {
              paste(from + 1, source.slice(from + 1, to - 1));
            }
          },
          TemplateElement({ range: [from, to] }) {
            if (source.slice(from, to).includes(" ")) {
              paste(from, source.slice(from, to).replace(/[`$]/g, " "));
            }
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, source);
  return prose;
}

/** Markdown without its code and its addresses. */
export function proseOfMarkdown(source: string): string {
  const code = /```[\s\S]*?```|`[^`]*`|\{@linkcode [^}]*\}|\]\([^)]*\)/g;
  return source.replace(code, (match) => match.replace(/\S/g, CODE));
}

function blank(match: string): string {
  return " ".repeat(match.length);
}
