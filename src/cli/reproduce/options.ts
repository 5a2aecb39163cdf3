/**
 * The options of `reproduce`, and what the paper's protocol fixes.
 *
 * @module
 */
import { networks } from "../../../models/registry.ts";
import type { MeasureName } from "../../faithfulness/measures.ts";
import { DOWNLOAD_OPTIONS } from "../downloads.ts";
import { DEVICE_OPTIONS } from "../explainer_options.ts";
import { METHOD_NAMES } from "../evaluation/methods.ts";
import { EVALUATE_OPTIONS } from "../evaluation/plan.ts";
import type { Declaration } from "../options/command.ts";
import { choices, group, list, needed, text, type Values, wholeNumber } from "../options/kinds.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";

/** The paper's preset. */
export const PRESET = "ptame-2025";
/** Its measures. */
export const MEASURES: readonly MeasureName[] = ["ad", "ic", "road"];
/** Its backbones, in its order. */
const BACKBONES = ["vgg16", "resnet50", "vit_b_16"];
/**
 * The usual rows: methods of few passes, and two controls that ignore the classifier. What is known here about the paper
 * does not list its rows.
 */
const ROWS = ["gradcam", "gradcam++", "layercam", "ptame", "random", "gaussian"];

const OPTIONS = {
  ...group("Images", {
    imagenet: needed(text("DIR", "ImageNet (ILSVRC 2012), or its validation split")),
    list: text("FILE", "Only these validation images, one name per line", { usual: "all" }),
    limit: wholeNumber("N", "Use only N of them, evenly spread", { least: 1 }),
  }),
  ...group("Tables", {
    backbones: choices("A,B,…", networks.map(({ name }) => name), "Tables, one for each backbone", BACKBONES),
    methods: choices("A,B,…", METHOD_NAMES, "Rows of each table, in this order", ROWS),
    published: text(
      "FILE.json",
      'Numbers to print beside ours: {"vgg16": {"gradcam": {"AD100": 12.3, …}, …}, …}',
    ),
  }),
  ...group("Classifiers", {
    head: list("FILE", "Trained head, once for each backbone; its record says which"),
    weights: list("NAME=FILE", "Weights of a backbone or an auxiliary", { usual: "downloaded once" }),
    ...DOWNLOAD_OPTIONS,
  }),
  ...DEVICE_OPTIONS,
  ...group("Device", { workers: EVALUATE_OPTIONS.workers }),
  ...group("Output", {
    out: text("DIR", "Folder for tables, records and a report of each backbone", { default: "reproduced" }),
    ...OUTPUT_OPTIONS,
  }),
};

/** Their values. */
export type ReproduceValues = Values<typeof OPTIONS>;

/** `reproduce` and its options. */
export const REPRODUCE: Declaration<typeof OPTIONS> = {
  name: "reproduce",
  about: "Measure the paper's tables: AD, IC and ROAD of its backbones on ImageNet's validation split",
  options: OPTIONS,
  notes: [
    "Ctrl-C keeps what is measured, and the same command continues. Without --published, no numbers of the paper are " +
    "printed: this project has none.",
  ],
  examples: [
    "deno task reproduce --imagenet imagenet/ --limit 2000 --head vgg16_paper.safetensors " +
    "--head resnet50_paper.safetensors --head vit_b_16_paper.safetensors",
    "deno task reproduce --imagenet imagenet/ --backbones resnet50 --head resnet50_paper.safetensors --workers auto " +
    "--methods gradcam,scorecam,rise,ptame",
  ],
};
