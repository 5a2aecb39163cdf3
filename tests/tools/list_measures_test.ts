import { assertEquals } from "@std/assert";
import { MEASURES_PAGE, measuresPage } from "../../tools/list_measures.ts";

/** Words without the layout: the formatter breaks lines. */
const words = (text: string) => text.split(/\s+/);

Deno.test("docs/measures.md says what the tables and comparisons say; `deno task measures` writes it anew", async () => {
  assertEquals(words(await Deno.readTextFile(MEASURES_PAGE)), words(await measuresPage()));
});
