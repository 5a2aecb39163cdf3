/**
 * `train`: trains a head on a folder of pictures.
 *
 * @module
 */
import { encodePng } from "../image/png.ts";
import { renderPlot } from "../image/plot.ts";
import { type HyperParameters, MASK_FORMS, PRESETS } from "../ptame/training/presets.ts";
import { ROW_FORMS } from "../ptame/training/rows.ts";
import type { CheckpointStore, TrainProgress, TrainResult } from "../ptame/training/train_options.ts";
import { train } from "../ptame/training/trainer.ts";
import { DEVICE_REQUESTS } from "../runtime/mod.ts";
import { type DownloadProgress, isDownload } from "../weights/download/progress.ts";
import { askedAuxiliary, AUXILIARY_HELP, AUXILIARY_OPTIONS, withAuxiliary } from "./auxiliary.ts";
import { NETWORK_NAMES } from "./explainer_options.ts";
import { allowed, DOWNLOAD_FLAGS, DOWNLOAD_HELP, downloadOptions } from "./downloads.ts";
import { checkWritable, readFile, readWeights, reason, stemOf, writeFile } from "./files.ts";
import { shareOf } from "./class_selection.ts";
import { holdOut, listImages } from "./image_lists.ts";
import {
  isOnnxPath,
  ONNX_FLAGS,
  ONNX_HELP,
  ONNX_OPTIONS,
  readOnnxModel,
  refuseOnnxOptions,
} from "./onnx_model.ts";
import { bar, longDuration, openTerminal, printable, type Terminal } from "./terminal.ts";
import { suggestion } from "../text/nearest.ts";
import { type Arguments, parseArguments, UsageError } from "./usage.ts";

const HELP = `Train a head: one map per class for a frozen classifier, from pictures without labels.

Usage: deno task train --backbone NAME|FILE.onnx --images DIR --out HEAD.safetensors [options]

Options:
  --backbone NAME|FILE.onnx  Classifier to explain: an .onnx file, or ${NETWORK_NAMES}
  --backbone-weights FILE    Its weights, safetensors or PyTorch's (default: shipped, or downloaded once)
${AUXILIARY_HELP}
  --images DIR|LIST          Folder with pictures (walked), or a text file with a path per line
  --hold-out N               Keep N of them, evenly spread, for validation (default: 0)
  --validation DIR|LIST      Pictures for validation, instead of --hold-out
  --hold-out-classes SHARE   Never train on pictures in which the classifier sees one of this share of its classes (0 to
                             0.9); without --hold-out and --validation, 100 pictures of half of them validate
  --out HEAD.safetensors     The head; beside it NAME.last.safetensors, NAME.loss.png, NAME.checkpoint.safetensors
  --epochs N, --steps N      Passes over the pictures (default: 1), or steps in all
  --batch N, --micro-batch N Pictures per step (default: 32), and at once through the backbone (default: 4)
  --preset NAME              ${PRESETS.map((preset) => preset.name).join(", ")}
  --rows FORM                Rows of the fuser: own (the paper's, a row per class), or shared by all classes, so that
                             classes without photographs learn too (default: the preset's)
  --masks FORM               area (the paper's: a price on the mask's area), or budget: the shares of the pixels that
                             measures keep (default: the preset's)
  --lr, --weight-decay, --ce, --area, --smooth, --border, --power X
                             Hyper-parameters that differ from the preset's
  --start KIND|HEAD          class-activation, default, or a head file to go on from
  --seed N                   Of order, augmentation and start (default: 0)
  --device NAME, --threads N ${DEVICE_REQUESTS.join(", ")} (default: auto)
  --image-workers N          Workers that decode pictures ahead (default: half of the cores, 4 at most; 0: none)
  --image-cache MB           Megabytes of decoded pictures kept for later epochs (default: 1024)
  --checkpoint-every N       Steps between checkpoints (default: 50)
  --validate-every N         Steps between validations (default: a fifth of the run)
  --resume                   Go on from the checkpoint beside --out
  --limit N                  At most so many pictures
  --name, --licence, --data  Texts for the head's record
${DOWNLOAD_HELP}
  --json                     One JSON document on stdout at the end
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task train --backbone efficientnet_lite0 --images photos/ --out head.safetensors
  deno task train --backbone my.onnx --auxiliary efficientnet_lite0 --images photos/ --hold-out 100 --out my_head.safetensors
  deno task train --backbone efficientnet_lite0 --images photos/ --out head.safetensors --resume`;

