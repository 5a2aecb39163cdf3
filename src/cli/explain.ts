/**
 * `explain`: names what the classifier sees in a picture and draws where it looks.
 *
 * @module
 */
import { encodeNpy } from "../image/npy.ts";
import { encodePng } from "../image/png.ts";
import { colorize } from "../image/colormap.ts";
import { createExplainer, type Explainer } from "../ptame/explainer.ts";
import type { Explanation } from "../ptame/explanation.ts";
import { DEVICE_HELP, EXPLAINER_OPTIONS, explainerOptions, MODEL_HELP } from "./explainer_options.ts";
import { isFolder, makeFolder, stemOf, writeFile } from "./files.ts";
import { ONNX_HELP } from "./onnx_model.ts";
import { bar, bold, duration, messageOf, openTerminal, printable, type Terminal } from "./terminal.ts";
import { type Arguments, parseArguments, UsageError } from "./usage.ts";

const HELP = `Explain a photograph: what the classifier sees, and where it looks.

Usage: deno task explain [IMAGE…] [options]

Without an image it explains the shipped sample.

Options:
${MODEL_HELP}
  --target INDEX|LABEL       Class to explain; may be given several times (default: the top class)
  --top K                    Explain the K most probable classes
${DEVICE_HELP}
  --out PATH|DIR             Where the overlay goes (default: NAME.explained.png here)
  --map FILE                 The bare map too, as .npy, .png or .json
  --json                     One JSON document on stdout (a list, for several images)
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task explain photo.jpg
  deno task explain photo.jpg --target "tiger cat" --out cat.png
  deno task explain a.jpg b.jpg --top 3 --out explained/ --json
  deno task explain photo.jpg --model my_classifier.onnx --head my_head.safetensors
  deno task explain photo.jpg --map photo.npy --device wasm --threads 1`;

const NAMES = {
  flags: ["json", "quiet", "help"],
  values: [
    "target",
    "top",
    "out",
    "map",
    ...EXPLAINER_OPTIONS,
  ],
  lists: ["target"],
} as const;

/** The shipped sample: its address, and what it is called. */
const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const SAMPLE_NAME = "models/sample/chelsea.jpg";

/** What `--json` says of one picture. */
interface ExplainedImage {
  image: string;
  model: string;
  auxiliary: string;
  device: string;
  threads: number;
  head: { name: string; trained: boolean; backbone: string };
  /** What the scores have been through inside the network; left out where nothing. */
  activation?: string;
  prediction: { index: number; label: string; probability: number }[];
  targets: {
    index: number;
    label: string;
    probability: number;
    map: { width: number; height: number; min: number; max: number; mean: number };
    out: string;
  }[];
  out: string;
  milliseconds: { load: number; prepare: number; predict: number; explain: number };
}

/** What scores are that have been through a function inside the network. */
const ACTIVATION_WORDS = {
  "softmax": "probabilities already",
  "log-softmax": "logarithms of probabilities",
  "sigmoid": "probabilities of each class on its own",
};

/** Where the results of the pictures go. */
interface Destinations {
  /** Path of the overlay of a picture's target number `which` of `count`. */
  overlay(image: string, label: string, which: number, count: number): string;
  /** Path of a picture's map; `undefined` where none is asked for. */
  map(image: string): string | undefined;
}

