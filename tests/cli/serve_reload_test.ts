/**
 * `serve` in a process of its own: two threads behind one listener, keys, and another head by SIGHUP while requests come.
 *
 * With PTAME_HEAVY=1 alone.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { heavyTests } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { SAMPLE } from "../support/images.ts";
import { CONFIG } from "../support/run_deno.ts";
import { startServer } from "../support/server_process.ts";

const MAIN = decodeURIComponent(new URL("../../src/cli/main.ts", import.meta.url).pathname);
const HEAD = new URL("../../models/heads/efficientnet_lite0.safetensors", import.meta.url);
const TOKEN = "a-token-of-a-test-0123";

/** The head file under another name: other bytes, the same numbers. */
function renamed(head: Uint8Array, name: string): Uint8Array {
  const view = new DataView(head.buffer, head.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const table = JSON.parse(new TextDecoder().decode(head.subarray(8, 8 + length)));
  table.__metadata__.name = name;
  const text = new TextEncoder().encode(JSON.stringify(table));
  const made = new Uint8Array(8 + text.length + head.length - 8 - length);
  new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
  made.set(text, 8);
  made.set(head.subarray(8 + length), 8 + text.length);
  return made;
}

Deno.test({
  name:
    "serve exchanges the head at SIGHUP without dropping a request, and keeps the old one if the new is damaged",
  ignore: !heavyTests() || Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const head = `${folder}/head.safetensors`;
      const file = await Deno.readFile(HEAD);
      await Deno.writeFile(head, file);
      await Deno.writeTextFile(`${folder}/keys`, `tester ${TOKEN}\n`);
      await using server = await startServer([
        ...["run", "--config", CONFIG, "--no-prompt", "-A", MAIN, "serve", "--port", "0", "--workers", "2"],
        ...["--device", "wasm", "--deadline", "300", "--head", head, "--keys-file", `${folder}/keys`],
      ]);
      const authorization = `Bearer ${TOKEN}`;
      const served = async () => {
        const models = await (await fetch(`${server.origin}/models`, { headers: { authorization } })).json();
        return models.models[0].head.name as string;
      };
      const first = await served();
      let done = false;
      const statuses: number[] = [];
      const client = async () => {
        while (!done) {
          const response = await fetch(`${server.origin}/explain`, {
            method: "POST",
            headers: { "content-type": "image/jpeg", authorization },
            body: SAMPLE,
          });
          statuses.push(response.status);
          assertEquals(typeof (await response.json()).targets[0].probability, "number");
        }
      };
      const clients = Promise.all([client(), client(), client()]);
      const printed = async (text: string, times = 1) => {
        const until = performance.now() + 120_000;
        while (server.printed().split(text).length <= times) {
          assert(performance.now() < until, server.printed());
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };

      await Deno.writeFile(head, renamed(file, "the second head"));
      server.child.kill("SIGHUP");
      await printed("The new networks answer");
      assertEquals([first === "the second head", await served()], [false, "the second head"]);

      await Deno.writeTextFile(head, "no head");
      server.child.kill("SIGHUP");
      await printed("the old networks stay");
      assertEquals(await served(), "the second head");
      const before = statuses.length;
      while (statuses.length < before + 4) await new Promise((resolve) => setTimeout(resolve, 50));
      done = true;
      await clients;
      assertEquals(new Set(statuses), new Set([200]));
      const metrics = await (await fetch(`${server.origin}/metrics`, { headers: { authorization } })).text();
      assertStringIncludes(metrics, `ptame_client_requests_total{client="tester",status="200"}`);
      assertStringIncludes(metrics, 'head="the second head"');
      assertEquals(metrics.split("ptame_model_info{").length, 2);
      assertEquals(server.printed().includes(TOKEN), false);
      assertEquals(await server.stop(), 0);
    }),
});