const HYPER: Readonly<Record<string, keyof HyperParameters>> = {
  lr: "learningRate",
  "weight-decay": "weightDecay",
  ce: "ce",
  area: "area",
  smooth: "smooth",
  border: "border",
  power: "power",
};

const NAMES = {
  flags: ["resume", "json", "quiet", "help", ...DOWNLOAD_FLAGS, ...ONNX_FLAGS],
  values: [
    "backbone",
    "backbone-weights",
    ...AUXILIARY_OPTIONS,
    "images",
    "hold-out",
    "hold-out-classes",
    "validation",
    "out",
    "epochs",
    "steps",
    "batch",
    "micro-batch",
    "preset",
    "rows",
    "masks",
    ...Object.keys(HYPER),
    ...ONNX_OPTIONS,
    "start",
    "seed",
    "device",
    "threads",
    "image-workers",
    "image-cache",
    "checkpoint-every",
    "validate-every",
    "limit",
    "name",
    "licence",
    "data",
  ],
  lists: [],
} as const;

/** Runs `train` and gives its exit code. */
export async function trainCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("train", args, NAMES);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length > 0) {
    throw new UsageError(`Unexpected argument ${given.positional[0]} of train; see --help`);
  }
  const need = (name: string): string => {
    const value = given.value(name);
    if (value === undefined) throw new UsageError(`Option --${name} of train is needed; see --help`);
    return value;
  };
  const [backbone, folder, out] = [need("backbone"), need("images"), need("out")];
  if (!/\.safetensors$/i.test(out)) {
    throw new UsageError(`Option --out takes a file name that ends in .safetensors, not ${out}`);
  }
  if (!isOnnxPath(backbone)) refuseOnnxOptions(backbone, given);
  const stem = out.replace(/\.safetensors$/i, "");
  const terminal = openTerminal(given.flag("quiet"));
  const weights = given.value("backbone-weights");
  const auxiliaryWeights = given.value("auxiliary-weights");
  const hyperParameters = hyperParametersOf(given);
  const start = await startOf(given);
  const numbers = {
    epochs: given.wholeNumber("epochs", 1),
    steps: given.wholeNumber("steps", 1),
    batch: given.wholeNumber("batch", 1),
    microBatch: given.wholeNumber("micro-batch", 1),
    seed: given.wholeNumber("seed", 0),
    threads: given.wholeNumber("threads", 1),
    checkpointEvery: given.wholeNumber("checkpoint-every", 1),
    validateEvery: given.wholeNumber("validate-every", 1),
    limit: given.wholeNumber("limit", 1),
    holdOutClasses: shareOf(given, "hold-out-classes"),
    imageWorkers: given.wholeNumber("image-workers", 0),
    imageCache: given.wholeNumber("image-cache", 0),
  };
  const texts = {
    preset: given.oneOf("preset", PRESETS.map((preset) => preset.name)),
    name: given.value("name"),
    licence: given.value("licence"),
    data: given.value("data"),
  };
  const form = whatIsGiven({ rows: given.oneOf("rows", ROW_FORMS), masks: given.oneOf("masks", MASK_FORMS) });
  const device = given.oneOf("device", DEVICE_REQUESTS) ?? "auto";
  const { images, validation } = await picturesOf(given, folder);
  const checkpoint = await checkpointFile(`${stem}.checkpoint.safetensors`, given.flag("resume"));
  await checkWritable(out);
  const { onProgress: onDownload, ...downloads } = downloadOptions(given, terminal);
  const report = reporter(terminal);
  let started = false;

  terminal.doing("Loading");
  const model = isOnnxPath(backbone) ? await readOnnxModel(backbone, given, "backbone") : backbone;
  const named = await withAuxiliary(model, backbone, askedAuxiliary(given));
  let result: TrainResult;
  try {
    result = await train({
      backbone: named.model,
      ...(named.auxiliary === undefined ? {} : { auxiliary: named.auxiliary }),
      images,
      hyperParameters,
      form,
      device,
      checkpoint,
      ...downloads,
      onProgress: (progress) => {
        started ||= progress.kind === "start";
        if (isDownload(progress)) onDownload?.(progress);
        else report(progress);
      },
      signal,
      ...(validation.length > 0 ? { validation } : {}),
      ...(weights === undefined ? {} : { backboneWeights: await readWeights(weights) }),
      ...(auxiliaryWeights === undefined ? {} : { auxiliaryWeights: await readWeights(auxiliaryWeights) }),
      ...(start === undefined ? {} : { start }),
      ...whatIsGiven(numbers),
      ...whatIsGiven(texts),
    });
  } catch (error) {
    // A checkpoint that was refused is nothing to go on from.
    if (started && checkpoint.saved) {
      terminal.say(`The run so far is in ${checkpoint.path}; go on with --resume`);
    }
    throw error;
  }
  await writeFile(out, result.head);
  await writeFile(`${stem}.last.safetensors`, result.last);
  await writeFile(`${stem}.loss.png`, await lossCurve(result, backbone));
  // The run is whole: nothing is left to go on from.
  await Deno.remove(checkpoint.path).catch(() => {});
  summarise(terminal, result, out, stem);
  if (given.flag("json")) {
    const { validations, skipped, losses } = result;
    console.log(
      JSON.stringify({ out, steps: losses.length, loss: losses.at(-1), validations, skipped }, null, 2),
    );
  }
  return 0;
}