/** Runs `explain` and gives its exit code. */
export async function explainCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("explain", args, NAMES);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  const json = given.flag("json");
  const terminal = openTerminal(given.flag("quiet"));
  const targets = given.list("target");
  const topK = given.wholeNumber("top", 1);
  if (targets.length > 0 && topK !== undefined) {
    throw new UsageError("Options --target and --top exclude each other");
  }
  const sample = given.positional.length === 0;
  const images = sample ? [SAMPLE_NAME] : given.positional;
  const destinations = await destinationsFor(given, images);
  for (const image of images) refuseOverwriting(image, destinations);
  if (sample) terminal.say("No image given: explaining the shipped sample");

  terminal.doing("Loading");
  const started = performance.now();
  await using explainer = await createExplainer({ ...(await explainerOptions(given)), signal });
  const load = performance.now() - started;

  const documents: (ExplainedImage | { image: string; error: string })[] = [];
  let failed = false;
  for (const image of images) {
    terminal.doing(`Explaining ${printable(image)}`);
    try {
      const source = sample ? SAMPLE : image;
      const explanation = await explainer.explain(source, {
        signal,
        ...(targets.length > 0 ? { target: targets } : {}),
        ...(topK === undefined ? {} : { topK }),
      });
      const outs = await writeOverlays(explanation, image, destinations, signal);
      const mapPath = destinations.map(image);
      if (mapPath !== undefined) await writeMap(mapPath, explanation);
      signal.throwIfAborted();
      documents.push(documentOf(explanation, image, outs, load));
      showTable(terminal, explainer, explanation, image, outs, mapPath, load);
    } catch (error) {
      // One picture alone fails the command; among several the others go on.
      if (signal.aborted || images.length === 1) throw error;
      failed = true;
      terminal.fail(`ptame: ${printable(messageOf(error))}`);
      documents.push({ image, error: messageOf(error) });
    }
  }
  if (json) console.log(JSON.stringify(images.length === 1 ? documents[0] : documents, null, 2));
  return failed ? 1 : 0;
}

/** Decides where results go, and makes the folders, before anything is computed. */
async function destinationsFor(given: Arguments, images: readonly string[]): Promise<Destinations> {
  const several = images.length > 1;
  const place = async (option: "out" | "map", extensions: RegExp, expected: string) => {
    const path = given.value(option);
    if (path === undefined) return undefined;
    const folder = /[/\\]$/.test(path) || await isFolder(path) || (several && !extensions.test(path));
    if (folder) {
      await makeFolder(path);
      return { folder: path.replace(/[/\\]+$/, "") };
    }
    if (several) {
      throw new UsageError(`Option --${option} must be a folder for ${images.length} images, not ${path}`);
    }
    if (!extensions.test(path)) {
      throw new UsageError(
        `Option --${option} takes a file name that ends in ${expected}, or a folder, not ${path}`,
      );
    }
    return { file: path };
  };
  const out = await place("out", /\.png$/i, ".png");
  const map = await place("map", /\.(npy|png|json)$/i, ".npy, .png or .json");
  const stems = uniqueStems(images);
  return {
    overlay: (image, label, which, count) => {
      const suffix = count > 1 ? `.${which + 1}-${label.toLowerCase().replace(/[^a-z0-9]+/g, "-")}` : "";
      if (out?.file !== undefined) return out.file.replace(/\.png$/i, (extension) => suffix + extension);
      const name = `${stems.get(image)}.explained${suffix}.png`;
      return out === undefined ? name : `${out.folder}/${name}`;
    },
    map: (image) => (map === undefined ? undefined : map.file ?? `${map.folder}/${stems.get(image)}.npy`),
  };
}

/** Refuses to write a result over the picture that it is of, or the map over the overlay. */
function refuseOverwriting(image: string, destinations: Destinations): void {
  const same = (a: string, b: string) => a === b || realPath(a) === realPath(b);
  const [overlay, map] = [destinations.overlay(image, "", 0, 1), destinations.map(image)];
  for (const path of [overlay, map]) {
    if (path !== undefined && same(path, image)) {
      throw new UsageError(`Cannot write the result over its own picture ${image}`);
    }
  }
  if (map !== undefined && same(overlay, map)) {
    throw new UsageError(`Options --out and --map name the same file ${map}`);
  }
}

/** A path without links and detours; as it is where nothing is there yet. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Names for results: the pictures' own, told apart where two are alike. */
function uniqueStems(images: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const stems = new Map<string, string>();
  for (const image of new Set(images)) {
    const stem = stemOf(image);
    let name = stem;
    for (let i = 2; taken.has(name); i++) name = `${stem}-${i}`;
    taken.add(name);
    stems.set(image, name);
  }
  return stems;
}

async function writeOverlays(
  explanation: Explanation,
  image: string,
  destinations: Destinations,
  signal: AbortSignal,
): Promise<string[]> {
  const outs: string[] = [];
  const count = explanation.targets.length;
  for (let which = 0; which < count; which++) {
    signal.throwIfAborted();
    const path = destinations.overlay(image, explanation.targets[which]!.label, which, count);
    await writeFile(path, await explanation.overlayPng(which));
    outs.push(path);
  }
  return outs;
}

