/**
 * `evaluate`: measures how faithful maps are, over a folder of pictures.
 *
 * @module
 */
import { type BoxesByImage, boxesFor, parseBoxes } from "../faithfulness/boxes.ts";
import { evaluate } from "../faithfulness/evaluate.ts";
import type { EvaluateResult, EvaluationProgress } from "../faithfulness/evaluate_options.ts";
import { PRESETS } from "../faithfulness/presets.ts";
import { evaluationCsv } from "../faithfulness/report/csv.ts";
import { evaluationJson, type ImageRecord } from "../faithfulness/summary.ts";
import { type MeasureName, MEASURES } from "../faithfulness/types.ts";
import { type AuxiliaryPixels, evaluationImages, explainerScores } from "../ptame/evaluation_images.ts";
import type { Explainer, ExplainerOptions } from "../ptame/explainer.ts";
import { METHOD_NAMES, methodsOf, namesIn } from "./evaluation/methods.ts";
import { openRecordFile } from "./evaluation/record_file.ts";
import { tableLines } from "./evaluation/table.ts";
import {
  DEVICE_HELP,
  EXPLAINER_OPTIONS,
  explainerOptions,
  MODEL_HELP,
  openPtame,
} from "./explainer_options.ts";
import { checkWritable, makeFolder, readFile, writeFile } from "./files.ts";
import { evenlySpread, holdOut, listImages } from "./image_lists.ts";
import { ONNX_HELP } from "./onnx_model.ts";
import {
  bar,
  bold,
  longDuration,
  openTerminal,
  printable,
  type Terminal,
  terminalWidth,
} from "./terminal.ts";
import { type Arguments, parseArguments, UsageError } from "./usage.ts";

const HELP =
  `Measure how faithful maps are: what the classifier still sees when their pixels are kept or removed.

Usage: deno task evaluate --images DIR|LIST [options]

Options:
  --images DIR|LIST          Folder with pictures (walked), or a text file with a path per line
  --methods A,B,…            ${METHOD_NAMES.join(", ")} (default: all of them)
  --measures A,B,…           ${MEASURES.join(", ")} (default: ad, ic, road)
  --preset NAME              ${PRESETS.map((preset) => preset.name).join(", ")}
                             (default: ptame-2025; measures that a preset lacks are taken with their own)
  --hold-out N               Only the N pictures that train --hold-out N keeps out
  --limit N                  Only N pictures, evenly spread
  --boxes FILE.json          Objects for pointing and energy: { "cat.jpg": [[x, y, width, height]], … }
  --seed N                   Of noise, intervals and random maps (default: 0)
${MODEL_HELP}
${DEVICE_HELP}
  --report DIR               Records and results there
  --csv FILE                 The table as CSV
  --resume                   Go on from the records of a stopped run
  --json                     One JSON document on stdout
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task evaluate --images photos/ --limit 50
  deno task evaluate --images photos/ --hold-out 200 --head head.safetensors --report out/
  deno task evaluate --images photos/ --methods ptame,random --measures insertion,deletion --preset rise --csv rise.csv
  deno task evaluate --images photos/ --measures pointing,energy --boxes boxes.json --json`;

const NAMES = {
  flags: ["resume", "json", "quiet", "help"],
  values: [
    "images",
    "methods",
    "measures",
    "preset",
    "hold-out",
    "limit",
    "boxes",
    "seed",
    "report",
    "csv",
    ...EXPLAINER_OPTIONS,
  ],
  lists: ["methods", "measures"],
} as const;

/** Where records go when no folder is named; removed when the run is whole. */
const RECORDS = "evaluation.jsonl";

/** What is measured, as the options say it. */
interface Plan {
  readonly folder: string;
  readonly images: readonly string[];
  readonly methods: readonly string[];
  readonly measures: readonly MeasureName[];
  readonly preset: string;
  readonly seed: number;
  readonly boxes: BoxesByImage | undefined;
  readonly report: string | undefined;
}

