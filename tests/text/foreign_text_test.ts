import { assertEquals } from "@std/assert";
import { shortened } from "../../src/text/foreign_text.ts";

Deno.test("shortened() keeps a text on one line and without control characters", () => {
  assertEquals(shortened("layer1.0.weight"), "layer1.0.weight");
  assertEquals(shortened("Grüße, 猫"), "Grüße, 猫");
  assertEquals(shortened("a\nb\r\x1b[2J\u2028c\x7f"), "a�b��[2J�c�");
  assertEquals(shortened("half of a pair: \ud83d"), "half of a pair: �");
});

Deno.test("shortened() cuts the middle out of a long text", () => {
  const long = `first${"x".repeat(1000)}last`;
  assertEquals(shortened(long).length, 121);
  assertEquals([shortened(long).startsWith("firstx"), shortened(long).endsWith("xlast")], [true, true]);
  assertEquals(shortened("😀".repeat(500)).isWellFormed(), true);
});
