/**
 * The options of `evaluate`, checked before any work starts.
 *
 * @module
 */
import type { CountOption, MethodOptions } from "../../baselines/types.ts";
import { PRESETS } from "../../faithfulness/presets.ts";
import {
  MEASURE_NAMES,
  type MeasureName,
  measureNamed,
  USUAL_MEASURES,
} from "../../faithfulness/measures.ts";
import { type ClassSelection, createSelection, SELECTION_OPTIONS } from "../class_selection.ts";
import { refuseRemoteIfOffline } from "../downloads.ts";
import { BASELINE_OPTIONS, givenCounts } from "../explain/method.ts";
import type { DecodeSettings } from "../../image/decode.ts";
import { DECODE_OPTIONS, decodeSettings } from "../decode_options.ts";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../explainer_options.ts";
import { PTAME } from "../../ptame/explanation.ts";
import { MOST_STEPS } from "../../ptame/refine/types.ts";
import { evenlySpread } from "../../ptame/evenly_spread.ts";
import { holdOut, listImages } from "../image_lists.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import {
  choice,
  choices,
  flag,
  group,
  needed,
  parsed,
  text,
  type Values,
  wholeNumber,
} from "../options/kinds.ts";
import type { Declaration } from "../options/command.ts";
import { MOST_WORKERS, usualWorkers } from "../folder/usual_workers.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { printable, type Terminal } from "../terminal.ts";
import { chooseShard } from "../shards/schedulers.ts";
import { IMAGE_COLUMN_OPTION, SOURCE_FORMS } from "../sources/option.ts";
import { shardOption } from "../shards/option.ts";
import type { Shard } from "../shards/shard.ts";
import { UsageError } from "../usage.ts";
import { METHOD_NAMES, USUAL_METHODS } from "./methods.ts";
import { type Annotations, openAnnotations } from "./annotations.ts";
import { type MadeMaps, openMadeMaps } from "./made_maps.ts";
import { commandLine } from "./report.ts";

/** The options of `evaluate`. */
export const EVALUATE_OPTIONS = {
  ...group("Images", {
    images: needed(
      text("DIR|LIST", SOURCE_FORMS),
    ),
    ...IMAGE_COLUMN_OPTION,
    holdOut: wholeNumber("N", "Only the N images that train --hold-out N sets aside", { least: 1 }),
    ...SELECTION_OPTIONS,
    limit: wholeNumber("N", "Use only N of them, evenly spread", { least: 1 }),
    shard: shardOption("Measure"),
  }),
  ...group("What is measured", {
    methods: choices("A,B,…", METHOD_NAMES, "Methods to compare", USUAL_METHODS),
    ...BASELINE_OPTIONS,
    against: choice(
      "second",
      ["second"],
      "Measure contrasts: the evidence for the top class over the second most probable one, by each method",
    ),
    refine: wholeNumber("N", "Refine each map of ptame in N steps", { least: 1, most: MOST_STEPS }),
    maps: text(
      "DIR",
      "Measure maps made elsewhere, too: a folder for each method, with .npy or .png files named as the images",
    ),
    measures: choices("A,B,…", MEASURE_NAMES, "Measures", USUAL_MEASURES),
    preset: choice(
      "NAME",
      PRESETS.map(({ name }) => name),
      "Protocol of the measures; a measure that the preset does not define uses its own preset",
      { default: "ptame-2025" },
    ),
    boxes: text(
      "FILE.json",
      'Where the objects are, for pointing, energy, relevance-rank, top-k, miou: {"cat.jpg": [[x, y, width, height]], …}',
    ),
    annotations: text(
      "FILE.json|DIR",
      "The same by COCO's annotations, or by a folder of masks: PNG files with the names of the images",
    ),
    seed: wholeNumber("N", "Seed of noise, intervals, random maps and --refine", { least: 0, default: 0 }),
  }),
  ...MODEL_OPTIONS,
  ...DEVICE_OPTIONS,
  ...group("Device", {
    workers: parsed(
      "N|auto",
      `Measure N images at the same time, on a thread each; auto is one per core, at most ${MOST_WORKERS}`,
      (given) => {
        const value = given === "auto" ? usualWorkers() : Number(given);
        return Number.isInteger(value) && value >= 1
          ? { value }
          : { expected: "a number of at least 1, or auto" };
      },
      { default: 1 },
    ),
  }),
  ...DECODE_OPTIONS,
  ...group("Output", {
    report: text(
      "DIR",
      "Folder for an HTML report with tables, plots and images (report.html), records and results",
    ),
    gallery: wholeNumber("N", "Number of images in the report, evenly spread", { least: 0, default: 8 }),
    csv: text("FILE", "Write the table as CSV"),
    values: text("FILE", "Write every value of every map (.csv or .parquet), with digests and versions"),
    resume: flag("Continue from the records of a stopped run"),
    ...OUTPUT_OPTIONS,
  }),
  ...ONNX_OPTIONS,
};

