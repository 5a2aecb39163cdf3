import { assertEquals } from "@std/assert";
import { CONFIG } from "../support/run_deno.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("a module of another server decodes in a worker, and the process ends", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(new URL(request.url).pathname.slice(1), ROOT);
    const body = await Deno.readFile(path);
    return new Response(body, { headers: { "content-type": "application/typescript" } });
  });
  const address = `http://127.0.0.1:${server.addr.port}/src/image/decode.ts`;
  const photo = new URL("../fixtures/image/photo_0.jpg", import.meta.url).href;
  const program = `
    import { decodeImage } from ${JSON.stringify(address)};
    const { Worker } = globalThis;
    let started = 0;
    globalThis.Worker = class extends Worker {
      constructor(...args) { super(...args); started++; }
    };
    const bytes = await Deno.readFile(new URL(${JSON.stringify(photo)}));
    const first = await decodeImage(bytes);
    const second = await decodeImage(bytes);
    console.log(first.width, second.height, started);
  `;
  const file = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(file, program);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--config",
      CONFIG,
      "-A",
      "--no-lock",
      "--no-check",
      `--reload=${new URL(address).origin}`,
      file,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  try {
    const { code, stdout, stderr } = await child.output();
    assertEquals(
      [code, new TextDecoder().decode(stdout).trim()],
      [0, "451 300 1"],
      new TextDecoder().decode(stderr),
    );
  } finally {
    clearTimeout(timer);
    await Deno.remove(file);
  }
});
