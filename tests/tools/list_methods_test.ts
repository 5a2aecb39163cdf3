import { assertEquals } from "@std/assert";
import { METHODS_PAGE, methodsPage, methodsWithoutComparison } from "../../tools/list_methods.ts";

Deno.test("docs/methods.md is what deno task methods writes, and every method is compared with something", async () => {
  assertEquals(methodsWithoutComparison(), []);
  const written = await Deno.readTextFile(METHODS_PAGE);
  // Lines alone, because the formatter breaks paragraphs.
  const rows = (page: string) => page.split("\n").filter((line) => line.startsWith("|"));
  assertEquals(rows(written), rows(methodsPage()));
});