/** What is given, without what is not. */
function whatIsGiven<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function hyperParametersOf(given: Arguments): Partial<HyperParameters> {
  const found: Record<string, number> = {};
  for (const [option, name] of Object.entries(HYPER)) {
    const text = given.value(option);
    if (text === undefined) continue;
    const number = Number(text);
    if (!Number.isFinite(number) || number < 0) {
      throw new UsageError(`Option --${option} takes a number of at least 0, not ${text}`);
    }
    found[name] = number;
  }
  return found;
}

async function startOf(given: Arguments): Promise<"class-activation" | "default" | Uint8Array | undefined> {
  const start = given.value("start");
  if (start === undefined || start === "class-activation" || start === "default") return start;
  if (/\.safetensors$/i.test(start)) return await readFile(start, "head");
  const near = suggestion(start, ["class-activation", "default"]);
  throw new UsageError(
    `Option --start takes class-activation, default or a .safetensors file, not ${start}${near}`,
  );
}

async function picturesOf(
  given: Arguments,
  folder: string,
): Promise<{ images: string[]; validation: string[] }> {
  const all = allowed(given, await listImages(folder));
  const count = given.wholeNumber("hold-out", 0) ?? 0;
  const separate = given.value("validation");
  if (separate !== undefined) {
    if (count > 0) throw new UsageError("Options --hold-out and --validation exclude each other");
    return { images: all, validation: allowed(given, await listImages(separate)) };
  }
  const { rest, held } = holdOut(all, count);
  return { images: rest, validation: held };
}

/** The checkpoint as a file. A run that is not resumed refuses to write over one that could be. */
async function checkpointFile(
  path: string,
  resume: boolean,
): Promise<CheckpointStore & { readonly path: string; readonly saved: boolean }> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Error(`Cannot read checkpoint ${path}: ${reason(error)}`, { cause: error });
    }
  }
  if (bytes !== undefined && !resume) {
    throw new Error(`Cannot start: ${path} is an unfinished run; go on with --resume, or remove it`);
  }
  if (bytes === undefined && resume) throw new Error(`Cannot resume: there is no checkpoint ${path}`);
  let saved = bytes !== undefined;
  return {
    path,
    get saved() {
      return saved;
    },
    load: () => Promise.resolve(bytes),
    save: async (fresh) => {
      await writeFile(path, fresh);
      saved = true;
    },
  };
}

