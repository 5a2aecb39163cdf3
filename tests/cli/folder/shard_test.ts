import { assertEquals, assertThrows } from "@std/assert";
import { parseShard, shardSuffix, takeShard, WHOLE } from "../../../src/cli/folder/shard.ts";
import { UsageError } from "../../../src/cli/usage.ts";

Deno.test("takeShard() gives parts that are all of a list together, and as large as they can be alike", () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const parts = Array.from({ length: 16 }, (_, i) => takeShard(items, { index: i + 1, count: 16 }));
  assertEquals(parts.flat().toSorted((a, b) => a - b), items);
  assertEquals(new Set(parts.map((part) => part.length)), new Set([3, 4]));
  assertEquals(takeShard(items, WHOLE), items);
  assertEquals(takeShard([1, 2], { index: 3, count: 3 }), []);
});

Deno.test("parseShard() reads K/N and refuses anything else", () => {
  assertEquals(parseShard("3/16"), { index: 3, count: 16 });
  assertEquals([shardSuffix(parseShard("3/16")), shardSuffix(parseShard("1/1"))], [".3-of-16", ""]);
  for (const bad of ["0/4", "5/4", "3", "a/b", "1/0", "-1/4", "1/4/2", "1.5/4", ""]) {
    assertThrows(() => parseShard(bad), UsageError, `as 3/16, not ${bad}`);
  }
});
