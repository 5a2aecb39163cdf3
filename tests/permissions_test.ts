import { assert, assertEquals } from "@std/assert";
import { SAMPLE } from "./support/images.ts";
import { CONFIG, runDeno } from "./support/run_deno.ts";
import { startServer } from "./support/server_process.ts";

const SCRIPT = decodeURIComponent(new URL("support/explain_once.ts", import.meta.url).pathname);
const FIXTURES = decodeURIComponent(new URL("fixtures/image/", import.meta.url).pathname);

Deno.test("the library explains JPEG, PNG and GIF with --allow-read alone", async () => {
  const images = ["photo_0.jpg", "photo_5.png", "gif_animated.gif"].map((name) => FIXTURES + name);
  const ended = await runDeno(["--allow-read", SCRIPT, ...images]);
  assertEquals(ended.code, 0, ended.stderr);
  const lines = ended.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ device }) => device), ["wasm", "wasm", "wasm"]);
  for (const seen of lines) assert(seen.probability > 0 && seen.png > 10_000, ended.stdout);
});

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
