import { assertEquals } from "@std/assert";
import { type EntryDocs, type PackageFacts, readPackage, scoreParts } from "../../tools/jsr_score.ts";
import { inFolder } from "../support/folders.ts";

const points = (facts: PackageFacts) => scoreParts(facts).map((part) => part.points);

const entry = (path: string, documented: number, bare: number, module = true): EntryDocs => ({
  path,
  module: module ? { doc: "What it is." } : undefined,
  symbols: Array.from(
    { length: documented + bare },
    (_, i) => ({ name: `s${i}`, documented: i < documented }),
  ),
});

Deno.test("scoreParts() counts as JSR does: 80 % of the symbols give all points, less gives whole points", () => {
  const facts = { readme: "Text\n```ts\n```\n", withoutSlowTypes: true };
  assertEquals(points({ ...facts, entries: [entry("a", 8, 2)] }), [2, 1, 1, 5, 5]);
  assertEquals(points({ ...facts, entries: [entry("a", 79, 21)] }), [2, 1, 1, 4, 5]);
  assertEquals(points({ ...facts, entries: [entry("a", 1, 9)] }), [2, 1, 1, 0, 5]);
  assertEquals(points({ ...facts, entries: [entry("a", 0, 0)] }), [2, 1, 1, 5, 5]);
  assertEquals(points({ ...facts, withoutSlowTypes: false, entries: [entry("a", 1, 0)] }), [2, 1, 1, 5, 0]);
});

Deno.test("scoreParts() takes a README for the documentation of the main entry alone", () => {
  const bare = [entry("a", 1, 0, false), entry("b", 1, 0, false)];
  const facts = { withoutSlowTypes: true, entries: bare };
  assertEquals(points({ ...facts, readme: undefined }), [0, 0, 0, 5, 5]);
  assertEquals(points({ ...facts, readme: "Text" }), [2, 0, 0, 5, 5]);
  assertEquals(points({ ...facts, readme: "Text", entries: [bare[0]!, entry("b", 1, 0)] }), [2, 0, 1, 5, 5]);
  const [, , modules] = scoreParts({ ...facts, readme: "Text" });
  assertEquals(modules!.missing, ["b"]);
  const example = { doc: "Text", tags: [{ kind: "example", doc: "```ts\n```" }] };
  const main = { ...bare[0]!, module: example };
  assertEquals(points({ ...facts, readme: undefined, entries: [main] }), [2, 1, 1, 5, 5]);
});

Deno.test("readPackage() finds what is not documented, a re-export too, and a slow type", () =>
  inFolder(async (folder) => {
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
    write(
      "deno.json",
      '{ "name": "@a/b", "version": "1.0.0", "exports": { ".": "./a.ts", "./b": "./b.ts" } }',
    );
    write("a.ts", "/** A.\n * @module\n */\n/** F. */\nexport function f(): number {\n  return 1;\n}\n");
    write(
      "b.ts",
      'export { f } from "./a.ts";\nexport {\n  /** F again. */\n  f as g,\n} from "./a.ts";\n' +
        "/** H. */\nexport const h = Math.random() > 0 ? [f()] : f();\nfunction hidden(): void {}\nhidden();\n",
    );
    const facts = await readPackage(new URL(`file://${folder}/`), "deno.json");
    assertEquals(facts.entries.map(({ module }) => module !== undefined), [true, false]);
    assertEquals(
      facts.entries.map(({ symbols }) =>
        symbols.map(({ name, documented }) => `${name} ${documented}`).sort()
      ),
      [["f true"], ["f false", "g true", "h true"]],
    );
    assertEquals([facts.readme, facts.withoutSlowTypes], [undefined, false]);
  }));
