/**
 * What moves a head on classes that it never saw: short runs that differ in one factor each, measured on the classes to
 * choose by, against Grad-CAM on the same photographs. The table of docs/decisions.md comes from here.
 *
 *     deno run -A bench/head_factors.ts --images LIST --out DIR [--only a,b] [--seeds 0,1] [--steps 200] [--photos 100]
 *       [--shard 1/2] [--threads 1] [--table]
 *
 * LIST is a folder or a text file of paths. Heads, records and the table go into DIR; what is there is not done again, so
 * a stopped run goes on, and two shards may work side by side. `--table` prints what is there. Through the launcher where
 * JSR does not answer: `deno run --no-config -A tools/launch.ts deno run -A bench/head_factors.ts …`
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createBaseline } from "../src/baselines/explainer.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { bootstrapDifference, evaluate, type ImageRecord, type MapMethod } from "../src/faithfulness/mod.ts";
import { betterDirection } from "../src/faithfulness/measures.ts";
import { decodeImage } from "../src/image/decode.ts";
import { preprocess } from "../src/image/preprocess.ts";
import { classPart, spreadOverClasses } from "../src/ptame/class_split.ts";
import { evaluationImages, explainerMethod, explainerScores } from "../src/faithfulness/evaluation_images.ts";
import { createExplainer, type Explainer } from "../src/ptame/explainer.ts";
import { startingHeadFile } from "./untrained_head_file.ts";
import { BUDGET_VIEWS, type TrainingForm } from "../src/ptame/training/presets.ts";
import type { TrainOptions } from "../src/ptame/training/train_options.ts";
import { train } from "../src/ptame/training/trainer.ts";
import { createView, type View } from "../src/ptame/masks/views.ts";

const NETWORK = "efficientnet_lite0";
const HELD_OUT = 0.4;
const MEASURES = ["AD100", "AD50", "AD15", "IC50", "ROAD-MoRF", "ROAD-LeRF", "ROAD"] as const;

const hard = (share: number, fill: View["fill"] = "neighbours"): View =>
  createView(share, { mask: "hard", fill });
const removed = (share: number, fill: View["fill"] = "neighbours"): View =>
  createView(share, { mask: "hard", fill, side: "remove", loss: "removal" });
const SOFT = [createView(1), createView(0.5), createView(0.5), createView(0.15), createView(0.15)];
const twoSided = (fill: View["fill"]) => [
  hard(0.7, fill),
  hard(0.5, fill),
  hard(0.3, fill),
  removed(0.1, fill),
  removed(0.3, fill),
  removed(0.5, fill),
];

/** What a run changes of the start: soft masks over black, one target, row scale 0.3, a rate of 1.5e-3. */
type Factor = Partial<TrainingForm> & { readonly rate?: number; readonly batch?: number };

/** The form of the shipped head. */
const SHIPPED: Factor = {
  rowScale: [0.03, 0.03, 0.09, 0.3],
  commonScale: [0.6, 2.4, 1.2, 0.3],
  edges: 0.4,
  views: BUDGET_VIEWS,
  otherTargets: 0.5,
  rate: 1e-3,
};

const FACTORS: Readonly<Record<string, Factor>> = {
  start: {},
  shipped: SHIPPED,
  "own rows": { rows: "own" },
  "area, shared rows": { masks: "area" },
  "row scale 0.1": { rowScale: 0.1 },
  "row scale 1": { rowScale: 1 },
  "row scale of taps 2.4 2.4 1.2 0.3": { rowScale: [2.4, 2.4, 1.2, 0.3] },
  "row scale of taps 0.06 0.06 0.12 0.3": { rowScale: [0.06, 0.06, 0.12, 0.3] },
  "rate 5e-4": { rate: 5e-4 },
  "rate 3e-3": { rate: 3e-3 },
  "loss drop": { views: SOFT.map((view) => ({ ...view, loss: "drop" })) },
  "shares down to 5 %": { views: [...SOFT, createView(0.05)] },
  "soft over mean": { views: SOFT.map((view) => ({ ...view, fill: "mean" })) },
  "soft over blur": { views: SOFT.map((view) => ({ ...view, fill: "blur" })) },
  "soft over neighbours": { views: SOFT.map((view) => ({ ...view, fill: "neighbours" })) },
  "hard over black": { views: SOFT.map((view) => ({ ...view, mask: "hard" })) },
  "two-sided, black": { views: twoSided("black") },
  "two-sided, mean": { views: twoSided("mean") },
  "two-sided, blur": { views: twoSided("blur") },
  "two-sided, neighbours": { views: twoSided("neighbours") },
  "all views": { views: BUDGET_VIEWS },
  "other targets": { otherTargets: 0.5 },
  "all views, other targets": { views: BUDGET_VIEWS, otherTargets: 0.5 },
  "all views, two of each image": { views: BUDGET_VIEWS, viewsPerImage: 2 },
  "batches of 32, half the steps": { batch: 32 },
};

const given = parseArgs(Deno.args, {
  string: ["images", "out", "only", "seeds", "steps", "photos", "threads", "shard"],
  boolean: ["table"],
});
if (given.images === undefined || given.out === undefined) {
  console.error(
    "Usage: head_factors.ts --images LIST --out DIR [--only a,b] [--seeds 0,1] [--shard 1/2] [--table]",
  );
  Deno.exit(2);
}
const [shard, shards] = (given.shard ?? "1/1").split("/").map(Number) as [number, number];
const folder = given.out;
const device = "native";
const [threads, usualSteps, photos] = [given.threads ?? 1, given.steps ?? 200, given.photos ?? 100].map(
  Number,
) as [
  number,
  number,
  number,
];
const seeds: number[] = (given.seeds ?? "0,1").split(",").map(Number);
Deno.mkdirSync(folder, { recursive: true });

