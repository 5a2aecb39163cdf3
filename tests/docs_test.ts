import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

/** Words that stand between backticks. */
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

Deno.test("docs/dependencies.md names every package that deno.json imports", () => {
  const { imports } = JSON.parse(read("deno.json")) as { imports: Record<string, string> };
  const page = read("docs/dependencies.md");
  const packages = Object.values(imports).map((target) => {
    const name = /^(?:npm|jsr):(@[^/]+\/[^@/]+|[^@/]+)/.exec(target);
    assert(name !== null, target);
    return name[1]!;
  });
  assert(packages.includes("leven") && packages.includes("@thi.ng/random"));
  assertEquals(packages.filter((name) => !page.includes(name)), []);
});

Deno.test("docs/dependencies.md and docs/glossary.md name files that are there", () => {
  const paths = [read("docs/dependencies.md"), read("docs/glossary.md")].flatMap(quoted)
    .filter((text) => /^(src|tools|bench|tests|docs)\//.test(text));
  assert(paths.length > 20);
  assertEquals(paths.filter((path) => !exists(path)), []);
});

Deno.test("docs/dependencies.md gives lines that lie inside their files", () => {
  const page = read("docs/dependencies.md");
  let checked = 0;
  for (const [, path, last] of page.matchAll(/`(src\/[^`]+\.ts)` \d+–(\d+)/g)) {
    checked++;
    assert(Number(last) <= read(path!).split("\n").length, `${path} has no line ${last}`);
  }
  assert(checked > 8);
});

Deno.test("docs/glossary.md has every word once, in order, each with one sentence", () => {
  const entries = read("docs/glossary.md").split("\n- ").slice(1).map((entry) =>
    /^\*\*([^*]+)\*\*: (.*)$/.exec(entry.replace(/\s+/g, " ").trim())
  );
  assert(entries.every((entry) => entry !== null));
  const words = entries.map((entry) => entry![1]!.toLowerCase());
  assertEquals(words, [...new Set(words)].sort());
  for (const [, word, text] of entries as RegExpExecArray[]) {
    assert(/^[A-Z].*\.$/.test(text!) && !/[.!?] [A-Z]/.test(text!), `${word}: ${text}`);
  }
});

Deno.test("CITATION.cff has the version and the licence of deno.json", () => {
  const { version, license } = JSON.parse(read("deno.json"));
  const citation = read("CITATION.cff");
  assertEquals(/^version: (.*)$/m.exec(citation)?.[1], version);
  assertEquals(/^license: (.*)$/m.exec(citation)?.[1], license);
  assert(/^ {2}doi: 10\.1109\/OJSP\.2025\.3568756$/m.test(citation));
});
