/** The language of what people read: plain English. CONTRIBUTING.md says what is meant. */
import { assert, assertEquals } from "@std/assert";
import { proseOfMarkdown, proseOfModule } from "./support/prose.ts";

const ROOT = new URL("../", import.meta.url);

/**
 * Phrases that a stranger stumbles over: a regular expression over whole words (a space stands for any white space),
 * what to write instead, and a text in which it is found.
 */
const BANNED: readonly (readonly [phrase: string, instead: string, example: string])[] = [
  // Riddles.
  ["without opening (?:it|them)", "using only its inputs and outputs", "any classifier, without opening it"],
  ["doors?", "entry point", "server and worker are doors of their own"],
  ["seams?", "interface", "behind the explainer's seam"],
  ["the way of an?", "how … works", "The way of a picture"],
  ["know(?:s|ing)? nothing of", "ignores", "maps that know nothing of the classifier"],
  ["tells? (?:you )?(?:little|nothing)", "may be unreliable for", "of Y it may tell little"],
  ["what (?:is|was) (?:not )?(?:here|there)", "stored, missing, available", "what is not here is an error"],
  ["(?:is|are) not here", "is not on this machine, is missing", "its weights are not here"],
  [
    "what is (?:known|said|seen|read|asked|meant) of",
    "facts about",
    "What is known of the backbone",
  ],
  [
    "says? of (?:it|them|itself|themselves|an?|one|the)",
    "facts from, describes",
    "what the file says of itself",
  ],
  ["what speaks for", "the evidence for", "What speaks for one class rather than another"],
  ["in (?:old|older|other) words", "with older operators", "newer ones are told in older words"],
  // Inversions and negated nouns.
  [
    "(?<!there )(?:is|are) no (?!(?:more|less|worse|different|\\w+er) |such\\b)\\w+",
    "is not a",
    "12 x 0 is no size of a picture",
  ],
  ["(?:has|have) not(?=[.,;:)])", "does not have", "a tensor, which ours has not."],
  [
    "(?:is|are) (?:not |already |all )?there(?=[.,;:)])",
    "exists, is available",
    "whether a file is there.",
  ],
  ["where (?:none|one) (?:is|are|was|were|has)", "if no … is", "the first where none is named"],
  ["where there (?:is|are) (?:one|none|any|no)", "if there is", "the licence, where there is one"],
  ["(?:none|one|ones|those|is|are|was|were|where) asked for", "requested", "the map, where one is asked for"],
  ["(?:is|are) to be (?!able)\\w+ed", "must be, can be", "what is to be explained"],
  // Verbs of motion and of standing.
  ["gone on (?:with|from)", "resumed", "a partial file is gone on with from any mirror"],
  ["go(?:es|ing)? on (?:with|from|after|again|where)", "continue, resume", "go on with --resume"],
  ["cannot go on", "cannot continue", "Cannot go on: none is left"],
  ["stands? (?:beside|behind|before)", "is next to, precedes, follows", "what stands beside the tensors"],
  ["stands? in (?:the|its|their|a)(?! way)", "is in, contains", "what it is stands in its metadata"],
  ["what stands", "the content, the fill", "what stands where a mask takes the picture away"],
  ["(?:its|their|a) turn(?: comes)?(?=[.,;:)])", "on demand; be handled", "read when its turn comes."],
  ["goes over to", "is transferred to", "a buffer that goes over to the page"],
  [
    "gives? (?:it|them|images|pictures) back as (?:it is|they are)",
    "returns unchanged",
    "Gives it back as it is",
  ],
  [
    "behind the (?:tap|start|end|last|header|marker|normali[sz]ation|activation)",
    "after",
    "what lies behind the tap",
  ],
  ["(?:lies|lie) beside", "is next to", "what is still coming lies beside it"],
  // Words.
  ["by which(?:ever)?", "name the thing: with any, from", "what explains pictures, by whichever method"],
  ["for ever", "forever", "it waits for ever"],
  ["likeliest", "most probable", "its five likeliest classes"],
  ["at hand", "available", "no codec at hand"],
  ["so many(?= (?:of|images|rows|bytes|elements))", "a number of, at most N", "at most so many of them"],
  ["tells? (?:\\w+ ){1,3}apart|(?:told|tell|telling) apart", "distinguish", "which tells classes apart"],
  ["whoever", "the caller, the receiver", "whoever calls says what it is"],
  ["apart by", "separated by", "addresses apart by spaces"],
  ["weighed", "weighted", "their weighed sum"],
  ["all the same(?=[.,;:)])", "nevertheless", "they are computed all the same: drop them"],
  // One word for one thing.
  ["(?<!@param )pictures?(?!\\.ts)", "image", "the picture of a cat"],
  ['(?<![.@"])photos?(?![./])', "image; photograph, if a real one is meant", "any photo"],
];

