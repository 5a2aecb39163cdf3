import { assert, assertEquals } from "@std/assert";

const FIXTURES = new URL("fixtures/", import.meta.url);

function filesBelow(folder: URL, under = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    // Python keeps what it compiled beside its scripts.
    if (name === "__pycache__" || name === "README.md") return [];
    return isDirectory ? filesBelow(new URL(`${name}/`, folder), `${under}${name}/`) : [under + name];
  }).sort();
}

/** Cells of the table's rows, without its head. */
function rows(page: string): string[][] {
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const patternsIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

function matches(pattern: string, path: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", "[^/]*");
  return new RegExp(`^${escaped}$`).test(path);
}

const page = Deno.readTextFileSync(new URL("README.md", FIXTURES));
const files = filesBelow(FIXTURES);
const isScript = (path: string) => /\.(py|sh)$/.test(path);

Deno.test("the index of fixtures names every script in its second column, and every other file in its first", () => {
  const table = rows(page);
  const scripts = table.flatMap(([, script]) => patternsIn(script!));
  const fixtures = table.flatMap(([fixture]) => patternsIn(fixture!));
  assert(files.length > 100);
  const unnamed = files.filter((path) =>
    !(isScript(path) ? scripts : fixtures).some((pattern) => matches(pattern, path))
  );
  assertEquals(unnamed, []);
});

Deno.test("the index of fixtures names no file that is not there, and no file twice", () => {
  const table = rows(page);
  const patterns = table.flatMap(([fixture, script]) => [...patternsIn(fixture!), ...patternsIn(script!)]);
  assertEquals(patterns.filter((pattern) => !files.some((path) => matches(pattern, path))), []);
  // A row of what is read by scripts names them in its first column.
  const made = table.flatMap(([fixture]) => patternsIn(fixture!)).filter((pattern) => !isScript(pattern));
  const twice = files.filter((path) => made.filter((pattern) => matches(pattern, path)).length > 1);
  assertEquals(twice, []);
});

Deno.test("the index of fixtures gives each script the command that runs it", () => {
  for (const [, script, command] of rows(page)) {
    if (command!.startsWith("none of its own")) continue;
    const [path] = patternsIn(script!);
    assert(command!.includes(path!.split("/").at(-1)!), `${path}: ${command}`);
  }
});
