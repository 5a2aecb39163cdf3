import { TrainingError } from "../../../src/ptame/errors.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ImageError, type ImageSource } from "../../../src/image/types.ts";
import { decodeCheckpoint } from "../../../src/ptame/training/checkpoint.ts";
import { readHead, writeHead } from "../../../src/ptame/head_file.ts";
import { initialParameters } from "../../../src/ptame/initial_parameters.ts";
import { PRESETS } from "../../../src/ptame/training/presets.ts";
import type {
  CheckpointStore,
  TrainOptions,
  TrainProgress,
} from "../../../src/ptame/training/train_options.ts";
import { DownloadError } from "../../../src/weights/download/errors.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { smallClassifier } from "../small_classifier.ts";

await warmUpWasm();

const photo = (i: number) =>
  new URL(`../../fixtures/image/photo_${i}.${i === 5 ? "png" : "jpg"}`, import.meta.url);
/** Of the small auxiliary's taps. */
const SHAPE = { channels: [8, 16], sizes: [16, 8], classes: 5 };
/** Three photos and a file that is none: a batch of two meets the border of an epoch every other step. */
const IMAGES: readonly ImageSource[] = [photo(0), photo(4), new File(["no picture"], "text.jpg"), photo(8)];
const RUN: TrainOptions = {
  backbone: smallClassifier(),
  auxiliary: { ...smallClassifier({ classes: 7 }), name: "reader" },
  images: IMAGES,
  batch: 2,
  steps: 6,
  seed: 4,
  device: "wasm",
};

/** A store in memory that remembers every checkpoint. */
function memory(first?: Uint8Array): CheckpointStore & { readonly saved: Uint8Array[] } {
  const saved: Uint8Array[] = [];
  return {
    saved,
    load: () => Promise.resolve(saved.at(-1) ?? first),
    save: (bytes) => {
      saved.push(bytes);
      return Promise.resolve();
    },
  };
}

/** Stops a run when `when` is met. */
function stopping(when: (progress: TrainProgress) => boolean): Pick<TrainOptions, "signal" | "onProgress"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: (progress) => when(progress) && controller.abort(new DOMException("Stopped", "AbortError")),
  };
}

/** A run whose loss is judged by validation too, at steps 3 and 6. */
const VALIDATED: TrainOptions = { ...RUN, validation: [photo(7), new Uint8Array(2)], validateEvery: 3 };
const afterStep = (count: number) => (progress: TrainProgress) =>
  progress.kind === "step" && progress.loss.step === count;

