/** Refining as callers see it: on the sample, stopped, repeated, and for classifiers without gradients. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createExplainer } from "../../../src/ptame/explainer.ts";
import type { RefineProgress } from "../../../src/explanation/refinement.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import type { Builder } from "../../../src/graph/builder.ts";
import { int, ints, type Value } from "../../../src/graph/types.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { smallClassifier } from "../small_classifier.ts";

await warmUpWasm();

const SAMPLE = new URL("../../../models/sample/chelsea.jpg", import.meta.url);
const PHOTO = new URL("../../fixtures/image/photo_1.jpg", import.meta.url);

/** How many values differ: comparing the arrays would write them all. */
function differing(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((count, value, i) => count + Number(value !== b[i]), 0);
}

Deno.test("refine() lowers the loss on the sample, and its best map is kept", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(SAMPLE);
  const seen: RefineProgress[] = [];
  const refined = await explanation.refine({ steps: 1, onProgress: (progress) => seen.push(progress) });
  const { refinement } = refined;
  assertEquals([refinement.way, refinement.steps, refinement.passes], ["gradient", 1, 3 * 3 * 2]);
  assertEquals([refinement.stopped, refinement.why], [false, undefined]);
  assertEquals(seen.map(({ step, steps }) => [step, steps]), [[0, 1], [1, 1]]);
  assertEquals(refinement.loss.before, seen[0]!.loss);
  assertEquals(refinement.loss.after, Math.min(...seen.map(({ loss }) => loss)));
  assert(refinement.loss.after < 0.95 * refinement.loss.before, JSON.stringify(refinement.loss));
  const own = explanation.targets[0]!;
  assertEquals([refined.index, refined.map.width], [own.index, own.map.width]);
  assert(differing(refined.map.values, own.map.values) > 1000);
  assertEquals(refined.imageMap.values.length, explanation.image.width * explanation.image.height);
});

const auxiliary = { ...smallClassifier({ classes: 7 }), name: "reader" };
const { head } = await train({
  backbone: smallClassifier(),
  auxiliary,
  images: [PHOTO],
  batch: 1,
  steps: 1,
  device: "wasm",
});

/** An explainer of a small classifier, perhaps with more behind its first layer. */
function openSmall(extra?: (b: Builder, x: Value) => Value) {
  const model = smallClassifier(extra === undefined ? {} : { extra });
  return createExplainer({ model, auxiliary, head, device: "wasm" });
}

Deno.test("refine() is the same for a seed, and another for another seed", async () => {
  await using explainer = await openSmall();
  const explanation = await explainer.explain(PHOTO);
  const run = (seed: number) => explanation.refine({ steps: 4, seed });
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  assertEquals([differing(first.map.values, again.map.values), first.refinement], [0, again.refinement]);
  assert(first.refinement.loss.before !== other.refinement.loss.before);
  assert(differing(first.map.values, other.map.values) > 0);
  // The same by the mask of a prepared image, as measures ask for it.
  const image = await explainer.prepare(PHOTO);
  const mask = await explainer.refinedMask(image, first.index, { steps: 4, seed: 1 });
  assertEquals([differing(mask.values, first.map.values), mask.refinement], [0, first.refinement]);
  await assertRejects(() => explanation.refine({ steps: 0 }), RangeError, "from 1 to");
  await assertRejects(() => explanation.refine({ target: "no such class" }), RangeError);
});

Deno.test("refine() keeps the best map when it is aborted, and refuses before it knows one", async () => {
  await using explainer = await openSmall();
  const explanation = await explainer.explain(PHOTO);
  const stopper = new AbortController();
  const { refinement, map } = await explanation.refine({
    steps: 50,
    signal: stopper.signal,
    onProgress: ({ step }) => step === 2 && stopper.abort(),
  });
  assertEquals([refinement.steps, refinement.stopped], [2, true]);
  const whole = await explanation.refine({ steps: 2 });
  assertEquals([refinement.loss, differing(map.values, whole.map.values)], [whole.refinement.loss, 0]);
  const aborted = AbortSignal.abort(new Error("stopped before"));
  await assertRejects(() => explanation.refine({ signal: aborted }), Error, "stopped before");

  const two = await explainer.explain(PHOTO, { topK: 2 });
  const late = new AbortController();
  const partly = await two.refineTargets({ steps: 3, signal: late.signal, onProgress: () => late.abort() });
  assertEquals(partly.targets.map(({ refinement }) => refinement?.stopped), [true, undefined]);
  assertEquals(differing(partly.targets[1]!.map.values, two.targets[1]!.map.values), 0);
});

Deno.test("refine() tries opposite changes where an operator has no gradient", async () => {
  await using explainer = await openSmall((b, x) =>
    b.node("LpPool", [x], { kernel_shape: ints([1, 1]), p: int(2) })[0]!
  );
  const explanation = await explainer.explain(PHOTO);
  const { refinement } = await explanation.refine({ steps: 30 });
  assertEquals([refinement.way, refinement.steps], ["gradient-free", 30]);
  // The head's own map, and two rows a step; three views each, and no backward pass.
  assertEquals(refinement.passes, (1 + 2 * 30) * 3);
  assert(refinement.why!.includes("LpPool"), refinement.why);
  assert(refinement.loss.after < refinement.loss.before, JSON.stringify(refinement.loss));
});

Deno.test("refine() tries opposite changes where the gradient is zero", async () => {
  await using explainer = await openSmall((b, x) => b.div(b.node("Round", [b.mul(x, 50)])[0]!, 50));
  const { refinement } = await (await explainer.explain(PHOTO)).refine({ steps: 5 });
  assertEquals([refinement.way, refinement.why], ["gradient-free", "Its gradient is zero or not finite"]);
  // One step of gradients was spent to see it.
  assertEquals(refinement.passes, 9 + (1 + 2 * 5) * 3);
});

Deno.test("refine() of an explainer that was disposed of is refused", async () => {
  const explainer = await openSmall();
  const explanation = await explainer.explain(PHOTO);
  await explanation.refine({ steps: 1 });
  await explainer.dispose();
  await assertRejects(() => explanation.refine(), TypeError, "disposed of");
});