/** Runs `evaluate` and gives its exit code. */
export async function evaluateCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("evaluate", args, NAMES);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length > 0) {
    throw new UsageError(`Unexpected argument ${given.positional[0]} of evaluate; see --help`);
  }
  const terminal = openTerminal(given.flag("quiet"));
  const plan = await planOf(given);
  const options = await explainerOptions(given);
  const csv = given.value("csv");
  if (csv !== undefined) await checkWritable(csv);
  if (plan.report !== undefined) await makeFolder(plan.report);

  const path = plan.report === undefined ? RECORDS : `${plan.report}/records.jsonl`;
  const file = await openRecordFile<ImageRecord>(path, given.flag("resume"));
  let whole = false;
  try {
    terminal.doing("Loading");
    await using explainer = await openPtame({ ...options, signal }, given);
    const result = await measure(plan, explainer, options, file, terminal, signal);
    const document = documentOf(result, plan, explainer);
    if (csv !== undefined) await writeFile(csv, evaluationCsv(result));
    if (plan.report !== undefined) {
      await writeFile(`${plan.report}/results.json`, JSON.stringify(document, null, 2) + "\n");
    }
    signal.throwIfAborted();
    whole = true;
    showResult(result, explainer, terminal, csv, plan.report);
    if (given.flag("json")) console.log(JSON.stringify(document, null, 2));
    return 0;
  } catch (error) {
    // Records that were refused are nothing to go on from.
    if (file.appended > 0 || (signal.aborted && file.records.length > 0)) {
      terminal.say(`The run so far is in ${printable(path)}; go on with --resume`);
    }
    throw error;
  } finally {
    await file.close({ remove: whole && plan.report === undefined });
  }
}

async function planOf(given: Arguments): Promise<Plan> {
  const folder = given.value("images");
  if (folder === undefined) throw new UsageError("Option --images of evaluate is needed; see --help");
  const named = <T extends string>(
    option: "methods" | "measures",
    known: readonly T[],
    usual: readonly T[],
  ) => given.list(option).length === 0 ? usual : namesIn(option, given.list(option), known);
  const methods = named("methods", METHOD_NAMES, METHOD_NAMES);
  const measures = named("measures", MEASURES, ["ad", "ic", "road"]);
  const preset = given.oneOf("preset", PRESETS.map(({ name }) => name)) ?? "ptame-2025";
  const [count, limit, seed] = [
    given.wholeNumber("hold-out", 1),
    given.wholeNumber("limit", 1),
    given.wholeNumber("seed", 0) ?? 0,
  ];
  const boxesPath = given.value("boxes");
  const pointing = measures.filter((measure) => measure === "pointing" || measure === "energy");
  if (pointing.length > 0 && boxesPath === undefined) {
    throw new UsageError(`Measure ${pointing[0]} needs to know where the objects are: --boxes FILE.json`);
  }
  const boxes = boxesPath === undefined
    ? undefined
    : parseBoxes(new TextDecoder().decode(await readFile(boxesPath, "boxes")), boxesPath);
  const listed = await listImages(folder);
  const held = count === undefined ? listed : holdOut(listed, count).held;
  const images = limit === undefined ? held : evenlySpread(held, limit);
  const report = given.value("report")?.replace(/(?<=.)[/\\]+$/, "");
  return { folder, images, methods, measures, preset, seed, boxes, report };
}

