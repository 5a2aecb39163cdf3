import { assertEquals } from "@std/assert";
import { valueRange } from "../../src/image/range.ts";

Deno.test("valueRange() is the least and the largest, and NaN where a value is", () => {
  assertEquals(valueRange(Float32Array.of(2, -1, 0.5)), { low: -1, high: 2 });
  assertEquals(valueRange(Float32Array.of(2, NaN, 0.5)), { low: NaN, high: NaN });
});