/** Their values. */
export type EvaluateValues = Values<typeof EVALUATE_OPTIONS>;

/** `evaluate` and its options. */
export const EVALUATE: Declaration<typeof EVALUATE_OPTIONS> = {
  name: "evaluate",
  about:
    "Measure how faithful maps are: what the classifier still sees when their pixels are kept or removed",
  options: EVALUATE_OPTIONS,
  examples: [
    "deno task evaluate --images photos/ --limit 50",
    "deno task evaluate --images photos/ --hold-out 200 --head head.safetensors --report out/",
    "deno task evaluate --images photos/ --held-out-classes 0.4 --part score --per-class 4 --limit 300",
    "deno task evaluate --images photos/ --methods ptame,random --measures insertion,deletion --preset rise " +
    "--csv rise.csv",
    "deno task evaluate --images photos/ --methods ptame,rise --workers auto",
    "deno task evaluate --images photos/ --report out/ --shard 3/16",
    "deno task evaluate --images photos/ --against second --measures contrast --methods ptame,gradcam,random",
    "deno task evaluate --images photos/ --measures pointing,energy --boxes boxes.json --json",
  ],
};

/** How each image is measured. */
export interface MeasureSettings {
  /** The folder or list of the images. */
  readonly folder: string;
  readonly methods: readonly string[];
  /** Maps that another program made. */
  readonly maps: MadeMaps | undefined;
  /** Layer that CAM methods use; by default each method chooses. */
  readonly layer: string | undefined;
  /** Whether maps are contrasts of the top class with the second. */
  readonly against: "second" | undefined;
  /** Number of steps to refine each map of ptame. */
  readonly refine: number | undefined;
  /** Numbers of passes, for methods with a free choice. */
  readonly counts: Pick<MethodOptions, CountOption>;
  readonly measures: readonly MeasureName[];
  readonly preset: string;
  readonly seed: number;
  /** Where the objects are. */
  readonly annotations: Annotations | undefined;
  /** How images are read. */
  readonly decode: DecodeSettings;
}

/** What to measure. */
export interface Plan extends MeasureSettings {
  /** Images to measure; with a selection, the images to select from. */
  readonly images: readonly string[];
  /** Selection by class and maximum number; without it, all images are measured. */
  readonly selection: (ClassSelection & { readonly limit: number | undefined }) | undefined;
  /** Number of images that are measured at the same time. */
  readonly workers: number;
  readonly report: string | undefined;
  /** Number of images in the report. */
  readonly gallery: number;
  /** Which part of the images is measured. */
  readonly shard: Shard;
  /** The command as it was given. */
  readonly command: string;
}

/**
 * How each image is measured, by the options and the files that they name.
 *
 * @throws {UsageError} When options do not go together.
 */