const names: string[] = given.only?.split(",") ?? Object.keys(FACTORS);
const runs = names.flatMap((factor) => seeds.map((seed) => ({ factor, seed, file: `${factor} ${seed}` })));
const unknown = names.find((name) => FACTORS[name] === undefined);
if (unknown !== undefined) {
  throw new RangeError(`Unknown factor ${unknown}: there are ${Object.keys(FACTORS)}`);
}

if (!given.table) {
  const lists = await sortedLists(await listImages(given.images));
  await measured("Grad-CAM", lists.choose, async () => {
    const baseline = await createBaseline("gradcam", { model: NETWORK, device, threads });
    return {
      method: explainerMethod(baseline),
      dispose: () => baseline.dispose(),
    };
  });
  for (const [index, { factor, seed, file }] of runs.entries()) {
    if (index % shards !== shard - 1) continue;
    const head = await trained(FACTORS[factor]!, seed, `${folder}/${file}.safetensors`, lists.train);
    await measured(file, lists.choose, async () => {
      const explainer = await createExplainer({ model: NETWORK, head, device, threads });
      return { method: explainerMethod(explainer), dispose: () => explainer.dispose() };
    });
  }
}
printTable();
Deno.exit();

/** The images of each part, by the class that the network sees; kept in the folder. */
async function sortedLists(images: readonly string[]): Promise<{ train: string[]; choose: string[] }> {
  const kept = `${folder}/classes.json`;
  let classes: Record<string, number>;
  try {
    classes = JSON.parse(await Deno.readTextFile(kept));
  } catch {
    classes = {};
    const reader = await readerOf();
    for (const [index, image] of images.entries()) {
      const { pixels } = preprocess(await decodeImage(image), reader.backbone.preprocessing);
      const scores = await reader.probabilities(pixels);
      classes[image] = scores.indexOf(Math.max(...scores));
      if (index % 500 === 0) console.error(`sorting ${index}/${images.length}`);
    }
    await reader.dispose();
    await Deno.writeTextFile(kept, JSON.stringify(classes));
  }
  const all = images.map((name) => ({ name, class: classes[name]! }));
  const of = (part: string) => all.filter((image) => classPart(image.class, HELD_OUT) === part);
  return {
    train: of("train").map(({ name }) => name),
    choose: spreadOverClasses(of("choose")).slice(0, photos).map(({ name }) => name),
  };
}

async function readerOf(): Promise<Explainer> {
  return await createExplainer({ model: NETWORK, head: await startingHeadFile(NETWORK), device, threads });
}

/** Trains a head, or reads it where it was trained before. */
async function trained(
  { rate = 1.5e-3, batch = 16, ...form }: Factor,
  seed: number,
  path: string,
  images: readonly string[],
): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch {
    const steps = Math.round(usualSteps * 16 / batch);
    const options: TrainOptions = {
      backbone: NETWORK,
      // Only what the steps can look at is sorted.
      images: images.filter((_, index) =>
        index % Math.max(1, Math.floor(images.length / (steps * batch))) === 0
      ),
      holdOutClasses: HELD_OUT,
      validation: [],
      validateEvery: steps + 1,
      form: { rows: "shared", rowScale: 0.3, masks: "budget", views: SOFT, otherTargets: 0, ...form },
      hyperParameters: { learningRate: rate },
      batch,
      microBatch: 2,
      steps,
      seed,
      device,
      threads,
      onProgress: (progress) => {
        if (progress.kind !== "step" || progress.loss.step % 25 !== 0) return;
        console.error(
          `${path}: step ${progress.loss.step}/${steps}, ${progress.imagesPerSecond.toFixed(1)} images/s`,
        );
      },
    };
    const { last } = await train(options);
    await Deno.writeFile(path, last);
    return last;
  }
}

/** Measures maps, unless it was done before. */
async function measured(
  name: string,
  images: readonly string[],
  open: () => Promise<{ readonly method: MapMethod; dispose(): Promise<void> }>,
): Promise<void> {
  const path = `${folder}/${name}.json`;
  try {
    await Deno.stat(path);
    return;
  } catch {
    // Not measured yet.
  }
  const opened = await open();
  const reader = await readerOf();
  const { records } = await evaluate({
    images: evaluationImages(images, reader),
    methods: { map: opened.method },
    score: explainerScores(reader),
    measures: ["ad", "ic", "road"],
    normalization: reader.backbone.preprocessing,
  });
  await Deno.writeTextFile(path, JSON.stringify(records));
  await opened.dispose();
  await reader.dispose();
}

function recordsOf(name: string): ImageRecord[] | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`));
  } catch {
    return undefined;
  }
}

function printTable(): void {
  const rival = recordsOf("Grad-CAM");
  if (rival === undefined) return;
  const valuesOf = (records: readonly ImageRecord[], key: string) =>
    records.map((record) => record.methods["map"]!.values[key]!);
  console.log(`| ${rival.length} images, difference to Grad-CAM | ${MEASURES.join(" | ")} |`);
  console.log(`| --- |${" --- |".repeat(MEASURES.length)}`);
  for (const { file } of runs) {
    const records = recordsOf(file);
    if (records === undefined) continue;
    const cells = MEASURES.map((key) => {
      const { value, low, high } = bootstrapDifference(valuesOf(records, key), valuesOf(rival, key));
      const digits = key.startsWith("ROAD") ? 3 : 1;
      const ahead = (betterDirection(key) === "higher" ? low > 0 : high < 0) ? "**" : "";
      return `${ahead}${value.toFixed(digits)}${ahead} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
    });
    console.log(`| ${file} | ${cells.join(" | ")} |`);
  }
}
