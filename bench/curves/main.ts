/**
 * Curves of quality against passes, over images of classes that the head never saw: AD, IC and ROAD of preset
 * ptame-2025, insertion and deletion of rise-28 (or --preset; rise-28 takes 1,792 pixels a step, too many for a small
 * input).
 *
 *     deno task curves --images LIST.txt --out DIR [--limit N] [--threads N] [--json FILE] [--model my.onnx]
 *     deno task curves --out DIR --json bench/results/efficientnet_lite0_curves.json   # sums up what is there
 *
 * DIR gets records.jsonl and steps.jsonl, a line for each image; the same command continues a stopped run. FILE gets the
 * means and their intervals, from which bench/curves/plot.ts draws. --refine, --tried, --masks, --channels and --steps
 * take lists of numbers and say which points are measured.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { listImages } from "../../src/cli/image_lists.ts";
import { bootstrapInterval, type ImageRecord } from "../../src/faithfulness/mod.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import { evaluationImages, explainerScores } from "../../src/faithfulness/evaluation_images.ts";
import type { MeasureName } from "../../src/faithfulness/measures.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import type { ValueMap } from "../../src/image/types.ts";
import { evenlySpread } from "../../src/ptame/evenly_spread.ts";
import { type Makers, openMakers } from "./makers.ts";

const LISTS = {
  refine: "1,2,5,10,20,50",
  tried: "25,100,300",
  masks: "100,250,500,1000,2000,4000",
  channels: "64,256,1280",
  steps: "10,40,100",
};
const named = ["images", "out", "limit", "threads", "json", "model", "preset", ...Object.keys(LISTS)];
const given: Record<string, unknown> = { ...LISTS, ...parseArgs(Deno.args, { string: named }) };
const text = (name: string) => given[name] as string | undefined;
const folder = text("out");
if (folder === undefined || (text("images") ?? text("json")) === undefined) {
  console.error("Usage: curves/main.ts --images LIST.txt --out DIR [--limit N] [--threads N] [--json FILE]");
  Deno.exit(2);
}
/** The two protocols: the file of their records, preset and measures. */
const PARTS: readonly { file: string; preset: string; measures: MeasureName[] }[] = [
  { file: `${folder}/records.jsonl`, preset: "ptame-2025", measures: ["ad", "ic", "road"] },
  { file: `${folder}/steps.jsonl`, preset: text("preset") ?? "rise-28", measures: ["insertion", "deletion"] },
];

/** The name of a point in records: curve and passes. */
const pointName = (curve: string, passes: number) => `${curve} @ ${passes}`;

/** The point that others are compared with, image by image. */
const HEAD = pointName("head", 1);

const [list, sums] = [text("images"), text("json")];
if (list !== undefined) await measure(list);
if (sums !== undefined) sumUp(sums);

async function measure(list: string): Promise<void> {
  Deno.mkdirSync(folder!, { recursive: true });
  const numbers = (name: keyof typeof LISTS) =>
    text(name)!.split(",").filter((part) => part !== "").map(Number);
  const makers = await openMakers({
    threads: Number(text("threads") ?? 1),
    model: text("model"),
    refine: numbers("refine"),
    tried: numbers("tried"),
    masks: numbers("masks"),
    channels: numbers("channels"),
    steps: numbers("steps"),
  });
  const listed = await listImages(list);
  const limit = text("limit");
  const images = limit === undefined ? listed : evenlySpread(listed, Number(limit));
  for (const [at, image] of images.entries()) {
    await measureImage(image, makers);
    console.log(`${new Date().toISOString().slice(11, 19)} ${at + 1}/${images.length} ${image}`);
  }
  await makers.dispose();
}

/** Measures one image by both protocols, with the same maps. */
async function measureImage(image: string, { explainer, points }: Makers): Promise<void> {
  const made = new Map<string, Promise<ValueMap>>();
  const methods = Object.fromEntries(points.map(({ curve, passes, make }) => {
    const name = pointName(curve, passes);
    const once: MapMethod = (...asked) => {
      if (!made.has(name)) made.set(name, make(...asked));
      return made.get(name)!;
    };
    return [name, once];
  }));
  // The same pixels for both, so that methods that keep the last image's maps find them again.
  const [one] = [...evaluationImages([image], explainer)];
  const loaded = one!.pixels();
  for (const { file, preset, measures } of PARTS) {
    if (readRecords(file).some((record) => record.image === image)) continue;
    await evaluate({
      images: [{ name: image, pixels: () => loaded }],
      methods,
      score: explainerScores(explainer),
      preset,
      measures,
      normalization: explainer.backbone.preprocessing,
      onRecord: (record) => Deno.writeTextFileSync(file, JSON.stringify(record) + "\n", { append: true }),
    });
  }
}

function readRecords(file: string): ImageRecord[] {
  try {
    return Deno.readTextFileSync(file).split("\n").filter((line) => line !== "").map((line) =>
      JSON.parse(line)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Means of each point, and of its differences from the head's own maps, with 95 % intervals. */
function sumUp(file: string): void {
  const values = new Map<string, Map<string, number[]>>();
  const differences = new Map<string, Map<string, number[]>>();
  const add = (to: typeof values, name: string, key: string, value: number) => {
    const ofPoint = to.get(name) ?? new Map<string, number[]>();
    to.set(name, ofPoint.set(key, [...ofPoint.get(key) ?? [], value]));
  };
  for (const { methods } of PARTS.flatMap(({ file }) => readRecords(file))) {
    const head = methods[HEAD]?.values;
    for (const [name, { values: found }] of Object.entries(methods)) {
      for (const [key, value] of Object.entries(found)) {
        add(values, name, key, value);
        if (name !== HEAD && head !== undefined) add(differences, name, key, value - head[key]!);
      }
    }
  }
  const intervals = (of: ReadonlyMap<string, number[]>) =>
    Object.fromEntries(
      [...of].map(([key, found]) => [key, { ...bootstrapInterval(found), images: found.length }]),
    );
  const points = [...values].map(([name, ofPoint]) => {
    const [curve, passes] = name.split(" @ ") as [string, string];
    const from = differences.get(name);
    return {
      ...{ curve, passes: Number(passes), measures: intervals(ofPoint) },
      ...(from === undefined ? {} : { fromHead: intervals(from) }),
    };
  });
  Deno.writeTextFileSync(file, JSON.stringify({ points }, null, 2) + "\n");
  for (const { curve, passes, measures } of points) {
    const shown = ["AD50", "AD15", "ROAD", "insertion", "deletion"].map((key) => {
      const found = measures[key];
      return found === undefined ? `${key} –` : `${key} ${found.value.toFixed(key.startsWith("AD") ? 1 : 3)}`;
    });
    console.log(`${curve.padEnd(26)} ${String(passes).padStart(5)}  ${shown.join("  ")}`);
  }
}
