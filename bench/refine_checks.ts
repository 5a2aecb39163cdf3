/**
 * Two checks of refining, over images:
 *
 * - Does it fit noise? Rows are refined against a classifier with randomised weights, and measured on the intact one.
 *   Such maps must be no better than the head's own.
 * - Do two seeds agree? Spearman's rank correlation of the maps of two runs whose images and shares differ a little.
 *
 *     deno run -A bench/refine_checks.ts --images LIST.txt --out DIR [--limit N] [--steps N]
 *
 * DIR gets records.jsonl, which bench/compare_records.ts reads (methods head, refined, other-seed, randomised), and
 * correlations.jsonl. A stopped run is started anew.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { listLayers, randomizedClassifier } from "../src/classifier/graphs/randomized.ts";
import { evenlySpread } from "../src/ptame/evenly_spread.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { evaluate } from "../src/faithfulness/evaluate.ts";
import { evaluationImages, explainerScores } from "../src/faithfulness/evaluation_images.ts";
import { spearman } from "../src/faithfulness/correlation.ts";
import type { MapMethod } from "../src/explanation/map_method.ts";
import { headFor, loadPair } from "../src/ptame/classifier_pair.ts";
import { type Explainer, explainerOver } from "../src/ptame/explainer.ts";

const given = parseArgs(Deno.args, { string: ["images", "out", "limit", "steps", "threads"] });
if (given.images === undefined || given.out === undefined) {
  console.error("Usage: refine_checks.ts --images LIST.txt --out DIR [--limit N] [--steps N] [--threads N]");
  Deno.exit(2);
}
const listed = await listImages(given.images);
const images = given.limit === undefined ? listed : evenlySpread(listed, Number(given.limit));
const steps = Number(given.steps ?? 20);
Deno.mkdirSync(given.out, { recursive: true });

const pair = await loadPair({}, undefined);
const head = await headFor(pair, undefined);
const runtime = { device: "native", threads: Number(given.threads ?? 1) } as const;
const intact = await explainerOver(pair, head, runtime);
// The auxiliary stays intact: the head reads what it was trained on, and the steps alone are misled.
const backbone = randomizedClassifier(pair.backbone, listLayers(pair.backbone.part()));
const randomised = await explainerOver({ ...pair, backbone }, head, runtime);

const correlations: { seeds: number; head: number }[] = [];
/** The maps of the image that is measured, in the order of the methods. Records come later, several images at once. */
let maps: Float32Array[] = [];
const keeping = (make: MapMethod): MapMethod => async (image, target) => {
  const map = await make(image, target);
  maps.push(map.values);
  return map;
};
const refined = (explainer: Explainer, seed: number): MapMethod => (image, target) =>
  explainer.refinedMask(image, target, { steps, seed });
const misled: MapMethod = async (image, target) => {
  const [head, first, second] = maps as [Float32Array, Float32Array, Float32Array];
  const found = { seeds: spearman(first, second), head: spearman(first, head) };
  correlations.push(found);
  write("correlations.jsonl", found);
  maps = [];
  return await refined(randomised, 0)(image, target);
};
const write = (file: string, value: unknown) =>
  Deno.writeTextFileSync(`${given.out}/${file}`, JSON.stringify(value) + "\n", { append: true });
for (const file of ["records.jsonl", "correlations.jsonl"]) {
  Deno.writeTextFileSync(`${given.out}/${file}`, "");
}
await evaluate({
  images: evaluationImages(images, intact),
  total: images.length,
  methods: {
    head: keeping((image, target) => intact.mask(image, target)),
    refined: keeping(refined(intact, 0)),
    "other-seed": keeping(refined(intact, 1)),
    randomised: misled,
  },
  score: explainerScores(intact),
  preset: "ptame-2025",
  measures: ["ad", "ic"],
  normalization: pair.backbone.facts.preprocessing,
  onRecord: (record) => write("records.jsonl", record),
});

const mean = (of: (each: typeof correlations[number]) => number) =>
  correlations.reduce((sum, each) => sum + of(each), 0) / correlations.length;
const lowest = Math.min(...correlations.map(({ seeds }) => seeds));
console.log(
  `${correlations.length} images: rank correlation of two seeds ${mean(({ seeds }) => seeds).toFixed(3)} ` +
    `(lowest ${lowest.toFixed(3)}), of refined and head ${mean(({ head }) => head).toFixed(3)}`,
);
await intact.dispose();
await randomised.dispose();