/** The bare maps: [56, 56] for one target, [K, 56, 56] for several; a picture shows the first. */
async function writeMap(path: string, { targets }: Explanation): Promise<void> {
  const { width, height } = targets[0]!.map;
  if (/\.png$/i.test(path)) {
    const data = colorize(targets[0]!.map.values, "inferno");
    return await writeFile(path, await encodePng({ width, height, data }));
  }
  if (/\.json$/i.test(path)) {
    const maps = targets.map(({ index, label, map }) => ({
      index,
      label,
      width,
      height,
      values: [...map.values],
    }));
    return await writeFile(path, JSON.stringify(maps.length === 1 ? maps[0] : maps));
  }
  const all = new Float32Array(targets.length * width * height);
  targets.forEach(({ map }, i) => all.set(map.values, i * width * height));
  await writeFile(
    path,
    encodeNpy(all, targets.length === 1 ? [height, width] : [targets.length, height, width]),
  );
}

function documentOf(
  explanation: Explanation,
  image: string,
  outs: readonly string[],
  load: number,
): ExplainedImage {
  const rounded = (value: number) => Math.round(value * 10) / 10;
  const { prepare, predict, explain } = explanation.milliseconds;
  return {
    image,
    model: explanation.model,
    auxiliary: explanation.auxiliary,
    device: explanation.device,
    threads: explanation.threads,
    head: {
      name: explanation.head.name,
      trained: explanation.head.trained,
      backbone: explanation.head.backbone,
    },
    ...(explanation.activation === "none" ? {} : { activation: explanation.activation }),
    prediction: explanation.prediction.map(({ index, label, probability }) => ({
      index,
      label,
      probability,
    })),
    targets: explanation.targets.map(({ index, label, probability, map }, which) => ({
      index,
      label,
      probability,
      map: { width: map.width, height: map.height, ...summary(map.values) },
      out: outs[which]!,
    })),
    out: outs[0]!,
    milliseconds: {
      load: rounded(load),
      prepare: rounded(prepare),
      predict: rounded(predict),
      explain: rounded(explain),
    },
  };
}

function summary(values: Float32Array): { min: number; max: number; mean: number } {
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}

function showTable(
  terminal: Terminal,
  explainer: Explainer,
  explanation: Explanation,
  image: string,
  outs: readonly string[],
  mapPath: string | undefined,
  load: number,
): void {
  const { prediction, targets, milliseconds, device, threads, head } = explanation;
  const onThreads = device === "webgpu" ? "" : `, ${threads} thread${threads === 1 ? "" : "s"}`;
  const partly = explainer.session.partlyOnCpu ? " (partly on the CPU)" : "";
  terminal.say("");
  terminal.say(`${bold(printable(image))}  ${explanation.model} on ${device}${partly}${onThreads}`);
  for (const { index, label, probability } of prediction) {
    const mark = targets.some((target) => target.index === index) ? "→" : " ";
    const percent = (100 * probability).toFixed(1).padStart(6);
    terminal.say(` ${mark} ${percent} %  ${bar(probability, 20).padEnd(20)}  ${label}`);
  }
  for (const { index, label, probability } of targets) {
    if (prediction.some((score) => score.index === index)) continue;
    terminal.say(` → ${(100 * probability).toFixed(3).padStart(6)} %  ${"".padEnd(20)}  ${label}`);
  }
  if (head.trained && head.backbone !== explanation.model) {
    terminal.say(`   The head was trained for ${head.backbone}: of ${explanation.model} it may tell little`);
  }
  if (!head.trained) terminal.say(`   The head is not trained: the map is ${head.name}`);
  if (explanation.activation !== "none") {
    terminal.say(
      `   The network ends in a ${explanation.activation}: its scores are ${
        ACTIVATION_WORDS[explanation.activation]
      }`,
    );
  }
  targets.forEach(({ label }, which) => terminal.say(`   ${label}: ${printable(outs[which]!)}`));
  if (mapPath !== undefined) terminal.say(`   map: ${printable(mapPath)}`);
  const { prepare, predict, explain } = milliseconds;
  terminal.say(
    `   load ${duration(load)}, picture ${duration(prepare)}, predict ${duration(predict)}, explain ${
      duration(explain)
    }`,
  );
}
