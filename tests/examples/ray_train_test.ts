/**
 * integrations/ray, `ptame-ray train`: the steps of an exported run on two workers of Ray Train, one of them killed, give
 * the parameters of one worker; and one worker those of ptame's own trainer, each going on from the other's checkpoint.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { exportStep } from "../../src/ptame/training/export_step.ts";
import { train } from "../../src/ptame/training/trainer.ts";
import type { CheckpointStore, TrainOptions } from "../../src/ptame/training/train_options.ts";
import { decodeCheckpoint } from "../../src/ptame/training/checkpoint.ts";
import { float32Data } from "../../src/runtime/mod.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { pythonWith, runPython } from "../support/python_torch.ts";

const heavy = heavyTests();
const python = heavy
  ? await pythonWith(
    ["ray", "torch", "onnx", "onnxruntime", "numpy", "PIL", "pyarrow"],
    "training on Ray; pip install './integrations/ray[train]', into the python3 of the PATH",
  )
  : undefined;
if (python !== undefined) await warmUpWasm();

const FIXTURES = new URL("../fixtures/image/", import.meta.url);
/** How far parameters may be from each other. */
const CLOSE = 1e-5;
const SHAPE = { channels: [8, 16], sizes: [16, 8], classes: 5 };

/** One worker without Ray, up to a step. */
const ALONE = `
import sys
sys.path.insert(0, sys.argv[1])
from ptame_ray.training.exchange import Alone
from ptame_ray.training.train import take_steps
options = {"step": sys.argv[2], "checkpoint": sys.argv[3], "images": sys.argv[4], "until": int(sys.argv[5])}
take_steps({**options, "every": 100, "device": "cpu", "threads": 1}, Alone())
`;

/** Photos, and a file that is none. */
function writePhotos(folder: string): string[] {
  Deno.mkdirSync(folder);
  for (let i = 0; i < 10; i++) {
    const name = `photo_${i}.${i === 5 || i === 6 ? "png" : "jpg"}`;
    Deno.copyFileSync(new URL(name, FIXTURES), `${folder}/${name}`);
  }
  Deno.writeTextFileSync(`${folder}/photo_3b.jpg`, "no image");
  return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
}

/** Writes the step and the first state of a run. */
async function writeStep(folder: string, options: TrainOptions, first: string): Promise<void> {
  const checkpoint: CheckpointStore = {
    load: () => Promise.resolve(undefined),
    save: (bytes) => Deno.writeFile(first, bytes),
  };
  const { files } = await exportStep({ ...options, checkpoint });
  Deno.mkdirSync(folder);
  for (const { name, parts } of files) {
    await Deno.writeFile(`${folder}/${name}`, ReadableStream.from(parts));
  }
}

/** ptame's own steps from a checkpoint to `until`; the checkpoint is written again. */
async function ownSteps(options: TrainOptions, path: string, until: number): Promise<Uint8Array> {
  const stop = new AbortController();
  const { last } = await train({
    ...options,
    checkpointEvery: 1,
    checkpoint: {
      load: () => Deno.readFile(path),
      save: (bytes) => Deno.writeFile(path, bytes),
    },
    finish: stop.signal,
    onProgress: (progress) => {
      if (progress.kind === "checkpoint" && progress.step === until) stop.abort();
    },
  });
  return last;
}

/** The largest difference between the parameters of two checkpoints. */
function away(a: Uint8Array, b: Uint8Array): number {
  const [one, other] = [parseSafetensors(a), parseSafetensors(b)];
  let most = 0;
  for (const [name, entry] of one.tensors) {
    if (!name.startsWith("head.")) continue;
    const theirs = readFloat32(b, other.tensors.get(name)!);
    readFloat32(a, entry).forEach((value, i) => most = Math.max(most, Math.abs(value - theirs[i]!)));
  }
  return most;
}

const SMALL: Omit<TrainOptions, "images"> = {
  backbone: smallClassifier(),
  auxiliary: { ...smallClassifier({ classes: 7 }), name: "reader" },
  batch: 4,
  microBatch: 2,
  seed: 4,
  device: "wasm",
  imageWorkers: 0,
};

Deno.test({
  name: "ptame-ray train: two workers of Ray Train, one killed, give the parameters of one",
  ignore: python === undefined,
  fn: async () => {
    const script = new URL("../../integrations/ray/prove_train.py", import.meta.url);
    await inFolder(async (folder) => {
      const images = writePhotos(`${folder}/photos`);
      await writeStep(`${folder}/step`, { ...SMALL, images, steps: 50 }, `${folder}/first.safetensors`);
      const said = await runPython(python!, script, [
        ...[`${folder}/step`, `${folder}/first.safetensors`, "--out", `${folder}/out`],
      ]);
      console.log(said.trim());
      assert(said.includes("50 steps on 2 workers, 1 killed in step 23, begun at steps [0, 20]"), said);
    });
  },
});

for (
  const [name, form] of [
    ["the paper's masks", {}],
    ["budgeted masks, classes held out", { form: { masks: "budget" }, holdOutClasses: 0.1 }],
  ] as const
) {
  Deno.test({
    name: `ptame-ray train: one worker takes ptame's own steps, and each goes on from the other's (${name})`,
    ignore: python === undefined,
    fn: async () => {
      await inFolder(async (folder) => {
        const images = writePhotos(`${folder}/photos`);
        const options: TrainOptions = { ...SMALL, ...form, images, steps: 8 };
        const path = (name: string) => `${folder}/${name}.safetensors`;
        await writeStep(`${folder}/step`, options, path("own"));
        for (const name of ["theirs", "own_theirs", "theirs_own"]) Deno.copyFileSync(path("own"), path(name));
        Deno.writeTextFileSync(`${folder}/alone.py`, ALONE);
        const theirSteps = (name: string, until: number) =>
          runPython(python!, new URL(`file://${folder}/alone.py`), [
            decodeURIComponent(new URL("../../integrations/ray", import.meta.url).pathname),
            ...[`${folder}/step`, path(name), `${folder}/photos`, String(until)],
          ]);
        await ownSteps(options, path("own"), 8);
        await theirSteps("theirs", 8);
        await ownSteps(options, path("own_theirs"), 4);
        await theirSteps("own_theirs", 8);
        await theirSteps("theirs_own", 4);
        await ownSteps(options, path("theirs_own"), 8);

        const own = Deno.readFileSync(path("own"));
        const { record, state } = decodeCheckpoint(own, SHAPE);
        assertEquals(record.skipped?.length, 1);
        assert(float32Data(state["head.fuser.weight"]!).every(Number.isFinite));
        for (const name of ["theirs", "own_theirs", "theirs_own"]) {
          const other = Deno.readFileSync(path(name));
          const theirs = decodeCheckpoint(other, SHAPE).record;
          assertEquals([theirs.step, theirs.position], [8, record.position], name);
          assertEquals(theirs.skipped?.map(({ image }) => image), record.skipped?.map(({ image }) => image));
          const off = away(own, other);
          console.log(`${name}: parameters at most ${off.toExponential(1)} from ptame's`);
          assert(off < CLOSE, `${name} is away by ${off}`);
        }
      });
    },
  });
}
