import { assertEquals, assertRejects } from "@std/assert";
import { startThreaded, ThreadsError, threadsStart } from "../../src/runtime/wasm_threads.ts";
import { heavyTests } from "../support/devices.ts";
import { runDeno } from "../support/run_deno.ts";

/** A first session whose weights make the wasm memory grow at once; prints "done" after one run. */
const SCRIPT = `
import { createBuilder } from "${import.meta.resolve("../../src/graph/builder.ts")}";
import { float32Tensor, openSession } from "${import.meta.resolve("../../src/runtime/mod.ts")}";
const b = createBuilder("heavy");
const x = b.input("x", "float32", [1, 960, 56, 56]);
b.output(b.conv(x, b.constant("float32", [1000, 960, 1, 1], new Float32Array(960000).fill(0.01))), "y");
const session = await openSession(b.build(), { device: "wasm", threads: 2 });
await session.run({ x: float32Tensor(new Float32Array(960 * 3136).fill(1), [1, 960, 56, 56]) });
console.log("done on", session.threads);
Deno.exit();
`;

Deno.test({
  name: "openSession() starts its threads on a busy machine although memory grows at once",
  // Its busy loops would disturb the groups beside it.
  ignore: Deno.build.os === "windows" || !heavyTests(),
  fn: async () => {
    const script = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(script, SCRIPT);
    const busy = Array.from(
      { length: 3 },
      () => new Deno.Command("sh", { args: ["-c", "while :; do :; done"] }).spawn(),
    );
    try {
      for (let round = 0; round < 2; round++) {
        // Before wasm_threads.ts three starts of four hung here; the test's own limit is the runner's.
        const ended = await runDeno(["-A", "--no-check", script]);
        assertEquals([ended.code, ended.stdout.trim()], [0, "done on 2"], ended.stderr);
      }
    } finally {
      for (const child of busy) {
        child.kill("SIGKILL");
        await child.status;
      }
      await Deno.remove(script);
    }
  },
});

Deno.test("threadsStart() knows the Denos whose threads fail", () => {
  const known = (agent: string) => threadsStart(agent);
  assertEquals(["Deno/2.5.7", "Deno/2.7.14", "Deno/1.46.3"].map(known), [false, false, false]);
  assertEquals(["Deno/2.8.0", "Deno/2.10.0", "Deno/3.0.0", "Mozilla/5.0", ""].map(known), [
    true,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("startThreaded() gives up on threads that do not come up, from the time their program is compiled", async () => {
  const own = [WebAssembly.Memory, WebAssembly.instantiate, WebAssembly.instantiateStreaming];
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  const neverUp = startThreaded(async () => {
    // A download of any length comes first.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 16384, shared: true });
    assertEquals(buffer.byteLength, 2 ** 30);
    await WebAssembly.instantiate(empty);
    await new Promise(() => {});
  }, 50);
  await assertRejects(() => neverUp, ThreadsError, "did not start within 0.05 s");
  assertEquals([WebAssembly.Memory, WebAssembly.instantiate, WebAssembly.instantiateStreaming], own);
  assertEquals(await startThreaded(async () => (await WebAssembly.instantiate(empty)) && 1, 50), 1);
});
