import { assertEquals } from "@std/assert";
import { rangeOf } from "../../src/image/range.ts";

Deno.test("rangeOf() is the least and the largest, and NaN where a value is", () => {
  assertEquals(rangeOf(Float32Array.of(2, -1, 0.5)), { low: -1, high: 2 });
  assertEquals(rangeOf(Float32Array.of(2, NaN, 0.5)), { low: NaN, high: NaN });
});