Deno.test("train() reports what it does in order, keeps the best head, and goes on bit for bit from any checkpoint", async () => {
  const events: TrainProgress[] = [];
  const store = memory();
  const whole = await train({
    ...VALIDATED,
    checkpoint: store,
    checkpointEvery: 2,
    onProgress: (progress) => events.push(progress),
  });

  const names = events.map((event) => event.kind === "step" ? `step ${event.loss.step}` : event.kind);
  const skips = names.flatMap((name, i) => (name === "skipped" ? [i] : []));
  assertEquals(skips.length, 2, "one picture to train on, one held out");
  assertEquals(names.filter((name) => name !== "skipped"), [
    "start",
    "step 1",
    "step 2",
    "checkpoint",
    "step 3",
    "validation",
    "step 4",
    "checkpoint",
    "step 5",
    "step 6",
    "validation",
    "checkpoint",
  ]);
  assertEquals(events[0], { kind: "start", device: "wasm", images: 4, steps: 6, resumedAt: 0 });
  let left = Infinity;
  for (const event of events) {
    if (event.kind !== "step") continue;
    const { loss, learningRate, imagesPerSecond, secondsLeft } = event;
    assert([loss.ce, loss.area, loss.variation, loss.total].every((term) => term > 0), JSON.stringify(loss));
    assert(learningRate > 0 && learningRate <= 1e-4 && imagesPerSecond > 0 && imagesPerSecond < 1e4);
    assert(loss.step === 6 ? secondsLeft === 0 : secondsLeft > 0 && secondsLeft < 600);
    left = Math.min(left, secondsLeft);
  }
  assertEquals(left, 0);
  assertEquals(whole.skipped.map(({ image }) => image).toSorted(), ["held-out image 1", "text.jpg"]);
  assertEquals(whole.losses.map(({ step }) => step), [1, 2, 3, 4, 5, 6]);
  assertEquals(store.saved.length, 3);

  // The best head is the one with the lowest average drop at 50 and 15 %, the earlier where they are equal.
  assertEquals(whole.validations.map(({ step }) => step), [3, 6]);
  const [third, sixth] = whole.validations.map(({ averageDrop: [, half, little] }) => half + little);
  const stepOf = async (head: Uint8Array) => (await readHead(head, "head")).record.training!["step"];
  assertEquals(await stepOf(whole.last), 6);
  assertEquals(await stepOf(whole.head), sixth! < third! ? 6 : 3);

  // Killed after step 3: what is left is the checkpoint of step 2.
  const first = decodeCheckpoint(store.saved[0]!, SHAPE);
  assertEquals([first.record.step, first.record.losses.length], [2, 2]);
  // Told to stop after step 3, before its validation: a checkpoint of step 3.
  const stopped = memory();
  const running = train({ ...VALIDATED, checkpoint: stopped, ...stopping(afterStep(3)) });
  await assertRejects(() => running, DOMException, "Stopped");
  assertEquals(stopped.saved.length, 1);
  const { record } = decodeCheckpoint(stopped.saved[0]!, SHAPE);
  assertEquals([record.step, record.validations.length], [3, 0]);
  assertEquals(record.losses, whole.losses.slice(0, 3));

  for (
    const [start, bytes] of [[2, store.saved[0]!], [3, stopped.saved[0]!], [6, store.saved[2]!]] as const
  ) {
    const begun: TrainProgress[] = [];
    const again = await train({
      ...VALIDATED,
      checkpoint: memory(bytes),
      onProgress: (progress) => begun.push(progress),
    });
    assertEquals(begun[0], { kind: "start", device: "wasm", images: 4, steps: 6, resumedAt: start });
    assertEquals(begun.filter(({ kind }) => kind === "step").length, 6 - start);
    assertEquals(again.losses, whole.losses);
    assertEquals(again.validations, whole.validations);
    assertEquals(again.skipped.length, 2);
    assert(
      again.last.every((byte, i) => byte === whole.last[i]),
      `resumed at ${start}: the last head differs`,
    );
    assert(
      again.head.every((byte, i) => byte === whole.head[i]),
      `resumed at ${start}: the best head differs`,
    );
  }
});

Deno.test("train() stops before the first step without a checkpoint, and in the middle of a step with the one before", async () => {
  const store = memory();
  const never = { ...RUN, checkpoint: store };
  await assertRejects(() => train({ ...never, ...stopping(({ kind }) => kind === "start") }), DOMException);
  assertEquals(store.saved.length, 0);
  await assertRejects(() => train({ ...never, signal: AbortSignal.abort() }), DOMException);
  const controller = new AbortController();
  const onProgress = (progress: TrainProgress) => {
    // The next step has begun by then: its batch has been read ahead.
    if (afterStep(1)(progress)) {
      setTimeout(() => controller.abort(new DOMException("Stopped", "AbortError")), 0);
    }
  };
  await assertRejects(
    () => train({ ...never, signal: controller.signal, onProgress }),
    DOMException,
    "Stopped",
  );
  const { record } = decodeCheckpoint(store.saved.at(-1)!, SHAPE);
  assertEquals([record.step, record.losses.length], [1, 1]);
});

