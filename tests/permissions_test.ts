import { assert, assertEquals } from "@std/assert";
import { SAMPLE } from "./support/images.ts";
import { CONFIG, runDeno } from "./support/run_deno.ts";
import { startServer } from "./support/server_process.ts";

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

Deno.test("serve works with the permissions that docs/serving.md gives it, and nothing more", async () => {
  const page = Deno.readTextFileSync(new URL("../docs/serving.md", import.meta.url));
  const command = /^deno run (--allow[^`]*?)src\/cli\/main\.ts (serve [^`]*?)$/m.exec(
    page.replaceAll("\\\n", ""),
  )!;
  const [permissions, args] = [command[1]!, command[2]!].map((text) => text.trim().split(/\s+/));
  const main = decodeURIComponent(new URL("../src/cli/main.ts", import.meta.url).pathname);
  await using server = await startServer([
    ...["run", "--no-prompt", "--config", CONFIG, ...permissions!, main, ...args!, "--port", "0"],
  ]);
  const response = await fetch(`${server.origin}/explain`, {
    method: "POST",
    headers: { "content-type": "image/jpeg" },
    body: SAMPLE,
  });
  assertEquals([response.status, (await response.json()).prediction[0].label], [200, "Egyptian cat"]);
  assertEquals(await server.stop(), 0);
});
