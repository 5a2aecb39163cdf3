import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { serveCommand } from "../../src/cli/serve.ts";
import { UsageError } from "../../src/cli/usage.ts";
import { SAMPLE } from "../support/images.ts";
import { CONFIG } from "../support/run_deno.ts";
import { startServer } from "../support/server_process.ts";

const MAIN = decodeURIComponent(new URL("../../src/cli/main.ts", import.meta.url).pathname);
const NEVER = new AbortController().signal;

Deno.test("serve explains, and at SIGTERM under load finishes what runs and ends with 0", async () => {
  await using server = await startServer([
    ...["run", "--config", CONFIG, "--no-prompt", "-A", MAIN],
    // A busy machine needs seconds for a pass; the queue would be refused because of the deadline.
    ...["serve", "--port", "0", "--device", "wasm", "--threads", "1", "--deadline", "300"],
  ]);
  const explain = (query = "") =>
    fetch(`${server.origin}/explain${query}`, {
      method: "POST",
      headers: { "content-type": "image/jpeg" },
      body: SAMPLE,
    });
  const first = await explain("?format=png");
  assertEquals([first.status, first.headers.get("content-type")], [200, "image/png"]);
  await first.arrayBuffer();

  const all: Promise<number>[] = [];
  let [taken, answered] = [0, 0];
  while (taken < 2) {
    // A quick machine may have answered them all before it is asked how many it has: then it gets as many again.
    if (answered === all.length) {
      for (let i = 0; i < 4; i++) {
        all.push(
          explain().then(async (response) => {
            await response.json();
            answered++;
            return response.status;
          }),
        );
      }
    }
    ({ taken } = await (await fetch(`${server.origin}/healthz`)).json());
  }
  const code = server.stop();
  assertEquals(new Set(await Promise.all(all)), new Set([200]));
  assertEquals(await code, 0);
  const lines = server.printed().trim().split("\n");
  assert(lines.some((line) => /^POST \/explain 200 /.test(line)), server.printed());
  assertStringIncludes(server.printed(), "Stopping: finishing running requests");
  assertEquals(lines.filter((line) => /error|warn|legacy/i.test(line)), []);
});

Deno.test("serve says in one line why it cannot listen", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const serve = (...args: string[]) => serveCommand(["--no-urls", "--quiet", ...args], NEVER);
  await assertRejects(
    () => serve("--port", `${port}`),
    Error,
    `Cannot listen on 127.0.0.1:${port}: the port is in use`,
  );
  taken.close();
  await assertRejects(
    () => serve("--host", "192.0.2.1", "--no-auth"),
    Error,
    "this machine has no such address",
  );
});

Deno.test("serve says in one line what is wrong with its networks, and stops listening", async () => {
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  const serve = () => serveCommand(["--no-urls", "--quiet", "--port", port, "--model", "resnet81"], NEVER);
  await assertRejects(serve, RangeError, "resnet18");
  await assertRejects(serve, RangeError, "resnet18");
});

Deno.test("serve refuses options that are none", async () => {
  for (
    const [args, says] of [
      [["photo.jpg"], "serve takes no photo.jpg"],
      [["--prot", "1"], "did you mean --port?"],
      [["--port", "65536"], "at most 65535"],
      [["--port", "x"], "whole number"],
      [["--waiting", "-1"], "whole number"],
      [["--deadline", "0"], "at least 1"],
      [
        ["--host", "0.0.0.0"],
        "name a token by --token-file or PTAME_TOKEN, or keys by --keys-file, or add --no-auth",
      ],
      [["--connections", "7"], "at least 8"],
    ] as const
  ) await assertRejects(() => serveCommand(args, NEVER), UsageError, says);
});