Deno.test("train() is a TrainingError when the loss or the head is not finite, and the last checkpoint survives", async () => {
  const tensors = initialParameters(SHAPE, { kind: "default" });
  tensors.find(({ name }) => name === "fuser.weight")!.data.fill(NaN);
  const record = {
    name: "nothing",
    auxiliary: "reader",
    taps: ["relu", "relu_2"],
    backbone: "small",
    trained: true,
  };
  const start = await writeHead(record, tensors);
  const store = memory();
  await assertRejects(
    () => train({ ...RUN, start, checkpoint: store, checkpointEvery: 1 }),
    TrainingError,
    "the loss is not finite at step 1 (cross-entropy NaN",
  );
  assertEquals(store.saved.length, 0);

  const absurd = { ...RUN, hyperParameters: { learningRate: 1e38 }, checkpoint: store, checkpointEvery: 1 };
  const error = await assertRejects(() => train(absurd), TrainingError, "not finite");
  assert(error.message.startsWith("Cannot continue training"), error.message);
  assert(store.saved.length < 6);
  for (const bytes of store.saved) {
    const { state } = decodeCheckpoint(bytes, SHAPE);
    for (const [name, { data }] of Object.entries(state)) {
      assert((data as Float32Array).every(Number.isFinite), `${name} of a checkpoint is not finite`);
    }
  }
});

Deno.test("train() starts from a head file, and says in the new one what it was trained with", async () => {
  const options: TrainOptions = { ...RUN, images: [photo(0), photo(4)], steps: 1, preset: "vgg16" };
  const hyperParameters = { learningRate: 0, weightDecay: 0 };
  const from = await train({ ...options, name: "A name", licence: "CC0-1.0", data: "two photos" });
  const { record } = await readHead(from.head, "head");
  assertEquals([record.name, record.licence, record.trained], ["A name", "CC0-1.0", true]);
  const { learningRate, weightDecay, border } = PRESETS.find(({ name }) => name === "vgg16")!;
  const { training } = record;
  assertEquals([training!["learningRate"], training!["weightDecay"], training!["border"]], [
    learningRate,
    weightDecay,
    border,
  ]);
  assertEquals([training!["step"], training!["images"], training!["data"]], [1, 2, "two photos"]);

  // At learning rate 0 the parameters stay what they were.
  const after = await train({ ...options, start: from.head, hyperParameters });
  const [before, now] = [await readHead(from.head, "before"), await readHead(after.head, "now")];
  assertEquals(now.record.training!["learningRate"], 0);
  assertEquals(now.record.training!["border"], border);
  for (let target = 0; target < 5; target++) assertEquals(now.row(target), before.row(target));
  const other = await readHead((await train({ ...options, hyperParameters })).head, "other");
  assert(other.row(0).some((value, i) => value !== now.row(0)[i]), "the head file was where it started");
});

