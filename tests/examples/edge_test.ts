import { assert, assertEquals, assertMatch } from "@std/assert";
import { SAMPLE } from "../support/images.ts";
import { CONFIG } from "../support/run_deno.ts";
import { startServer } from "../support/server_process.ts";

const MAIN = decodeURIComponent(new URL("../../examples/edge/main.ts", import.meta.url).pathname);

/** The permissions that the example's own comment gives it. */
function documentedPermissions(): string[] {
  const command = /deno serve (.*) examples\/edge\/main\.ts/.exec(Deno.readTextFileSync(MAIN))![1]!;
  return command.split(" ").filter((argument) => argument.startsWith("--allow"));
}

Deno.test("examples/edge explains with the permissions that it documents, and nothing more", async () => {
  const permissions = documentedPermissions();
  assertEquals(permissions, ["--allow-read"]);
  const options = ["--no-prompt", "--host", "127.0.0.1", "--port", "0", "--config", CONFIG];
  await using server = await startServer(["serve", ...options, ...permissions, MAIN]);
  // Nothing is loaded for those who only look.
  const health = await fetch(`${server.origin}/healthz`);
  assertEquals((await health.json()).status, "ok");
  assert(!server.printed().includes("Loaded"));

  const ask = (headers: Record<string, string>, body: BodyInit) =>
    fetch(`${server.origin}/explain`, { method: "POST", headers, body });
  const response = await ask({ "content-type": "image/jpeg" }, SAMPLE);
  assertEquals([response.status, (await response.json()).prediction[0].label], [200, "Egyptian cat"]);
  assertMatch(server.printed(), /Loaded efficientnet_lite0 in \d+ ms; the process takes \d+ MB/);

  const refused = await ask({ "content-type": "application/json" }, '{"url":"https://a.example/"}');
  assertEquals([refused.status, (await refused.json()).error.code], [403, "urls_off"]);
  const page = await fetch(`${server.origin}/`);
  assertEquals([page.status, (await page.text()).includes("<h1>")], [200, true]);
});
