import { assert, assertEquals, assertRejects } from "@std/assert";
import { readOnnx } from "../../../src/graph/onnx_file.ts";
import { TrainingError } from "../../../src/ptame/errors.ts";
import { decodeCheckpoint } from "../../../src/ptame/training/checkpoint.ts";
import { exportStep } from "../../../src/ptame/training/export_step.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import type { TrainOptions } from "../../../src/ptame/training/train_options.ts";
import { stateShapes } from "../../../src/ptame/training/training_state.ts";
import { parseSafetensors } from "../../../src/weights/safetensors.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { smallClassifier } from "../small_classifier.ts";

await warmUpWasm();

const FIXTURES = decodeURIComponent(new URL("../../fixtures/image/", import.meta.url).pathname);
const SHAPE = { channels: [8, 16], sizes: [16, 8], classes: 5 };
const RUN: TrainOptions = {
  backbone: smallClassifier(),
  auxiliary: { ...smallClassifier({ classes: 7 }), name: "reader" },
  images: ["photo_0.jpg", "photo_4.jpg", "photo_5.png", "photo_8.jpg"].map((name) => FIXTURES + name),
  batch: 4,
  microBatch: 2,
  steps: 3,
  seed: 4,
  device: "wasm",
};

/** The files in memory, and the checkpoint. */
async function exported(options: TrainOptions) {
  let first: Uint8Array | undefined;
  const step = await exportStep({
    ...options,
    checkpoint: {
      load: () => Promise.resolve(first),
      save: (bytes) => {
        first = bytes;
        return Promise.resolve();
      },
    },
  });
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, size, parts } of step.files) {
    const bytes = new Uint8Array(await new Response(ReadableStream.from(parts)).arrayBuffer());
    assertEquals(bytes.length, size, name);
    files.set(name, bytes);
  }
  return { ...step, files, first: first! };
}

const described = (files: ReadonlyMap<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(files.get("step.json")));

Deno.test("an exported step has the graphs that its description names, and describes the run", async () => {
  const { files, steps, batch, piece } = await exported(RUN);
  assertEquals([steps, batch, piece], [3, 4, 2]);
  const run = described(files);
  assertEquals([run.format, run.version, run.steps, run.batch, run.piece], ["ptame-step", 1, 3, 4, 2]);
  assertEquals(run.head, SHAPE);
  assertEquals([run.images.folder, run.images.names[0]], [FIXTURES, "photo_0.jpg"]);
  assertEquals(run.inputs, [{ resize: 37, crop: 32, fit: "crop", resample: "bilinear" }]);
  assertEquals(run.targets, { others: 0, seed: 4, sorted: false });
  assertEquals(run.parameters["convs.0.bias"], { shape: [8], role: "decayed" });
  const names = [
    "features",
    "clean",
    "statistics",
    "masks",
    "masked",
    "gradients",
    "statistic_gradients",
    "optimizer",
  ];
  assertEquals(Object.keys(run.graphs), names);
  // The description comes last: a folder that has it is whole.
  assertEquals([...files.keys()], [...names.map((name) => `${name}.onnx`), "step.json"]);
  for (const name of names) {
    const graph = readOnnx(files.get(`${name}.onnx`)!);
    assertEquals(graph.inputs.map((value) => value.name), Object.keys(run.graphs[name].inputs), name);
    assertEquals([...graph.outputs], Object.keys(run.graphs[name].outputs), name);
  }
  // The optimiser takes and gives the whole state.
  const state = [...stateShapes(SHAPE).keys()];
  const { inputs, outputs } = run.graphs.optimizer;
  assert(state.every((name) => name in inputs && `next.${name}` in outputs));
  assertEquals(Object.keys(outputs).length, state.length);
  assertEquals(inputs.mean_0, { type: "float32", shape: [1, 8, 1, 1] });
});

Deno.test("the first state of an exported step is where the trainer itself begins", async () => {
  const { first } = await exported(RUN);
  const { record } = decodeCheckpoint(first, SHAPE);
  assertEquals([record.step, record.position, record.losses.length], [0, 0, 0]);
  const alone = await train(RUN);
  const resumed = await train({
    ...RUN,
    checkpoint: { load: () => Promise.resolve(first), save: () => Promise.resolve() },
  });
  assertEquals(resumed.losses, alone.losses);
});

Deno.test("a step with budgeted masks has its views, and one with held-out classes what may be a target", async () => {
  const { files } = await exported({ ...RUN, form: { masks: "budget" }, holdOutClasses: 0.1 });
  const run = described(files);
  assertEquals(run.views.length, 12);
  assertEquals(run.views[0], {
    share: 1,
    side: "keep",
    mask: "soft",
    fill: "black",
    loss: "cross-entropy",
    weight: 1,
    width: 0.05,
  });
  assertEquals(run.graphs.masked.inputs.fills.shape, [2, 3, 32, 32]);
  assertEquals(run.targets.sorted, true);
  // The classes in the checkpoint are the targets: no pass of the whole images is needed.
  assertEquals("clean" in run.graphs, false);
  const { tensors } = parseSafetensors(files.get(run.tensors)!);
  assertEquals(tensors.get("allowed")!.shape, [5]);
});

Deno.test("a step that others could not take is refused", async () => {
  const refused = (
    options: Partial<TrainOptions>,
    message: string,
    kind = TrainingError as ErrorConstructor,
  ) => assertRejects(() => exportStep({ ...RUN, ...options }), kind, message);
  await refused({ microBatch: 3 }, "a batch of 4 images is not made of pieces of 3");
  await refused({ seconds: 5 }, "a run that time limits has no steps to count");
  await refused({
    images: [0, 1, 2, 3].map(() => new Blob([])),
  }, "images must be paths or addresses");
  const letterboxed = { ...smallClassifier(), preprocessing: { fit: "letterbox" as const } };
  await refused({ backbone: letterboxed }, "only squares that are cropped or squashed", TypeError);
});
