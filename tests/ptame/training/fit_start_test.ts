/** Training that starts from the classifier's answers alone. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createExplainer } from "../../../src/ptame/explainer.ts";
import { readFittedRows, readHead } from "../../../src/ptame/head_file.ts";
import { createClock, oneCycle } from "../../../src/ptame/training/schedule.ts";
import type { TrainOptions, TrainProgress } from "../../../src/ptame/training/train_options.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { patchworkPhotos } from "../fit/patchwork.ts";
import { smallClassifier } from "../small_classifier.ts";

await warmUpWasm();

const photos = patchworkPhotos(40);
const options: TrainOptions = {
  backbone: smallClassifier(),
  auxiliary: { ...smallClassifier({ classes: 7 }), name: "reader" },
  images: photos,
  batch: 4,
  steps: 4,
  device: "wasm",
  start: "regression",
  form: { rows: "shared", masks: "budget" },
  hyperParameters: { learningRate: 0.01 },
  imageWorkers: 0,
};

Deno.test("train() with start regression shares rows for classes that the auxiliary does not have", async () => {
  const kinds: string[] = [];
  const { head, losses } = await train({
    ...options,
    onProgress: ({ kind }) => void (kinds.at(-1) === kind || kinds.push(kind)),
  });
  assertEquals(kinds, ["fitting", "fitted", "start", "step"]);
  assertEquals(losses.length, 4);
  const { record } = await readHead(head, "");
  assertEquals([record.trained, record.fit?.photos], [true, 40]);
  assert(record.fit!.explainedInAll > 0.99 && record.modelDigest !== undefined);

  // Its rows are in the file: shared rows can go on from it, and it is still fitted.
  const more = await train({ ...options, start: head, steps: 2 });
  const later = await readHead(more.head, "");
  assertEquals([later.record.fit, later.record.modelDigest], [record.fit, record.modelDigest]);
  assertEquals(readFittedRows(later), readFittedRows(await readHead(head, "")));
  // A run that has no time for a step leaves a trained head trained.
  const none = await train({ ...options, start: head, seconds: 0 });
  assertEquals((await readHead(none.head, "")).record.trained, true);
  await using explainer = await createExplainer({
    model: options.backbone,
    auxiliary: options.auxiliary!,
    head: more.head,
    device: "wasm",
  });
  assertEquals((await explainer.explain(photos[0]!)).targets[0]!.map.width, 16);
});

Deno.test("train() without a regression says that there is one", async () => {
  const { start: _, ...without } = options;
  const error = await assertRejects(() => train(without), TypeError);
  assertStringIncludes(error.message, "--start regression");
});

Deno.test("a run from a regression that is stopped resumes bit for bit, without a second fit", async () => {
  const whole = await train(options);
  let saved: Uint8Array | undefined;
  const checkpoint = {
    load: () => Promise.resolve(saved),
    save: (bytes: Uint8Array) => Promise.resolve(void (saved = bytes)),
  };
  const controller = new AbortController();
  const stopAt = ({ kind, ...rest }: TrainProgress) => {
    if (kind === "step" && "loss" in rest && rest.loss.step === 2) controller.abort(new Error("stop"));
  };
  await assertRejects(
    () => train({ ...options, checkpoint, signal: controller.signal, onProgress: stopAt }),
    Error,
    "stop",
  );
  const kinds = new Set<string>();
  const resumed = await train({ ...options, checkpoint, onProgress: ({ kind }) => kinds.add(kind) });
  assertEquals([kinds.has("fitting"), kinds.has("fitted")], [false, true]);
  assertEquals(resumed.losses, whole.losses);
  assertEquals(differing(resumed.head, whole.head), 0);
});

Deno.test("train() that is told to finish gives the head so far", async () => {
  const controller = new AbortController();
  const { head, losses } = await train({
    ...options,
    finish: controller.signal,
    onProgress: (progress) => progress.kind === "step" && progress.loss.step === 3 && controller.abort(),
  });
  assertEquals(losses.length, 3);
  assertEquals((await readHead(head, "")).record.trained, true);
  // During the fit: what was read is regressed, and there is no step.
  const early = new AbortController();
  const fitted = await train({
    ...options,
    finish: early.signal,
    onProgress: (progress) => progress.kind === "fitting" && progress.done === 25 && early.abort(),
  });
  const { record } = await readHead(fitted.head, "");
  assertEquals([fitted.losses.length, record.trained, record.fit?.photos], [0, false, 25]);
  // Before there are enough photographs, there is nothing to keep.
  const first = new AbortController();
  await assertRejects(
    () =>
      train({
        ...options,
        finish: first.signal,
        onProgress: (progress) =>
          progress.kind === "fitting" && progress.done === 5 && first.abort(new Error("now")),
      }),
    Error,
    "now",
  );
});

Deno.test("train() with seconds ends in time, whatever the number of steps", async () => {
  let steps = 0;
  // A busy machine may need all of a short time for the regression.
  for (const seconds of [3, 12, 48]) {
    const started = performance.now();
    ({ losses: { length: steps } } = await train({ ...options, seconds }));
    assert(performance.now() - started < 1000 * (seconds + 60));
    if (steps > 0) break;
  }
  assert(steps > 0);
  const none = await train({ ...options, seconds: 0 });
  assertEquals([none.losses.length, (await readHead(none.head, "")).record.trained], [0, false]);
  const checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  await assertRejects(
    () => train({ ...options, seconds: 3, checkpoint }),
    RangeError,
    "without a checkpoint",
  );
});

Deno.test("createClock() follows the steps, or the time where it is limited", () => {
  let milliseconds = 0;
  const bySteps = createClock(undefined, 100, 10, () => milliseconds);
  assertEquals(bySteps.cycle(29, 1e-4), oneCycle(29, 100, 1e-4));
  milliseconds = 20_000;
  assertEquals([bySteps.secondsPerStep(20), bySteps.secondsLeft(20), bySteps.isOver(20)], [2, 160, false]);
  const byTime = createClock(40, 1e6, 0, () => milliseconds);
  milliseconds += 12_000;
  assertEquals(byTime.cycle(3, 1e-4).learningRate > 0.999e-4, true);
  assertEquals([byTime.secondsLeft(3), byTime.isOver(3)], [28, false]);
  // A step takes 13 s by now: another would end at 52 s.
  milliseconds += 27_000;
  assertEquals(byTime.isOver(3), true);
});

/** How many bytes differ. */
function differing(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.max(a.length, b.length);
  return a.reduce((count, byte, i) => count + (byte === b[i] ? 0 : 1), 0);
}
