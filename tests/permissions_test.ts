import { assert, assertEquals } from "@std/assert";
import { runDeno } from "./support/run_deno.ts";

const SCRIPT = decodeURIComponent(new URL("support/explain_once.ts", import.meta.url).pathname);
const FIXTURES = decodeURIComponent(new URL("fixtures/image/", import.meta.url).pathname);

for (const picture of ["photo_0.jpg", "photo_5.png", "gif_animated.gif"]) {
  Deno.test(`the library explains ${picture} with --allow-read alone`, async () => {
    const ended = await runDeno(["--allow-read", SCRIPT, FIXTURES + picture]);
    assertEquals(ended.code, 0, ended.stderr);
    const seen = JSON.parse(ended.stdout);
    assertEquals(seen.device, "wasm");
    assert(seen.probability > 0 && seen.png > 10_000, ended.stdout);
  });
}
