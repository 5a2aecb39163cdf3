import { assert, assertEquals, assertRejects } from "@std/assert";
import { createExplainer, ImageError } from "../../mod.ts";
import { connectWorker, type RemoteLibrary } from "../../src/worker/mod.ts";
import { serveWorker } from "../../src/worker/serve.ts";
import { warmUpWasm } from "../support/devices.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const SAMPLE_BYTES = await Deno.readFile(SAMPLE);

await warmUpWasm();

/** Runs `act` with the library behind a port of this thread: what is posted is cloned and handed over all the same. */
async function withPort(act: (remote: RemoteLibrary) => Promise<void>): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  serveWorker(port1);
  const remote = connectWorker(port2);
  try {
    await act(remote);
  } finally {
    remote.close();
    for (const port of [port1, port2]) port.close();
  }
}

Deno.test("connectWorker() gives what the library gives on its own thread", async () => {
  await using own = await createExplainer({ device: "wasm" });
  const expected = await own.explain(SAMPLE, { topK: 2 });
  const worker = new Worker(new URL("explainer_worker.ts", import.meta.url), { type: "module" });
  const remote = connectWorker(worker);
  try {
    // One thread: what a worker's own threads hold open would outlive the test.
    await using explainer = await remote.createExplainer({ device: "wasm", threads: 1 });
    assertEquals(explainer.backbone, own.backbone);
    assertEquals(explainer.head, own.head.record);
    const explanation = await explainer.explain(SAMPLE, { topK: 2 });
    assertEquals(explanation.size, { width: expected.image.width, height: expected.image.height });
    assertEquals(explanation.window, expected.window);
    assertEquals(explanation.prediction.map(({ label }) => label), expected.prediction.map((p) => p.label));
    explanation.targets.forEach(({ map }, i) => near(map.values, expected.targets[i]!.map.values, 1e-4));

    const teddy = await explanation.explainTarget("teddy");
    near(teddy.map.values, expected.explainTarget("teddy").map.values, 1e-4);
    const [first, second] = expected.targets.map(({ index }) => index);
    const contrast = await explanation.contrast(first!, second!);
    near(contrast.map.values, expected.contrast(first!, second!).map.values, 1e-3);
    assertEquals([contrast.for.index, contrast.against.index], [first, second]);
    assertEquals((await explanation.image()).data, expected.image.data);
    const overlay = await explanation.overlay({ target: expected.prediction[0]!.index });
    near(overlay.data, (await expected.overlay()).data, 1);
    const looks = { colours: "cividis", opacity: 0.5 } as const;
    near((await explanation.overlay(looks)).data, (await expected.overlay(looks)).data, 1);

    const input = await explanation.input();
    const copy = input.slice();
    const probabilities = await explainer.probabilities(input);
    assertEquals(input.length, 0, "the pixels were copied, not handed over");
    near(probabilities, await own.probabilities(copy), 1e-5);
    assert(Math.abs(Math.max(...probabilities) - expected.prediction[0]!.probability) < 1e-4);
  } finally {
    remote.close();
    worker.terminate();
  }
});

Deno.test("connectWorker() throws the library's own errors, and the worker goes on", async () => {
  await withPort(async (remote) => {
    await assertRejects(
      () => remote.createExplainer({ model: "efficientnet" }),
      RangeError,
      "efficientnet_lite0",
    );
    await using explainer = await remote.createExplainer({ device: "wasm" });
    const wrong = await assertRejects(() => explainer.explain(new TextEncoder().encode("no picture")));
    assert(wrong instanceof ImageError, String(wrong));
    const explanation = await explainer.explain(SAMPLE);
    await assertRejects(() => explanation.explainTarget("tedy"), RangeError, "teddy");
    await explanation.dispose();
    await assertRejects(
      () => explanation.explainTarget(0),
      TypeError,
      "Cannot use an explanation that has been disposed of",
    );
    const unpostable = { image: () => {} } as unknown as Uint8Array;
    await assertRejects(() => explainer.explain(unpostable), TypeError, "Cannot send explain to the worker");

    const stopper = new AbortController();
    const stopped = explainer.explain(SAMPLE, { signal: stopper.signal });
    stopper.abort(new Error("enough"));
    await assertRejects(() => stopped, Error, "enough");
    assertEquals((await explainer.explain(SAMPLE)).prediction.length, 5);
  });
});

Deno.test("connectWorker() refines a map, reports the steps, and keeps the best map when stopped", async () => {
  await withPort(async (remote) => {
    await using explainer = await remote.createExplainer({ device: "wasm" });
    const explanation = await explainer.explain(SAMPLE);
    const stopper = new AbortController();
    const seen: number[] = [];
    const drawn = await explanation.overlay();
    const refined = await explanation.refine({
      steps: 50,
      signal: stopper.signal,
      onProgress: ({ loss }) => {
        seen.push(loss);
        if (seen.length === 2) stopper.abort();
      },
    });
    const { steps, stopped, loss, way } = refined.refinement;
    assertEquals([way, stopped, steps < 10], ["gradient", true, true]);
    assertEquals([loss.before, loss.after <= Math.min(...seen)], [seen[0], true]);
    const own = explanation.targets[0]!;
    assertEquals([refined.index, refined.map.values.length], [own.index, own.map.values.length]);
    assert(refined.map.values.some((value, i) => value !== own.map.values[i]));
    const again = await explanation.overlay();
    assert(again.data.some((value, i) => value !== drawn.data[i]), "the overlay is still the head's");
    await assertRejects(() => explanation.refine({ steps: 0.5 }), RangeError, "Cannot refine in 0.5 steps");
  });
});

Deno.test("connectWorker() says what a worker's module died of", async () => {
  const worker = new Worker('data:text/javascript,throw new Error("out of order")', { type: "module" });
  const remote = connectWorker(worker);
  try {
    await assertRejects(() => remote.createExplainer(), Error, "out of order");
    await assertRejects(() => remote.createExplainer(), Error, "Cannot reach the worker: ");
  } finally {
    remote.close();
    worker.terminate();
  }
});

Deno.test("connectWorker() reports what a training reports, and stops it", async () => {
  await withPort(async (remote) => {
    const stopper = new AbortController();
    const seen: string[] = [];
    await assertRejects(
      () =>
        remote.train({
          backbone: "efficientnet_lite0",
          images: [SAMPLE_BYTES],
          batch: 1,
          steps: 50,
          device: "wasm",
          signal: stopper.signal,
          onProgress: (progress) => {
            seen.push(progress.kind);
            stopper.abort(new Error("enough"));
          },
        }),
      Error,
      "enough",
    );
    assertEquals(seen[0], "edges");
    assert(seen.length < 10, `it went on: ${seen.join()}`);
  });
});

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assertEquals(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (Math.abs(actual[i]! - expected[i]!) > tolerance) {
      throw new Error(`${actual[i]} is not ${expected[i]} at ${i}`);
    }
  }
}
