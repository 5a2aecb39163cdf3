import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "../../tools/std/cli.ts";

const ROOT = new URL("../../", import.meta.url);

function* typescriptFiles(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) {
      if (!entry.name.startsWith(".") && entry.name !== "node_modules") yield* typescriptFiles(url);
    } else if (/\.tsx?$/.test(entry.name)) yield url;
  }
}

/** Names that the repository imports, by specifier. */
function importedNames(): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const file of typescriptFiles(ROOT)) {
    const text = Deno.readTextFileSync(file);
    for (
      const [, list, specifier] of text.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"(@std\/[^"]+)"/g)
    ) {
      const set = names.get(specifier!) ?? new Set();
      for (const name of list!.split(",")) {
        const plain = name.trim().replace(/^type\s+/, "").split(/\s+as\s+/)[0]!;
        if (plain !== "") set.add(plain);
      }
      names.set(specifier!, set);
    }
  }
  return names;
}

Deno.test("the stand-ins export exactly the names of @std that the code imports", async () => {
  const used = importedNames();
  assertEquals([...used.keys()].sort(), ["@std/assert", "@std/cli/parse-args"]);
  const exported = async (path: string) => Object.keys(await import(new URL(path, ROOT).href)).sort();
  assertEquals(await exported("tools/std/assert.ts"), [...used.get("@std/assert")!].sort());
  assertEquals(await exported("tools/std/cli.ts"), [...used.get("@std/cli/parse-args")!].sort());
});

Deno.test("the library imports no @std", () => {
  for (const file of typescriptFiles(new URL("src/", ROOT))) {
    if (file.pathname.includes("/src/cli/")) continue;
    // Examples in comments assert with it; they run as tests, not as the library.
    const code = Deno.readTextFileSync(file).replace(/\/\*[\s\S]*?\*\//g, "");
    assertEquals(/from\s+"@std\//.test(code), false, file.pathname);
  }
});

Deno.test("parseArgs() of the stand-in reads what @std/cli reads", () => {
  const unknown: string[] = [];
  const parsed = parseArgs(
    [
      "a.jpg",
      "--top",
      "3",
      "--json",
      "--out=x y",
      "--target",
      "1",
      "--target=cat",
      "-h",
      "--shift",
      "-5",
      "--wat",
      "--",
      "--b",
    ],
    {
      boolean: ["json", "help", "quiet"],
      string: ["top", "out", "target", "shift", "map", "_"],
      collect: ["target"],
      alias: { h: "help" },
      unknown: (arg, key) => {
        if (key !== undefined) unknown.push(arg);
        return true;
      },
    },
  );
  assertEquals(parsed, {
    _: ["a.jpg", "--b"],
    json: true,
    help: true,
    quiet: false,
    top: "3",
    out: "x y",
    target: ["1", "cat"],
    shift: "-5",
  });
  assertEquals(unknown, ["--wat"]);
  assertEquals(parseArgs(["--out", "--json"], { boolean: ["json"], string: ["out"] }), {
    _: [],
    out: "",
    json: true,
  });
  assertThrows(() => {
    parseArgs(["--nope"], {
      unknown: () => {
        throw new RangeError("unknown");
      },
    });
  }, RangeError);
});