export async function readSettings(options: EvaluateValues): Promise<MeasureSettings> {
  const { images: folder, methods, measures, preset, seed } = options;
  if (options.refine !== undefined && !methods.includes(PTAME)) {
    throw new UsageError(`Option --refine is for ${PTAME}, which is not in --methods`);
  }
  const pointing = measures.filter((name) => measureNamed(name).needs?.includes("region"));
  const decode = decodeSettings(options);
  const annotations = await openAnnotations({ ...options, folder, decode });
  if (pointing.length > 0 && annotations === undefined) {
    throw new UsageError(
      `Measure ${
        pointing[0]
      } needs the positions of the objects: --boxes FILE.json or --annotations FILE.json|DIR`,
    );
  }
  const maps = options.maps === undefined
    ? undefined
    : await openMadeMaps({ maps: options.maps, folder, decode });
  if (maps !== undefined) checkMadeMaps(maps, options);
  return {
    maps,
    ...{ folder, methods, layer: options.layer, refine: options.refine, counts: givenCounts(options) },
    ...{ measures, preset, seed, annotations, decode, against: options.against },
  };
}

/** The settings that opening the methods takes. */
export function methodOptions({ seed, layer, against, refine, decode, counts }: MeasureSettings) {
  return { seed, layer, against, refine, decode, ...counts };
}

/**
 * Reads the files that the options name.
 *
 * @param args The arguments as they were given, for the report.
 * @param terminal Told which images are left out, and which part is measured.
 * @throws {UsageError} When options do not go together.
 */
export async function createPlan(
  options: EvaluateValues,
  args: readonly string[],
  { say }: Pick<Terminal, "say">,
  signal: AbortSignal,
): Promise<Plan> {
  const shard = choosePart(options, say);
  const settings = await readSettings(options);
  const { images: folder, holdOut: count, limit, gallery, workers } = options;
  const listed = refuseRemoteIfOffline(
    options,
    await listImages(folder, say, { column: options.imageColumn, signal }),
  );
  const held = count === undefined ? listed : holdOut(listed, count).held;
  const chosen = createSelection(options);
  const selection = chosen === undefined ? undefined : { ...chosen, limit };
  const images = limit === undefined || selection !== undefined ? held : evenlySpread(held, limit);
  const report = options.report?.replace(/(?<=.)[/\\]+$/, "");
  const command = commandLine("evaluate", args);
  return { ...settings, images, selection, workers, report, gallery, shard, command };
}

/** Made maps need names of their own, and cannot be made again for another image. */
function checkMadeMaps({ names }: MadeMaps, { methods, measures }: EvaluateValues): void {
  const twice = names.find((name) => methods.includes(name));
  if (twice !== undefined) {
    throw new UsageError(
      `Option --maps has a folder ${printable(twice)}, which --methods names, too: rename one of them`,
    );
  }
  const again = measures.find((name) => measureNamed(name).needs?.includes("explainAgain"));
  if (again !== undefined) {
    throw new UsageError(`Measure ${again} makes maps of changed images, which --maps does not have`);
  }
}

/** The part, and whether the options suit one: the results of a part are its records. */
function choosePart(options: EvaluateValues, say: Terminal["say"]): Shard {
  const shard = chooseShard(options.shard, { say });
  if (shard.count === 1) return shard;
  const part = `part ${shard.index}/${shard.count}`;
  if (options.report === undefined) {
    throw new UsageError(`Option --report DIR must name the folder for the records of ${part}`);
  }
  const whole = (["csv", "json"] as const).find((name) => options[name]);
  if (whole !== undefined) {
    throw new UsageError(
      `Option --${whole} is for all images, not for ${part}: deno task merge ${options.report} --${whole}`,
    );
  }
  if (options.values !== undefined) {
    throw new UsageError(
      `Option --values is for all images, not for ${part}: merge the parts, then evaluate --resume --report ` +
        `${options.report} --values ${options.values}`,
    );
  }
  return shard;
}
