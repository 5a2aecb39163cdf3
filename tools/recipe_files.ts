/**
 * Compares the files of commits with the files that a recipe of CONTRIBUTING.md names.
 *
 *     deno run -A tools/recipe_files.ts method COMMIT…
 *
 * The recipe is the one whose heading begins with "Add a" and this word: method, measure, gradient, network. Prints
 * each file of the commits and whether the recipe names it, then what the recipe names and the commits leave alone.
 * Exits with 1 where a commit has a file that the recipe does not name.
 *
 * @module
 */

/** The section of a recipe. */
function findRecipe(text: string, word: string): string | undefined {
  return text.split(/^## /m).find((section) => section.startsWith(`Add a ${word}`));
}

/** Paths in backticks, as patterns: NAME stands for the name of the addition, a folder for what lies in it. */
export function namedFiles(recipe: string): ReadonlyMap<string, RegExp> {
  // A file without a folder lies beside the one named before it.
  let folder = "";
  const found = new Map<string, RegExp>();
  for (
    const [, code] of recipe.matchAll(/`([^`\s]+)`|\]\(([^)\s]+)\)/g).map((match) =>
      [0, match[1] ?? match[2]!] as const
    )
  ) {
    if (!/^[\w./-]+(\/|\.[a-z]{2,11})$/.test(code)) continue;
    const path = code.includes("/") || /^[A-Z]/.test(code) ? code : `${folder}${code}`;
    if (code.includes("/")) folder = code.slice(0, code.lastIndexOf("/") + 1);
    const escaped = path.replace(/[.]/g, "\\.").replace(/NAME/g, "[^/]+");
    found.set(path, new RegExp(path.endsWith("/") ? `(^|/)${escaped}` : `(^|/)${escaped}$`));
  }
  return found;
}

async function changedFiles(commit: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["show", "--name-only", "--format=", commit],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(2);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

if (import.meta.main) {
  const [word = "", ...commits] = Deno.args;
  const recipe = findRecipe(await Deno.readTextFile(new URL("../CONTRIBUTING.md", import.meta.url)), word);
  if (recipe === undefined || commits.length === 0) {
    console.error("Usage: recipe_files.ts method|measure|gradient|network COMMIT…");
    Deno.exit(2);
  }
  const named = namedFiles(recipe);
  const files = [...new Set((await Promise.all(commits.map(changedFiles))).flat())].sort();
  let missing = 0;
  for (const file of files) {
    const isNamed = named.values().some((pattern) => pattern.test(file));
    if (!isNamed) missing++;
    console.log(`${isNamed ? "named    " : "NOT NAMED"}  ${file}`);
  }
  const untouched = [...named].filter(([, pattern]) => !files.some((file) => pattern.test(file)));
  console.log(`named, but left alone: ${untouched.map(([path]) => path).join(", ") || "none"}`);
  Deno.exit(missing > 0 ? 1 : 0);
}
