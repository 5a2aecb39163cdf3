import { assertEquals, assertThrows } from "@std/assert";
import { parseForeignJson, readForeignJson } from "../../src/text/foreign_json.ts";

Deno.test("parseForeignJson() gives what JSON.parse gives, whatever strings hold", () => {
  for (
    const text of ['{"a":[1,{"b":"[[[[[[\\"]]"}]}', '"\\\\"', "3", '[[[]],{"\\"{":",,,,,,,,"}]', " null "]
  ) {
    assertEquals(parseForeignJson(text, { characters: 100, depth: 3, values: 6 }), JSON.parse(text));
  }
});

Deno.test("parseForeignJson() refuses what is too long, too deep or too wide before it is parsed", () => {
  const limits = { characters: 30, depth: 2, values: 4 };
  const cases: [string, string][] = [
    [`"${"a".repeat(30)}"`, "has 32 characters, at most 30"],
    ["[[[1]]]", "more than 2 lists and objects inside each other"],
    ["[1,2,3,4]", "more than 4 values"],
    ['{"a":{},"b":{},"c":1}', "more than 4 values"],
    // Not even JSON: the limit holds first.
    ["[[[[[[[", "inside each other"],
  ];
  for (const [text, says] of cases) assertThrows(() => parseForeignJson(text, limits), RangeError, says);
  for (const text of ["[1,", '"\\', "", "\u0001{}", '"\u001b[31m"\n']) {
    const { message } = assertThrows(() => parseForeignJson(text), SyntaxError);
    assertEquals(message, "is not JSON");
  }
});

Deno.test("readForeignJson() names the text in one line", () => {
  assertThrows(() => readForeignJson("{", "labels a"), SyntaxError, "Cannot read labels a: it is not JSON");
  assertThrows(
    () => readForeignJson("[".repeat(100), "labels a"),
    SyntaxError,
    "Cannot read labels a: its JSON has more than 32 lists and objects inside each other",
  );
});
