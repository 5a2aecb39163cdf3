import { assertEquals } from "@std/assert";
import { shown } from "../../src/text/shown.ts";

Deno.test("shown() keeps a text on one line and without control characters", () => {
  assertEquals(shown("layer1.0.weight"), "layer1.0.weight");
  assertEquals(shown("Grüße, 猫"), "Grüße, 猫");
  assertEquals(shown("a\nb\r\x1b[2J\u2028c\x7f"), "a�b��[2J�c�");
  assertEquals(shown("half of a pair: \ud83d"), "half of a pair: �");
});

Deno.test("shown() cuts the middle out of a long text", () => {
  const long = `first${"x".repeat(1000)}last`;
  assertEquals(shown(long).length, 121);
  assertEquals([shown(long).startsWith("firstx"), shown(long).endsWith("xlast")], [true, true]);
  assertEquals(shown("😀".repeat(500)).isWellFormed(), true);
});
