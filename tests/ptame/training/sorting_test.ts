import { TrainingError } from "../../../src/ptame/errors.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createBuilder } from "../../../src/graph/builder.ts";
import { encodeOnnx } from "../../../src/graph/onnx_file.ts";
import type { ImageSource } from "../../../src/image/types.ts";
import type { OnnxModel } from "../../../src/classifier/onnx/model.ts";
import { type ClassPart, classPart } from "../../../src/ptame/class_split.ts";
import { readHead } from "../../../src/ptame/head_file.ts";
import { decodeCheckpoint } from "../../../src/ptame/training/checkpoint.ts";
import { sortedTargets, splitImages } from "../../../src/ptame/training/sorting.ts";
import type { TrainOptions, TrainProgress } from "../../../src/ptame/training/train_options.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { smallClassifier } from "../small_classifier.ts";

await warmUpWasm();

/** Of the small auxiliary's taps. */
const SHAPE = { channels: [8, 16], sizes: [16, 8], classes: 300 };
const SHARE = 0.5;
/** Classes of a part, spread over all. */
const classesOf = (part: ClassPart, count: number) => {
  const all = Array.from({ length: SHAPE.classes }, (_, index) => index);
  return all.filter((index) => classPart(index, SHARE) === part).slice(-count);
};
const [TRAINED, CHOOSE, SCORE] = [classesOf("train", 4), classesOf("choose", 2), classesOf("score", 2)];
const HELD = [...CHOOSE, ...SCORE];
/** The classes that the classifier can tell: red, green and blue, each bright or dark, by three bits of the place. */
const COLOURS = [...TRAINED, ...HELD];
const colourOf = (index: number) => [4, 2, 1].map((bit) => (COLOURS.indexOf(index) & bit) > 0 ? 250 : 5);

/** A classifier that tells the eight colours by a picture's mean. */
function colourClassifier(): OnnxModel {
  const b = createBuilder("colours");
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const signs = new Float32Array(3 * SHAPE.classes);
  for (const index of COLOURS) signs.set(colourOf(index).map((value) => value > 100 ? 1 : -1), 3 * index);
  const fc = b.constant("float32", [SHAPE.classes, 3], signs);
  b.output(b.gemm(b.flatten(b.globalAveragePool(image)), fc, undefined, { transB: true }), "scores");
  return { name: "colours", onnx: encodeOnnx(b.build()) };
}

/** A wide picture, a class's colour in the middle, another's at both ends: what a crop shows depends on where it lies. */
function picture(middle: number, ends = middle): ImageSource {
  const [width, height] = [120, 40];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    data.set(colourOf(Math.abs(i % width - width / 2) < 22 ? middle : ends), 3 * i);
  }
  return { width, height, data };
}

/** Pictures of each class, those to train on with a held-out colour at their ends; and one that is none. */
const IMAGES: readonly ImageSource[] = [
  ...TRAINED.flatMap((index, i) => [picture(index), picture(index, HELD[i % HELD.length])]),
  new File(["no picture"], "text.jpg"),
  ...HELD.map((index) => picture(index)),
];
const RUN: TrainOptions = {
  backbone: colourClassifier(),
  auxiliary: { ...smallClassifier({ classes: SHAPE.classes }), name: "reader" },
  images: IMAGES,
  holdOutClasses: SHARE,
  batch: 2,
  steps: 6,
  seed: 4,
  device: "wasm",
  imageWorkers: 1,
  hyperParameters: { learningRate: 1e-2, weightDecay: 0 },
  validateEvery: 6,
};

