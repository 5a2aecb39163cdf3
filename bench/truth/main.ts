/**
 * The benchmark with known truth: which methods point at the parts of drawn scenes that decide the class?
 *
 *     deno task truth                                        # prints the table of what was measured
 *     deno task truth --out DIR --scenes 100 [--methods A,B] [--device wasm] [--json FILE]
 *
 * The scenes are those of scenes.ts, the classifier is parts.onnx, and the scores are those of measures.ts. Only scenes
 * that the classifier gets right are measured, and their own class is explained. DIR keeps a line for each scene and
 * method; the same command continues a stopped run. Nothing is masked, perturbed or retrained to decide which map is right.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { METHODS } from "../../src/baselines/methods.ts";
import { createMapMethod, type MethodOptions } from "../../src/baselines/types.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import { upsampleMap } from "../../src/image/upsample.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { openParts, PARTS_HEAD, partsModel } from "./classifier.ts";
import { checkTruth } from "./check.ts";
import { findRegions, scoreMap } from "./measures.ts";
import { drawScene, SIDE } from "./scenes.ts";
import { type Results, sumUp, type TruthRecord } from "./sums.ts";
import { tableText } from "./table.ts";

/** Seed of the scenes that are measured; the classifier and the head were trained on others. */
const SEED = 2;

/**
 * RISE ends at this expected rank correlation with another run, and extremal perturbations take fewer steps for each area;
 * all other numbers of passes are the usual ones.
 */
const FEWER: Readonly<Record<string, MethodOptions>> = { rise: { settle: 0.95 }, extremal: { steps: 25 } };

/** The results of the repository. */
const RESULTS = new URL("../results/truth.json", import.meta.url);

const given = parseArgs(Deno.args, { string: ["out", "scenes", "methods", "device", "json"] });
if (given.out === undefined) {
  console.log(tableText(JSON.parse(Deno.readTextFileSync(RESULTS)) as Results));
} else {
  const results = await measure(
    given.out,
    Number(given.scenes ?? 100),
    given.device === "wasm" ? "wasm" : "native",
  );
  console.log(tableText(results));
  if (given.json !== undefined) Deno.writeTextFileSync(given.json, JSON.stringify(results, null, 1) + "\n");
}

/** Measures what is not yet in the folder's records, and sums up all of them. */
async function measure(folder: string, scenes: number, device: "wasm" | "native"): Promise<Results> {
  Deno.mkdirSync(folder, { recursive: true });
  const path = `${folder}/records.jsonl`;
  const records = readRecords(path);
  const done = new Set(records.map(({ scene, method }) => `${scene} ${method}`));
  await using classifier = await openParts(device);
  const model = partsModel();
  await using explainer = await createExplainer({
    model,
    auxiliary: model,
    head: Deno.readFileSync(PARTS_HEAD),
    device,
    threads: 1,
  });
  const names = given.methods?.split(",");
  const chosen = METHODS.filter(({ name, attends }) => attends !== true && (names?.includes(name) ?? true));
  const methods = new Map<string, MapMethod>();
  for (const method of chosen) {
    methods.set(
      method.name,
      method.needs === "head"
        ? (image, target, signal) => explainer.mask(image, target, signal)
        : createMapMethod(method, await method.create(classifier, FEWER[method.name])),
    );
  }
  for (let index = 0; index < scenes; index++) {
    const { pixels, shown, label } = drawScene(SEED, index);
    const [scores] = await classifier.logits([pixels]);
    if (scores!.indexOf(Math.max(...scores!)) !== label) continue;
    const regions = findRegions(shown);
    for (const [method, map] of methods) {
      if (done.has(`${index} ${method}`)) continue;
      const { width, height, values } = await map({ pixels }, label);
      const large = upsampleMap(values, width, height, SIDE, SIDE);
      const record = { scene: index, method, ...scoreMap(large, regions) };
      records.push(record);
      Deno.writeTextFileSync(path, JSON.stringify(record) + "\n", { append: true });
    }
  }
  const within = records.filter(({ scene, method }) => scene < scenes && methods.has(method));
  return { ...sumUp(within, [...methods.keys()]), check: await checkTruth(classifier, SEED, scenes) };
}

/** The records of a former run; a last line that was cut off is not there. */
function readRecords(path: string): TruthRecord[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) Deno.writeTextFileSync(path, whole);
  return whole.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as TruthRecord);
}
