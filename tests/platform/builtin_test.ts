import { assertEquals, assertThrows } from "@std/assert";
import { builtinModule, loadBuiltinModule } from "../../src/platform/builtin.ts";
import { readFileUrl } from "../../src/platform/file_url.ts";

Deno.test("builtinModule() gives the runtime's own module and says when there is none", async () => {
  const path = builtinModule("node:path") as { basename(path: string): string };
  assertEquals(path.basename("a/b.png"), "b.png");
  assertEquals(await loadBuiltinModule("node:path"), path);
  assertThrows(() => builtinModule("node:no_such"), Error, "Cannot load node:no_such");
});

Deno.test("readFileUrl() leaves to fetch what fetch can read", async () => {
  assertEquals(await readFileUrl(new URL(import.meta.url)), undefined);
  assertEquals(await readFileUrl(new URL("https://example.com/a.png")), undefined);
});
