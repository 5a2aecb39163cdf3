import { assertEquals } from "@std/assert";
import { RULES } from "../../src/gradient/rules/mod.ts";
import { BATCHED_OPERATORS } from "../../src/graph/passes/batch/apart.ts";
import { SHAPED_OPERATORS } from "../../src/graph/shapes/mod.ts";
import { OPERATORS_PAGE, operatorsPage } from "../../tools/list_operators.ts";

Deno.test("docs/operators.md says what the tables say; `deno task operators` writes it anew", async () => {
  assertEquals(await Deno.readTextFile(OPERATORS_PAGE), operatorsPage());
});

Deno.test("every gradient rule and batch rule is for an operator that a graph can hold", () => {
  const shaped = new Set(SHAPED_OPERATORS);
  const without = [...Object.keys(RULES), ...BATCHED_OPERATORS].filter((op) => !shaped.has(op));
  assertEquals(without, []);
});