Deno.test("train() refuses what cannot work before it begins", async () => {
  const head = await writeHead(
    { name: "seven", auxiliary: "efficientnet_lite0", backbone: "x", trained: true },
    initialParameters({ channels: [24, 40, 112, 1280], sizes: [56, 28, 14, 7], classes: 7 }, {
      kind: "default",
    }),
  );
  const { auxiliary: _, ...run } = RUN;
  const bad = new Uint8Array(2);
  type Case = [Partial<TrainOptions>, new (message: string) => Error, string];
  const cases: Case[] = [
    [{ images: [] }, RangeError, "there are no images"],
    [{ limit: 0 }, RangeError, "there are no images"],
    [{ batch: 5 }, RangeError, "4 images are fewer than a batch of 5"],
    [{ limit: 1 }, RangeError, "1 images are fewer than a batch of 2"],
    [{ batch: 0 }, RangeError, "batches of 0"],
    [{ batch: 1.5 }, RangeError, "batches of 1.5"],
    [{ microBatch: 0 }, RangeError, "batches of 0"],
    [{ steps: 0 }, RangeError, "for 0 steps"],
    [{ steps: 2.5 }, RangeError, "for 2.5 steps"],
    [{ holdOutClasses: 0.95 }, RangeError, "a share of 0.95 of the classes: it must be from 0 to 0.9"],
    [{ imageWorkers: 1.5 }, RangeError, "with 1.5 workers"],
    [{ imageCache: NaN }, RangeError, "Cannot keep NaN MB"],
    [{ preset: "resnet5" }, RangeError, 'Unknown preset "resnet5": did you mean resnet50?'],
    [{ backbone: "vgg" }, RangeError, 'Unknown model "vgg": did you mean vgg16?'],
    [{ auxiliary: "resnet17" }, RangeError, 'Unknown model "resnet17": did you mean resnet18?'],
    [
      { auxiliary: "resnet18", cache: "/nowhere", offline: true },
      DownloadError,
      "its weights are not in /nowhere, or damaged there, and offline forbids the network",
    ],
    [{ hyperParameters: { ce: -1 } }, RangeError, "with ce -1"],
    [{ hyperParameters: { learningRate: NaN } }, RangeError, "with learningRate NaN"],
    [
      { start: "class-activation" },
      TypeError,
      "does not share the classes of backbone small; start from a regression of its scores (--start regression) or",
    ],
    [
      { form: { rows: "shared" } },
      TypeError,
      "(--start regression) or train rows of their own (--rows own)",
    ],
    [{ start: head }, TypeError, "it has 7 classes, the backbone 5"],
    [{ start: bad }, SyntaxError, "Cannot read"],
    [{ images: [bad, bad] }, ImageError, "none of the 2 images can be read"],
    [{ validation: [bad] }, ImageError, "none of the 1 held-out images can be read"],
    [{ checkpoint: memory(bad) }, SyntaxError, "Cannot read checkpoint"],
  ];
  for (const [options, type, message] of cases) {
    await assertRejects(() => train({ ...run, ...options }), type, message);
  }
});

Deno.test("train() refuses a checkpoint of another run and names the setting", async () => {
  const store = memory();
  const images = [photo(0), photo(4)];
  await train({ ...RUN, images, steps: 1, checkpoint: store });
  const cases: [Partial<TrainOptions>, string][] = [
    [{ steps: 2 }, "with steps 1, this run has 2"],
    [{ batch: 1 }, "with batch 2, this run has 1"],
    [{ seed: 5 }, "with seed 4, this run has 5"],
    [{ limit: 3, images: IMAGES }, "with images 2, this run has 3"],
    [{ hyperParameters: { area: 2 } }, "this run has 2"],
    [{ holdOutClasses: 0.4 }, "with holdOutClasses 0, this run has 0.4"],
    [{ backbone: { ...smallClassifier(), name: "other" } }, "with backbone small, this run has other"],
  ];
  for (const [options, message] of cases) {
    const run = { ...RUN, images, steps: 1, ...options, checkpoint: memory(store.saved[0]) };
    const error = await assertRejects(() => train(run), TrainingError, message);
    assert(error.message.startsWith("Cannot resume: the checkpoint was made with "), error.message);
  }
  const seven = { ...RUN, images, steps: 1, backbone: smallClassifier({ classes: 7 }), checkpoint: store };
  await assertRejects(() => train(seven), TypeError, "the head needs [7, ");
});

Deno.test("train() gives the same head whoever reads the pictures, and whatever is kept of them", async () => {
  const run = { ...RUN, steps: 4 };
  const alone = await train({ ...run, imageWorkers: 0, imageCache: 0 });
  for (const own of [{ imageWorkers: 2, imageCache: 0 }, { imageWorkers: 1 }, { imageWorkers: 0 }]) {
    const other = await train({ ...run, ...own });
    assertEquals(other.losses, alone.losses, JSON.stringify(own));
    assert(other.head.every((byte, i) => byte === alone.head[i]), JSON.stringify(own));
  }
});
