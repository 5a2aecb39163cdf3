/**
 * A contact sheet of what heads of EfficientNet-Lite0, and baselines, say of the same photographs.
 *
 *     deno run -A bench/head_gallery.ts --images DIR|LIST… --held-out-classes 0.4 --part score --out FILE.png COLUMN…
 *     deno run -A bench/head_gallery.ts --worst AD50 --records RECORDS.jsonl[#NAME]… --out FILE.png COLUMN…
 *
 * COLUMN is a baseline (`gradcam`), or `NAME=HEAD.safetensors`, `NAME=start` (class activations, untrained) or
 * `NAME=gradcam`. The first form takes `--count` photographs (24), one of each class of that part, the folders in turns,
 * in an order made of their names: nobody picked them. The second takes those on which one method (`--of`, by default
 * "ptame" as records have it) is furthest behind another (`--against`, "gradcam") in records of `evaluate --report`.
 * `--device` (native), `--threads`, `--cell` (88 pixels), `--across` (3 photographs) and `--title` say the rest. Below
 * 400 kB in any case. Through the launcher where JSR does not answer:
 * `deno run --no-config -A tools/launch.ts deno run -A bench/head_gallery.ts …`
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { prepareImage } from "../src/classifier/prepared_image.ts";
import { type OpenClassifier, openClassifier } from "../src/classifier/open.ts";
import { METHODS } from "../src/baselines/methods.ts";
import { createMapMethod } from "../src/baselines/types.ts";
import { type ClassSelection, selectImages } from "../src/cli/class_selection.ts";
import { toRgb } from "../src/cli/evaluation/gallery.ts";
import { readFile, writeFile } from "../src/cli/files.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { openTerminal } from "../src/cli/terminal.ts";
import { topClass } from "../src/faithfulness/scoring.ts";
import type { ImageRecord } from "../src/faithfulness/summary.ts";
import type { MapMethod } from "../src/explanation/map_method.ts";
import type { ScoreBatch } from "../src/faithfulness/types.ts";
import type { ImageSource } from "../src/image/types.ts";
import { createExplainer } from "../src/ptame/explainer.ts";
import { explainerMethod } from "../src/faithfulness/evaluation_images.ts";
import { startingHeadFile } from "./untrained_head_file.ts";
import type { DeviceRequest } from "../src/runtime/mod.ts";
import { onePerClass, worstOf } from "./gallery/choose.ts";
import { encodeBelow } from "./gallery/indexed_png.ts";
import { drawSheet, type SheetRow } from "./gallery/sheet.ts";

const LIMIT = 400_000;
const MODEL = "efficientnet_lite0";

const given = parseArgs(Deno.args, {
  string: [
    "images",
    "held-out-classes",
    "part",
    "count",
    "worst",
    "records",
    "of",
    "against",
    "out",
    "title",
    "device",
    "threads",
    "cell",
    "across",
    "_",
  ],
  collect: ["images", "records"],
});
const columns = given._.map(String).map((text) => {
  const at = text.indexOf("=");
  return { name: at < 0 ? text : text.slice(0, at), source: text.slice(at + 1) };
});
const byRecords = given.worst !== undefined;
if (
  given.out === undefined || columns.length === 0 || (byRecords ? given.records : given.images).length === 0
) {
  console.error(
    "Usage: head_gallery.ts (--images DIR… --held-out-classes SHARE --part choose|score | --worst MEASURE --records FILE…) " +
      "--out FILE.png NAME=HEAD.safetensors|NAME=start|gradcam…",
  );
  Deno.exit(2);
}

const count = Number(given.count ?? 24);
const open = {
  device: (given.device ?? "native") as DeviceRequest,
  ...(given.threads === undefined ? {} : { threads: Number(given.threads) }),
};
const terminal = openTerminal(false);
const { signal } = new AbortController();
await using classifier = await openClassifier({ ...open, model: MODEL });
await using opened = new AsyncDisposableStack();
const methods: MapMethod[] = [];
for (const { source } of columns) methods.push(await methodOf(source, classifier));

const chosen = byRecords ? failures(given.worst!) : await unpicked();
const { facts } = classifier;
const rows: SheetRow[] = [];
for (const { image, target: wanted, note } of chosen) {
  const prepared = await prepareImage(image, [facts.preprocessing]);
  const { pixels } = prepared;
  const [probabilities] = await classifier.probabilities([pixels], signal);
  const target = wanted ?? topClass(probabilities!);
  const maps = [];
  for (const method of methods) maps.push(await method(prepared, target, signal));
  const label = `${facts.labels[target]}  ${(100 * probabilities![target]!).toFixed(1)} %`;
  rows.push({ photo: toRgb({ pixels }), maps, captions: note === undefined ? [label] : [label, note] });
  console.log(`${image}\t${label}${note === undefined ? "" : `\t${note}`}`);
}
const sheet = await drawSheet({
  title: given.title?.split("|") ?? titleOf(),
  columns: columns.map(({ name }) => name),
  rows,
  cell: Number(given.cell ?? 88),
  across: Number(given.across ?? 3),
});
await writeFile(given.out, encodeBelow(sheet, LIMIT));
terminal.say(`${rows.length} photographs: ${given.out}`);

/** A baseline over the classifier, or an explainer's maps. */
async function methodOf(source: string, over: OpenClassifier): Promise<MapMethod> {
  const baseline = METHODS.find(({ name }) => name === source);
  if (baseline !== undefined && baseline.needs !== "head") {
    return createMapMethod(baseline, await baseline.create(over));
  }
  const head = source === "start" ? await startingHeadFile(MODEL) : await readFile(source, "head");
  const explainer = await createExplainer({ ...open, model: MODEL, head });
  opened.defer(() => explainer.dispose());
  return explainerMethod(explainer);
}

