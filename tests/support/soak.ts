/**
 * A process that explains for a long time, or opens and frees explainers again and again, and prints what it holds
 * after each of ten equal parts: resident memory in MB and threads of the system. Garbage is collected before: when V8
 * does it of itself depends on the machine's other work, and moves the memory by a tenth. Run by
 * tests/server/soak_test.ts.
 *
 *     deno run -A --v8-flags=--expose-gc tests/support/soak.ts explanations 2000
 *     deno run -A --v8-flags=--expose-gc tests/support/soak.ts cycles 200
 *
 * @module
 */
import { createExplainer } from "../../src/ptame/explainer.ts";
import { createHandler } from "../../src/server/mod.ts";
import { SAMPLE } from "./images.ts";

const PARTS = 10;

/** What the process holds now. */
async function held(): Promise<{ megabytes: number; threads: number }> {
  // Twice, with a turn between: finalisers of the first free what the second collects.
  for (let i = 0; i < 2; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const threads = /^Threads:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))![1];
  return { megabytes: Deno.memoryUsage().rss / 1e6, threads: Number(threads) };
}

async function explain(handler: (request: Request) => Promise<Response>, format: string): Promise<void> {
  const response = await handler(
    new Request(`http://localhost/explain?format=${format}`, {
      method: "POST",
      headers: { "content-type": "image/jpeg" },
      body: SAMPLE,
    }),
  );
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`Cannot soak: status ${response.status}`);
}

const [what, count] = [Deno.args[0]!, Number(Deno.args[1])];
const options = { device: "wasm", threads: 2 } as const;
const handler = createHandler({ explainer: () => createExplainer(options) });
for (let part = 0; part < PARTS; part++) {
  for (let i = 0; i < count / PARTS; i++) {
    if (what === "explanations") await explain(handler, ["json", "png", "npy"][i % 3]!);
    else {
      const own = createHandler({ explainer: () => createExplainer(options) });
      await explain(own, "json");
      await own.close();
    }
  }
  console.log(JSON.stringify(await held()));
}
await handler.close();
Deno.exit(0);
