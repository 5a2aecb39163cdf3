/**
 * What `evaluate` is asked for: its options, checked ahead of any work.
 *
 * @module
 */
import { type BoxesByImage, parseBoxes } from "../../faithfulness/boxes.ts";
import { PRESETS } from "../../faithfulness/presets.ts";
import {
  MEASURE_NAMES,
  type MeasureName,
  measureNamed,
  USUAL_MEASURES,
} from "../../faithfulness/measures.ts";
import { type ClassSelection, SELECTION_HELP, SELECTION_OPTIONS, selectionOf } from "../class_selection.ts";
import { allowed } from "../downloads.ts";
import { DEVICE_HELP, EXPLAINER_FLAGS, EXPLAINER_OPTIONS, MODEL_HELP } from "../explainer_options.ts";
import { readFile } from "../files.ts";
import { evenlySpread, holdOut, listImages } from "../image_lists.ts";
import { ONNX_HELP } from "../onnx_model.ts";
import { type Arguments, UsageError } from "../usage.ts";
import { METHOD_NAMES, namesIn, USUAL_METHODS } from "./methods.ts";
import { commandLine } from "./report.ts";

/** What `--help` says. */
export const HELP =
  `Measure how faithful maps are: what the classifier still sees when their pixels are kept or removed.

Usage: deno task evaluate --images DIR|LIST [options]

Options:
  --images DIR|LIST          Folder with pictures (walked), or a text file with a path per line
  --methods A,B,…            ${METHOD_NAMES.slice(0, 6).join(", ")},
                             ${METHOD_NAMES.slice(6).join(", ")}
                             (default: ${USUAL_METHODS.join(", ")})
  --tap NAME                 Module, value or node where CAM methods look (default: the deepest with positions)
  --samples N                RISE's masks, the steps of gradients, Score-CAM's channels
  --measures A,B,…           ${MEASURE_NAMES.join(", ")} (default: ${USUAL_MEASURES.join(", ")})
  --preset NAME              ${PRESETS.map((preset) => preset.name).join(", ")}
                             (default: ptame-2025; measures that a preset lacks are taken with their own)
  --hold-out N               Only the N pictures that train --hold-out N keeps out
${SELECTION_HELP}
  --limit N                  Only N pictures (of those), evenly spread
  --boxes FILE.json          Objects for pointing and energy: { "cat.jpg": [[x, y, width, height]], … }
  --seed N                   Of noise, intervals and random maps (default: 0)
${MODEL_HELP}
${DEVICE_HELP}
  --report DIR               A page with tables, plots and pictures there (report.html); records and results beside it
  --gallery N                Pictures that the page shows, evenly spread (default: 8)
  --csv FILE                 The table as CSV
  --resume                   Go on from the records of a stopped run
  --json                     One JSON document on stdout
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task evaluate --images photos/ --limit 50
  deno task evaluate --images photos/ --hold-out 200 --head head.safetensors --report out/
  deno task evaluate --images photos/ --held-out-classes 0.4 --part score --per-class 4 --limit 300
  deno task evaluate --images photos/ --methods ptame,random --measures insertion,deletion --preset rise --csv rise.csv
  deno task evaluate --images photos/ --measures pointing,energy --boxes boxes.json --json`;

/** Names of the options, for `parseArguments`. */
export const OPTIONS = {
  flags: ["resume", "json", "quiet", "help", ...EXPLAINER_FLAGS],
  values: [
    "images",
    "methods",
    "tap",
    "samples",
    "measures",
    "preset",
    "hold-out",
    ...SELECTION_OPTIONS,
    "limit",
    "boxes",
    "seed",
    "report",
    "gallery",
    "csv",
    ...EXPLAINER_OPTIONS,
  ],
  lists: ["methods", "measures"],
} as const;

/** Pictures that a report shows. */
const GALLERY = 8;

/** What is measured, as the options say it. */
export interface Plan {
  readonly folder: string;
  /** Pictures that are measured; with a selection, that it is made from. */
  readonly images: readonly string[];
  /** Which of them are measured by their class, and at most how many; all where it is absent. */
  readonly selection: (ClassSelection & { readonly limit: number | undefined }) | undefined;
  readonly methods: readonly string[];
  /** Where CAM methods look; they choose where it is not said. */
  readonly tap: string | undefined;
  /** Passes of the methods that leave it open. */
  readonly samples: number | undefined;
  readonly measures: readonly MeasureName[];
  readonly preset: string;
  readonly seed: number;
  readonly boxes: BoxesByImage | undefined;
  readonly report: string | undefined;
  /** Pictures that the report shows. */
  readonly gallery: number;
  /** The command as it was given. */
  readonly command: string;
}

/**
 * Reads the options.
 *
 * @param args The arguments as they were given, for the report.
 * @throws {UsageError} When an option is not what it must be.
 */
export async function planOf(given: Arguments, args: readonly string[]): Promise<Plan> {
  const folder = given.value("images");
  if (folder === undefined) throw new UsageError("Option --images of evaluate is needed; see --help");
  const named = <T extends string>(
    option: "methods" | "measures",
    known: readonly T[],
    usual: readonly T[],
  ) => given.list(option).length === 0 ? usual : namesIn(option, given.list(option), known);
  const methods = named("methods", METHOD_NAMES, USUAL_METHODS);
  const measures = named("measures", MEASURE_NAMES, USUAL_MEASURES);
  const preset = given.oneOf("preset", PRESETS.map(({ name }) => name)) ?? "ptame-2025";
  const [count, limit, seed] = [
    given.wholeNumber("hold-out", 1),
    given.wholeNumber("limit", 1),
    given.wholeNumber("seed", 0) ?? 0,
  ];
  const boxesPath = given.value("boxes");
  const pointing = measures.filter((name) => measureNamed(name).needs?.includes("region"));
  if (pointing.length > 0 && boxesPath === undefined) {
    throw new UsageError(`Measure ${pointing[0]} needs to know where the objects are: --boxes FILE.json`);
  }
  const boxes = boxesPath === undefined
    ? undefined
    : parseBoxes(new TextDecoder().decode(await readFile(boxesPath, "boxes")), boxesPath);
  const listed = allowed(given, await listImages(folder));
  const held = count === undefined ? listed : holdOut(listed, count).held;
  const chosen = selectionOf(given);
  const selection = chosen === undefined ? undefined : { ...chosen, limit };
  const images = limit === undefined || selection !== undefined ? held : evenlySpread(held, limit);
  const report = given.value("report")?.replace(/(?<=.)[/\\]+$/, "");
  const gallery = given.wholeNumber("gallery", 0) ?? GALLERY;
  const command = commandLine("evaluate", args);
  const [tap, samples] = [given.value("tap"), given.wholeNumber("samples", 1)];
  return {
    ...{ folder, images, selection, methods, tap, samples, measures, preset },
    ...{ seed, boxes, report, gallery, command },
  };
}