/** Shows a progress bar on a terminal, and a line every half minute elsewhere. */
function reporter(terminal: Terminal): (progress: Exclude<TrainProgress, DownloadProgress>) => void {
  let last = -Infinity;
  return (progress) => {
    switch (progress.kind) {
      case "start": {
        const again = progress.resumedAt > 0 ? `, going on after step ${progress.resumedAt}` : "";
        terminal.say(
          `Training on ${progress.device}: ${progress.images} images, ${progress.steps} steps${again}`,
        );
        break;
      }
      case "sorting": {
        const { done, total, secondsLeft } = progress;
        const left = `${longDuration(secondsLeft)} left`;
        const shown = `${bar(done / total, 10).padEnd(10, "░")} ${done}/${total}  ${left}`;
        terminal.doing(`${shown}  sorting by class`);
        const now = performance.now();
        if (!terminal.live && now - last > 30_000) {
          terminal.say(`sorting by class: image ${done}/${total}, ${left}`);
          last = now;
        }
        break;
      }
      case "edges":
        terminal.say(
          `the first tap draws edges: it explains ${
            (100 * progress.explained).toFixed(0)
          } % of their variance`,
        );
        break;
      case "sorted": {
        const { train, choose, score, unreadable } = progress.counts;
        const of = ({ images, classes }: typeof train) => `${images} images of ${classes} classes`;
        terminal.say(
          `${Number((progress.holdOutClasses * 100).toFixed(4))} % of the classes are held out: ${
            of(train)
          } to train on, ` +
            `${of(choose)} to choose by, ${of(score)} to score on` +
            (unreadable > 0 ? `, ${unreadable} unreadable` : ""),
        );
        break;
      }
      case "step": {
        const { loss, steps, imagesPerSecond, secondsLeft } = progress;
        const [total, ce, area] = [loss.total, loss.ce, loss.area].map((term) => term.toFixed(3));
        const variation = loss.variation.toFixed(1);
        const left = `${longDuration(secondsLeft)} left`;
        const rate = `${imagesPerSecond.toFixed(1)} images/s`;
        const count = `${loss.step}/${steps}`;
        // Eighty columns hold what matters, wider ones all.
        terminal.doing(
          `${bar(loss.step / steps, 10).padEnd(10, "░")} ${count}  ${left}  ` +
            `loss ${total} (ce ${ce}, area ${area}, var ${variation})  ${rate}`,
        );
        const now = performance.now();
        if (!terminal.live && (now - last > 30_000 || loss.step === steps)) {
          const terms = `loss ${total} (ce ${ce}, area ${area}, variation ${variation})`;
          terminal.say(`step ${count}  ${terms}  ${rate}, ${left}`);
          last = now;
        }
        break;
      }
      case "validation": {
        const { step, averageDrop, increase, maskArea } = progress.validation;
        const list = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" / ");
        terminal.say(
          `validation at step ${step}: AD ${list(averageDrop)} %, IC ${
            list(increase)
          } % (at 100 / 50 / 15 %), ` +
            `mask area ${maskArea.toFixed(2)}${progress.best ? ", the best so far" : ""}`,
        );
        break;
      }
      case "skipped":
        // The reason names the picture.
        terminal.say(`skipped: ${printable(progress.skipped.reason)}`);
        break;
      case "checkpoint":
        break;
    }
  };
}

/** The loss and its terms over the steps, each the mean of up to 200 stretches. */
async function lossCurve({ losses }: TrainResult, backbone: string): Promise<Uint8Array> {
  const stretch = Math.max(1, Math.ceil(losses.length / 200));
  const curve = (name: string, key: "total" | "ce" | "area") => ({
    name,
    points: Array.from({ length: Math.ceil(losses.length / stretch) }, (_, i) => {
      const part = losses.slice(i * stretch, (i + 1) * stretch);
      return { x: part.at(-1)!.step, y: part.reduce((sum, loss) => sum + loss[key], 0) / part.length };
    }),
  });
  return await encodePng(
    await renderPlot(
      [curve("loss", "total"), curve("cross-entropy", "ce"), curve("area", "area")],
      { title: `Training a head for ${stemOf(backbone)}`, xLabel: "step" },
    ),
  );
}

function summarise(terminal: Terminal, result: TrainResult, out: string, stem: string): void {
  const { skipped } = result;
  if (skipped.length > 0) terminal.say(`${skipped.length} image(s) could not be read and were skipped`);
  terminal.say(`head: ${printable(out)}`);
  terminal.say(`loss curve: ${printable(stem)}.loss.png`);
}
