import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { builtinModule, loadBuiltinModule } from "../../src/platform/builtin.ts";
import { readFileUrl } from "../../src/platform/file_url.ts";

Deno.test("builtinModule() gives the runtime's own module and says when there is none", async () => {
  const path = builtinModule("node:path") as { basename(path: string): string };
  assertEquals(path.basename("a/b.png"), "b.png");
  assertEquals(await loadBuiltinModule("node:path"), path);
  assertThrows(() => builtinModule("node:no_such"), Error, "Cannot load node:no_such");
});

Deno.test("readFileUrl() reads files, says in the system's words what is wrong, and leaves other addresses to fetch", async () => {
  const own = await readFileUrl(new URL(import.meta.url));
  assertEquals(new TextDecoder().decode(own).startsWith("import { assertEquals"), true);
  const missing = await assertRejects(() => readFileUrl(new URL("missing", import.meta.url)), Error);
  assertEquals(missing.message, "no such file or directory");
  assertEquals(await readFileUrl(new URL("https://example.com/a.png")), undefined);
});