async function measure(
  plan: Plan,
  explainer: Explainer,
  options: ExplainerOptions,
  file: { readonly records: readonly ImageRecord[]; append(record: ImageRecord): Promise<void> },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<EvaluateResult> {
  const { images, boxes, folder } = plan;
  const auxiliaryPixels: AuxiliaryPixels = new WeakMap();
  const missing = images.filter((image) =>
    boxes !== undefined && boxesFor(boxes, image, folder) === undefined
  );
  if (missing.length === images.length) {
    throw new Error(`Cannot evaluate: ${missing[0]} and all other images are not in the file of --boxes`);
  }
  if (missing.length > 0) {
    terminal.say(`${missing.length} image(s) have no boxes and do not count for pointing and energy`);
  }
  terminal.say(
    `Evaluating ${plan.methods.join(", ")} on ${images.length} images with ${plan.preset}: ` +
      `${explainer.backbone.name} on ${explainer.session.device}`,
  );
  const result = await evaluate({
    images: evaluationImages(images, explainer, {
      auxiliaryPixels,
      ...(boxes === undefined ? {} : { boxesOf: (name) => boxesFor(boxes, name, folder) }),
    }),
    total: images.length,
    methods: methodsOf(plan.methods, explainer, auxiliaryPixels, plan.seed),
    score: explainerScores(explainer),
    preset: plan.preset,
    measures: plan.measures,
    normalization: explainer.backbone.preprocessing,
    seed: plan.seed,
    model: await identityOf(explainer, options),
    records: file.records,
    onRecord: (record) => file.append(record),
    onProgress: progressOn(terminal),
    onSkipped: ({ reason }) => terminal.say(`skipped: ${printable(reason)}`),
    signal,
  });
  if (result.images === 0) {
    throw new Error(`Cannot evaluate: none of the ${images.length} images can be read`);
  }
  return result;
}

/** What records depend on beside measures and seed: a map of another head is another method's. */
async function identityOf(explainer: Explainer, { weights }: ExplainerOptions): Promise<string> {
  const bytes = [explainer.head.bytes, ...(weights instanceof Uint8Array ? [weights] : [])];
  const hashes = await Promise.all(bytes.map(async (each) => {
    const digest = await crypto.subtle.digest("SHA-256", each as Uint8Array<ArrayBuffer>);
    return Array.from(new Uint8Array(digest, 0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }));
  return `${explainer.backbone.name} ${explainer.auxiliary} ${hashes.join(" ")}`;
}

/** A progress bar on a terminal, a line every half minute elsewhere. */
function progressOn(terminal: Terminal): (progress: EvaluationProgress) => void {
  let last = performance.now();
  return ({ done, total, image, secondsLeft }) => {
    const left = secondsLeft === undefined ? "" : `  ${longDuration(secondsLeft)} left`;
    const count = `${done}/${total}`;
    terminal.doing(`${bar(done / total!, 10).padEnd(10, "░")} ${count}${left}  ${printable(image)}`);
    const now = performance.now();
    if (terminal.live || now - last < 30_000) return;
    terminal.say(`image ${count}${left}`);
    last = now;
  };
}

/** What `--json` says. */
function documentOf(result: EvaluateResult, plan: Plan, explainer: Explainer) {
  const { preset, images, methods } = evaluationJson(result);
  const { name, trained, backbone } = explainer.head.record;
  return {
    preset,
    images,
    model: explainer.backbone.name,
    auxiliary: explainer.auxiliary,
    head: { name, trained, backbone },
    device: explainer.session.device,
    seed: plan.seed,
    skipped: result.skipped,
    methods,
  };
}

function showResult(
  result: EvaluateResult,
  explainer: Explainer,
  terminal: Terminal,
  csv: string | undefined,
  report: string | undefined,
): void {
  const { skipped, images, preset } = result;
  if (skipped.length > 0) terminal.say(`${skipped.length} image(s) could not be read and were skipped`);
  terminal.say("");
  terminal.say(`${explainer.backbone.name}, ${images} images, preset ${preset}; 95 % intervals, * best mean`);
  if (!explainer.head.record.trained) {
    terminal.say(`The head of ptame is not trained: ${explainer.head.record.name}`);
  }
  terminal.say("");
  for (const line of tableLines(result, terminalWidth(), bold)) terminal.say(line);
  if (csv !== undefined) terminal.say(`table: ${printable(csv)}`);
  if (report !== undefined) terminal.say(`results: ${printable(report)}/results.json`);
}
