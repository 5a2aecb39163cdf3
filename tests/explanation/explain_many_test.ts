import { assert, assertEquals, assertRejects } from "@std/assert";
import { explainMany, type ImageExplainer } from "../../src/explanation/explain_many.ts";
import type { ExplainOptions } from "../../src/explanation/map_explanation.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

/** Gives ten times the number, after as many turns of the event loop; odd thousands cannot be explained. */
function slow(seen: { running: number; most: number; stopped: number }): ImageExplainer<number, number> {
  return {
    explain: async (image: number, { signal }: ExplainOptions = {}) => {
      seen.most = Math.max(seen.most, ++seen.running);
      try {
        for (let turn = 0; turn < image % 10; turn++) {
          await new Promise((resolve) => setTimeout(resolve));
          if (signal?.aborted) seen.stopped++;
          signal?.throwIfAborted();
        }
        if (image >= 1000) throw new TypeError("too large");
        return 10 * image;
      } finally {
        seen.running--;
      }
    },
  };
}

const counts = () => ({ running: 0, most: 0, stopped: 0 });

Deno.test("explainMany() gives results in order, whatever finishes first, and goes on past errors", async () => {
  const seen = counts();
  const images = [9, 1, 1005, 3, 0, 7, 2];
  const results = await Array.fromAsync(explainMany([slow(seen), slow(seen)], images));
  assertEquals(results.map(({ index, image }) => [index, image]), images.map((image, i) => [i, image]));
  assertEquals(results.map(({ explanation }) => explanation), [90, 10, undefined, 30, 0, 70, 20]);
  assertEquals(results.map(({ error }) => (error as Error | undefined)?.message), [
    ...[undefined, undefined, "too large", undefined, undefined, undefined, undefined],
  ]);
  assertEquals([seen.most, seen.running], [4, 0]);
});

Deno.test("explainMany() gives each result as soon as it is ready when the order does not matter", async () => {
  const results = await Array.fromAsync(
    explainMany(slow(counts()), [9, 1, 2], { ordered: false, perExplainer: 3 }),
  );
  assertEquals(results.map(({ image }) => image), [1, 2, 9]);
});

Deno.test("explainMany() reads a few images ahead of the caller, not all", async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      await Promise.resolve();
      yield read++ % 3;
    }
  }
  const results = explainMany(slow(counts()), endless());
  for (let i = 0; i < 5; i++) await results.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(read <= 5 + 6 + 1, `${read} were read`);
  await results.return();
});

Deno.test("explainMany() stops what runs and closes the iterable when the loop is left or the signal aborts", async () => {
  let closed = 0;
  function* closing() {
    try {
      for (;;) yield 9;
    } finally {
      closed++;
    }
  }
  const left = counts();
  for await (const { explanation } of explainMany(slow(left), closing())) {
    assertEquals(explanation, 90);
    break;
  }
  assertEquals([closed, left.running], [1, 0]);
  assert(left.stopped > 0);

  const controller = new AbortController();
  const aborted = counts();
  const running = explainMany(slow(aborted), closing(), { signal: controller.signal });
  await running.next();
  controller.abort(new DOMException("Enough", "AbortError"));
  await assertRejects(() => running.next(), DOMException, "Enough");
  assertEquals([closed, aborted.running], [2, 0]);
});

Deno.test("explainMany() throws what the iterable throws, and refuses what cannot work", async () => {
  function* broken() {
    yield 1;
    throw new Error("disk gone");
  }
  const results = explainMany(slow(counts()), broken());
  assertEquals((await results.next()).value?.explanation, 10);
  await assertRejects(() => results.next(), Error, "disk gone");
  await assertRejects(() => Array.fromAsync(explainMany([], [1])), RangeError, "there is no explainer");
  await assertRejects(
    () => Array.fromAsync(explainMany(slow(counts()), [1], { perExplainer: 0 })),
    RangeError,
    "perExplainer is 0",
  );
});

Deno.test("explainMany() explains with a real explainer, with a target for all", async () => {
  const fixture = (name: string) => new URL(`../fixtures/image/${name}`, import.meta.url);
  await using explainer = await createExplainer({ device: "wasm" });
  const results = await Array.fromAsync(
    explainMany(explainer, [fixture("photo_0.jpg"), new Uint8Array(3), fixture("photo_5.png")], {
      target: 281,
    }),
  );
  assertEquals(results.map(({ explanation }) => explanation?.targets[0]?.index), [281, undefined, 281]);
  assertEquals((results[1]!.error as Error).name, "ImageError");
});
