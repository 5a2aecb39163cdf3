/** docs/object-storage.md: its commands have options that the program takes, its packages are those that are loaded. */
import { assert, assertEquals } from "@std/assert";
import { EVALUATE } from "../../../src/cli/evaluation/plan.ts";
import { EXPLAIN } from "../../../src/cli/explain/options.ts";
import { mergeCommand } from "../../../src/cli/merge/mod.ts";
import { type Declaration, parseArguments } from "../../../src/cli/options/command.ts";
import type { Options } from "../../../src/cli/options/kinds.ts";
import { TRAIN } from "../../../src/cli/train/options.ts";
import { docCommands, taskArguments } from "../../support/doc_commands.ts";
import { LOADED_BY_NAME } from "../../../tools/supply/packages.ts";

const page = Deno.readTextFileSync(new URL("../../../docs/object-storage.md", import.meta.url));

Deno.test("every command of docs/object-storage.md has options that the program takes", () => {
  const declared: Record<string, Declaration<Options>> = {
    explain: EXPLAIN,
    evaluate: EVALUATE,
    train: TRAIN,
    merge: mergeCommand.declaration,
  };
  let count = 0;
  for (const [name, declaration] of Object.entries(declared)) {
    for (const args of taskArguments(docCommands(page), name)) {
      const { positional, typed } = parseArguments(declaration, args);
      assert(positional.length + Object.keys(typed).length > 0);
      count++;
    }
  }
  assertEquals(count, 8);
});

Deno.test("docs/object-storage.md names the packages in the versions that are loaded", () => {
  const named = [...page.matchAll(/npm:[\w-]+@[\d.]+\d/g)].map(([name]) => name);
  assertEquals(named.length, 4);
  assertEquals(named.filter((name) => !LOADED_BY_NAME.includes(name)), []);
});
