import { assertEquals } from "@std/assert";
import { fitted } from "../../src/cli/terminal.ts";

Deno.test("fitted() cuts a text to the columns of the terminal", () => {
  assertEquals(fitted("as it is", 8), "as it is");
  assertEquals(fitted("too long", 7), "too lo…");
  assertEquals(fitted("██🙂██", 5), "██🙂██");
  assertEquals(fitted("any", 0), "…");
});