const PATTERNS = BANNED.map(([phrase, instead]) => ({
  pattern: new RegExp(`(?<![\\w-])(?:${phrase.replaceAll(" ", "\\s+")})(?![\\w-])`, "gi"),
  instead,
}));

/** `line: phrase: write …` for each banned phrase of a text. */
function faults(prose: string): string[] {
  return PATTERNS.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) =>
      `${prose.slice(0, index).split("\n").length}: "${found.replace(/\s+/g, " ")}": write ${instead}`
    )
  );
}

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", ...filesIn("docs/")]
  .concat([...filesIn("models/heads/")]).filter((path) => path.endsWith(".md"));

const MODULES = ["mod.ts", ...filesIn("src/"), ...filesIn("models/")]
  .filter((path) => /\.[jt]s$/.test(path) && !/_data\.ts$|labels\/imagenet/.test(path));

function faultsOf(paths: readonly string[], prose: (path: string, source: string) => string): string[] {
  return paths.flatMap((path) =>
    faults(prose(path, Deno.readTextFileSync(new URL(path, ROOT)))).map((fault) => `${path}:${fault}`)
  );
}

Deno.test("pages are in plain English", () => {
  assert(PAGES.length >= 7);
  assertEquals(faultsOf(PAGES, (_, source) => proseOfMarkdown(source)), []);
});

Deno.test("comments, help and errors are in plain English", () => {
  assert(MODULES.length > 300);
  assertEquals(faultsOf(MODULES, proseOfModule), []);
});

Deno.test("comments name only files that exist", () => {
  const names = new Set(
    ["src/", "models/", "tests/", "tools/", "bench/", "examples/", "docs/"].flatMap((
      folder,
    ) => [...filesIn(folder)])
      .concat("mod.ts").map((path) => path.slice(path.lastIndexOf("/") + 1)),
  );
  const missing = MODULES.flatMap((path) => {
    const prose = proseOfModule(path, Deno.readTextFileSync(new URL(path, ROOT)));
    return [...prose.matchAll(/[\w-]+\.ts\b/g)].filter(([name]) => !names.has(name)).map(([name]) =>
      `${path}: ${name}`
    );
  });
  assertEquals(missing, []);
});

for (const [phrase, , example] of BANNED) {
  Deno.test(`faults() finds ${phrase}`, () => {
    const comment = `/**\n * ${example.replaceAll(" ", "\n * ")}\n */\nconst one = 1;\n`;
    const text = `const one = "${example.replaceAll(" ", ' " +\n  "')} ";\n`;
    for (const source of [comment, text]) {
      assert(faults(proseOfModule("module.ts", source)).length > 0, source);
    }
    assert(faults(proseOfMarkdown(`# Title\n\n${example}\n`)).some((fault) => fault.startsWith("3: ")));
  });
}

Deno.test("faults() lets good English through", () => {
  assertEquals(
    faults(proseOfMarkdown(`
      There is no picture-like thing here: \`picture.ts\` and \`deno task explain photo.jpg\` are code. There are no
      weights, so it is no longer needed. There is no such file. All maps are the same. It is on the page. It has not
      been trained. Both are available. Where the image was cut, the head reads it. It stands for an image. The wait is
      no longer than a second. Its turn to run is next. Photographs of real objects. Which one is better?
    `.replace("picture-like ", ""))),
    [],
  );
  assertEquals(
    faults(proseOfModule(
      "module.ts",
      "const picture = photo(pictures); // an image\nconst file = `${picture} of ${photo}`;\nconst key = 'picture';\n",
    )),
    [],
  );
});