/** A picture to show, its class where that is known, and what to say of it. */
interface Chosen {
  readonly image: string;
  readonly target?: number;
  readonly note?: string;
}

async function unpicked(): Promise<Chosen[]> {
  const share = Number(given["held-out-classes"]);
  const selection = { share, part: given.part ?? "score", perClass: 1 } as ClassSelection;
  const score: ScoreBatch = (pictures, signal) => classifier.probabilities(pictures, signal);
  const folders = [];
  for (const folder of given.images) {
    const { facts } = classifier;
    const prepare = (image: ImageSource) => prepareImage(image, [facts.preprocessing]);
    const context = { reader: { backbone: facts, prepare }, score, terminal, signal };
    const { images } = await selectImages(await listImages(folder), selection, undefined, context);
    const pictures = [];
    for (const name of images) {
      const { pixels } = await prepare(name);
      pictures.push({ name, class: topClass((await score([pixels], signal))[0]!) });
    }
    folders.push(pictures);
  }
  return onePerClass(folders, count).map(({ name }) => ({ image: name }));
}

function failures(measure: string): Chosen[] {
  const paths: readonly string[] = given.records;
  const records = paths.flatMap((text) => {
    const [, path, name = "ptame"] = /^(.*?)(?:#(.*))?$/.exec(text)!;
    return Deno.readTextFileSync(path!).split("\n").filter((line) => line.trim() !== "")
      .map((line) => ({ name, record: JSON.parse(line) as ImageRecord }));
  });
  const digits = (value: number) => value.toFixed(/^(AD|IC)/.test(measure) ? 1 : 3);
  const [of, against] = [given.of ?? "ptame", given.against ?? "gradcam"];
  return worstOf(records, { measure, of, against }).slice(0, count).map(({ image, target, own, other }) => ({
    image,
    target,
    note: `${measure}: head ${digits(own)}, ${against} ${digits(other)}`,
  }));
}

function titleOf(): string[] {
  if (byRecords) {
    return [
      `Where the head is furthest behind (${given.worst})`,
      "The worst of all that were measured. Below each: the class that the classifier sees and how surely, and the measure.",
    ];
  }
  return [
    "Where does the classifier look? Classes that were kept out of training",
    "One photograph of a class, chosen by a hash of its name. Below each: the class that the classifier sees, and how surely.",
  ];
}