Deno.test("train() with held-out classes sorts once, keeps that in its checkpoints, and trains no row of a held-out class", async () => {
  const saved: Uint8Array[] = [];
  const events: TrainProgress[] = [];
  const controller = new AbortController();
  const stopped = train({
    ...RUN,
    checkpoint: {
      load: () => Promise.resolve(undefined),
      save: (bytes) => Promise.resolve(void saved.push(bytes)),
    },
    onProgress: (progress) => {
      events.push(progress);
      if (progress.kind === "start") controller.abort(new DOMException("Stopped", "AbortError"));
    },
    signal: controller.signal,
  });
  // Stopped ahead of the first step: what was sorted is kept.
  await assertRejects(() => stopped, DOMException, "Stopped");
  const sorting = events.filter((event) => event.kind === "sorting");
  assertEquals(sorting.at(-1)!.done, IMAGES.length);
  assertEquals(sorting.at(-1)!.total, IMAGES.length);
  const counts = {
    train: { images: 2 * TRAINED.length, classes: TRAINED.length },
    choose: { images: CHOOSE.length, classes: CHOOSE.length },
    score: { images: SCORE.length, classes: SCORE.length },
    unreadable: 1,
  };
  assertEquals(events.find((event) => event.kind === "sorted"), {
    kind: "sorted",
    holdOutClasses: SHARE,
    counts,
  });
  const begun = events.find((event) => event.kind === "start")!;
  assertEquals([begun.images, begun.steps], [2 * TRAINED.length, 6]);
  const { record, classes } = decodeCheckpoint(saved.at(-1)!, SHAPE);
  assertEquals(record.step, 0);
  assertEquals(record.skipped!.map(({ image }) => image), ["text.jpg"]);
  const tops = Array.from({ length: IMAGES.length }, (_, i) => classes![5 * i]);
  assertEquals(tops, [...TRAINED.flatMap((index) => [index, index]), -1, ...HELD]);

  const again: TrainProgress[] = [];
  const resumed = await train({
    ...RUN,
    checkpoint: { load: () => Promise.resolve(saved.at(-1)), save: () => Promise.resolve() },
    onProgress: (progress) => again.push(progress),
  });
  assertEquals(again.filter(({ kind }) => kind === "sorting"), []);
  assertEquals(again.find((event) => event.kind === "sorted")?.counts, counts);
  const whole = await train(RUN);
  assertEquals(whole.losses, resumed.losses);
  assert(whole.last.every((byte, i) => byte === resumed.last[i]), "the heads differ");
  assertEquals(whole.validations.length, 1, "pictures to choose by are there");

  // A row of the fuser moves when its class is a target, and only then.
  const first = await readHead(
    (await train({ ...RUN, steps: 1, hyperParameters: { learningRate: 0 } })).last,
    "first",
  );
  const last = await readHead(whole.last, "last");
  const moved = (index: number) => last.row(index).some((value, i) => value !== first.row(index)[i]);
  for (const index of HELD) assert(!moved(index), `class ${index} was a target`);
  assert(TRAINED.some(moved), "something was trained");
  const { training } = last.record;
  assertEquals([training!["holdOutClasses"], training!["parts"]], [SHARE, counts]);

  // The same pictures without the option: the colours at the ends are targets.
  const open = await readHead((await train({ ...RUN, holdOutClasses: 0, steps: 8 })).last, "open");
  assert(HELD.some((index) => open.row(index).some((value, i) => value !== first.row(index)[i])));

  const other = {
    ...RUN,
    holdOutClasses: 0.6,
    checkpoint: { load: () => Promise.resolve(saved[0]), save: () => Promise.resolve() },
  };
  await assertRejects(() => train(other), TrainingError, "made with holdOutClasses 0.5, this run has 0.6");
});

Deno.test("train() stops while it sorts, and says when too few pictures are left", async () => {
  const controller = new AbortController();
  const running = train({
    ...RUN,
    signal: controller.signal,
    onProgress: ({ kind }) =>
      kind === "sorting" && controller.abort(new DOMException("Stopped", "AbortError")),
  });
  await assertRejects(() => running, DOMException, "Stopped");
  await assertRejects(
    () => train({ ...RUN, images: HELD.map((index) => picture(index)) }),
    RangeError,
    "there are no images",
  );
  const few = { ...RUN, images: [picture(TRAINED[0]!), ...HELD.map((index) => picture(index))] };
  await assertRejects(() => train(few), RangeError, "1 images are fewer than a batch of 2");
});

Deno.test("splitImages() takes at most 100 pictures to choose by, few of a class, whatever their order", () => {
  const count = 400;
  const images = Array.from({ length: count }, (_, i) => `/photos/kind/${i}.jpg`);
  const choosing = Array.from({ length: 1000 }, (_, i) => i).filter((i) => classPart(i, 0.4) === "choose");
  const trained = Array.from({ length: 1000 }, (_, i) => i).find((i) => classPart(i, 0.4) === "train")!;
  const tops = images.map((_, i) => i % 4 === 0 ? trained : choosing[i % 60]!);
  const rows = (all: readonly number[]) => Int32Array.from(all.flatMap((top) => [top, 0, 1, 2, 3]));
  const { train: use, choose, counts } = splitImages(images, rows(tops), 0.4);
  assertEquals([use.length, choose.length, counts.choose.images], [100, 100, 300]);
  const perClass = new Map<number, number>();
  for (const index of choose) perClass.set(tops[index]!, (perClass.get(tops[index]!) ?? 0) + 1);
  assertEquals(perClass.size, counts.choose.classes);
  assert(Math.max(...perClass.values()) - Math.min(...perClass.values()) <= 1);
  const back = splitImages(images.toReversed(), rows(tops.toReversed()), 0.4);
  assertEquals(back.choose.map((index) => images[count - 1 - index]), choose.map((index) => images[index]));
  for (const target of sortedTargets(rows(tops), use)) assertEquals(classPart(target, 0.4), "train");
});
