/** The thread of a server that explains: the same bytes as here, errors with their class, another thread after its end. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openServedExplainer } from "../../../src/cli/serving/explainer_thread.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { ImageError } from "../../../src/image/types.ts";
import { createExplainer } from "../../../src/ptame/explainer.ts";
import { servedHere, type ServedRequest } from "../../../src/server/served.ts";
import type { StageTimes } from "../../../src/server/stages.ts";
import { warmUpWasm } from "../../support/devices.ts";

await warmUpWasm();

const SAMPLE = new URL("../../../models/sample/chelsea.jpg", import.meta.url);
const ARGS = ["--device", "wasm", "--offline"];
const REQUEST: ServedRequest = {
  ...{ targets: [], topK: 2, refine: 0, format: "json", looks: {} },
  decode: { maxPixels: 1e6 },
};

function terminal(lines: string[] = []): Terminal {
  const keep = (line: string) => void lines.push(line);
  return { live: false, say: keep, doing: () => {}, fail: keep };
}

const open = (args: readonly string[], lines?: string[]) =>
  openServedExplainer({ args, local: {} }, terminal(lines), new AbortController().signal);

/** Keeps the workers that are started. */
function watchWorkers() {
  const threads: Worker[] = [];
  const Own = globalThis.Worker;
  globalThis.Worker = class extends Own {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      threads.push(this);
    }
  };
  return { threads, [Symbol.dispose]: () => void (globalThis.Worker = Own) };
}

Deno.test("an explainer in a thread answers as one of this thread; after its end, another does", async () => {
  using watched = watchWorkers();
  const there = await open(ARGS);
  const [thread] = watched.threads;
  const image = await Deno.readFile(SAMPLE);
  const here = await servedHere(await createExplainer({ device: "wasm" }));
  const { signal } = new AbortController();
  try {
    const { session, ...facts } = there.facts;
    assertEquals({ ...facts, session: here.facts.session }, structuredClone(here.facts));
    assertEquals(session.device, "wasm");
    for (const format of ["json", "png", "npy"] as const) {
      const asked = { ...REQUEST, format, ...(format === "png" ? { topK: 1 } : {}) };
      const [times, own]: StageTimes[] = [{}, {}];
      const expected = await here.answer(image.slice(), asked, { signal, times: own! });
      const found = await there.answer(image.slice(), asked, { signal, times: times! });
      assertEquals(found, expected);
      assertEquals(Object.keys(times!).toSorted(), Object.keys(own!).toSorted());
    }
    const ask = (bytes: Uint8Array, until = signal) =>
      there.answer(bytes, REQUEST, { signal: until, times: {} });
    await assertRejects(() => ask(new TextEncoder().encode("no image")), ImageError);
    await assertRejects(
      () => ask(image.slice(), AbortSignal.abort(new Error("too late"))),
      Error,
      "too late",
    );

    const dying = ask(image.slice());
    const event = new ErrorEvent("error", { message: "out of memory", cancelable: true });
    queueMicrotask(() => thread!.dispatchEvent(event));
    await assertRejects(() => dying, Error, "Cannot reach the worker: out of memory");
    const count = watched.threads.length;
    assertEquals(await ask(image.slice()), await here.answer(image.slice(), REQUEST, { signal, times: {} }));
    assert(watched.threads.length > count, "no other thread was started");
  } finally {
    await Promise.all([here.dispose(), there.dispose()]);
  }
});

Deno.test("opening fails with the class of its error", async () => {
  await assertRejects(() => open(["--model", "resnet81"]), RangeError, "resnet18");
  await assertRejects(() => open(["--size", "64"]), UsageError, "--size");
});
