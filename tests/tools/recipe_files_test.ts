import { assertEquals } from "@std/assert";
import { namedFiles } from "../../tools/recipe_files.ts";

Deno.test("namedFiles() takes paths, a name's place and files beside one another, and no other code", () => {
  const recipe =
    "Write `src/a/NAME.ts` (`TypeName`, `deno task test`), test it in `tests/a_test.ts` and `b_test.ts`; " +
    "say it in `CHANGELOG.md` and [the list](docs/list.md). Run `--all`.";
  const named = namedFiles(recipe);
  assertEquals([...named.keys()], [
    "src/a/NAME.ts",
    "tests/a_test.ts",
    "tests/b_test.ts",
    "CHANGELOG.md",
    "docs/list.md",
  ]);
  assertEquals(named.get("src/a/NAME.ts")!.test("src/a/score_cam.ts"), true);
  assertEquals(named.get("src/a/NAME.ts")!.test("src/a/more/score_cam.ts"), false);
  assertEquals(named.get("docs/list.md")!.test("docs/list.md.bak"), false);
});
