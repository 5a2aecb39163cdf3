/**
 * The options of `train`.
 *
 * @module
 */
import { type HyperParameters, MASK_FORMS, PRESETS } from "../../ptame/training/presets.ts";
import { ROW_FORMS } from "../../ptame/training/rows.ts";
import { AUXILIARY_OPTIONS } from "../auxiliary.ts";
import { DOWNLOAD_OPTIONS, USUAL_WEIGHTS } from "../downloads.ts";
import { DEVICE_OPTIONS, NETWORK_NAMES } from "../explainer_options.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import type { Declaration } from "../options/command.ts";
import {
  fileName,
  flag,
  group,
  needed,
  number,
  oneOf,
  parsed,
  share,
  text,
  type Values,
  wholeNumber,
} from "../options/kinds.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";

/** Who says what no option does. */
const PRESET = "the preset's";

/** How a head can start, beside another head. */
const STARTS = ["class-activation", "default"] as const;

/** Hyper-parameters by their options; see presets.ts. */
export const HYPER_PARAMETERS = {
  lr: "learningRate",
  weightDecay: "weightDecay",
  ce: "ce",
  area: "area",
  smooth: "smooth",
  border: "border",
  power: "power",
} as const satisfies Record<string, keyof HyperParameters>;

const OPTIONS = {
  ...group("Classifier and auxiliary", {
    backbone: needed(text("NAME|FILE.onnx", `Classifier to explain: an .onnx file, or ${NETWORK_NAMES}`)),
    backboneWeights: text("FILE", "Weights of the classifier, safetensors or a PyTorch file", {
      usual: USUAL_WEIGHTS,
    }),
    ...AUXILIARY_OPTIONS,
    ...DOWNLOAD_OPTIONS,
  }),
  ...group("Images", {
    images: needed(
      text("DIR|LIST", "Folder with images (and its folders), or a text file with a path on each line"),
    ),
    limit: wholeNumber("N", "Use at most N images", { least: 1 }),
    holdOut: wholeNumber("N", "Set N images aside for validation, evenly spread", { least: 0, default: 0 }),
    validation: text("DIR|LIST", "Images for validation, instead of --hold-out"),
    holdOutClasses: share(
      "SHARE",
      "Never train on images in which the classifier sees one of this share of its classes (0 to 0.9); " +
        "without --hold-out and --validation, 100 images of half of these classes are kept for validation",
    ),
    imageWorkers: wholeNumber("N", "Workers that decode images ahead; 0 for none", {
      least: 0,
      usual: "half of the cores, 4 at most",
    }),
    imageCache: wholeNumber("MB", "Megabytes of decoded images kept for later epochs", {
      least: 0,
      usual: 1024,
    }),
  }),
  ...group("Training", {
    epochs: wholeNumber("N", "Passes over the images", { least: 1, usual: 1 }),
    steps: wholeNumber("N", "Steps in all, instead of --epochs", { least: 1 }),
    batch: wholeNumber("N", "Images per step", { least: 1, usual: 32 }),
    microBatch: wholeNumber("N", "Images at once through the backbone: memory, not results", {
      least: 1,
      usual: 4,
    }),
    preset: oneOf("NAME", PRESETS.map(({ name }) => name), "Hyper-parameters that were chosen together", {
      usual: "the backbone's",
    }),
    rows: oneOf(
      ROW_FORMS.join("|"),
      ROW_FORMS,
      "Rows of the fuser: one for each class, as in the paper, or shared by all, so that classes without " +
        "images learn too",
      { usual: PRESET },
    ),
    masks: oneOf(
      MASK_FORMS.join("|"),
      MASK_FORMS,
      "How images are masked: with a price on the mask's area, as in the paper, or by the shares of the " +
        "pixels that measures keep",
      { usual: PRESET },
    ),
    lr: number("X", "Highest learning rate", { usual: PRESET }),
    weightDecay: number("X", "Weight decay of AdamW", { usual: PRESET }),
    ce: number("X", "Weight of the cross-entropy in the loss", { usual: PRESET }),
    area: number("X", "Weight of the mask's area", { usual: PRESET }),
    smooth: number("X", "Weight of the mask's variation", { usual: PRESET }),
    border: number("X", "Weight of the mask's edges in its variation", { usual: PRESET }),
    power: number(
      "X",
      "Power of the mask in its area: below 1, small and sharp costs less than large and faint",
      { usual: PRESET },
    ),
    start: parsed(
      `${STARTS.join("|")}|HEAD`,
      "How the head starts: from the auxiliary's classifier, at random, or from a head file",
      (value) => {
        if (STARTS.some((start) => start === value) || /\.safetensors$/i.test(value)) return { value };
        return { expected: `${STARTS.join(", ")} or a .safetensors file`, words: STARTS };
      },
      { usual: "class-activation where the classes are the same" },
    ),
    seed: wholeNumber("N", "Seed of order, augmentation and start", { least: 0, usual: 0 }),
    validateEvery: wholeNumber("N", "Steps between validations", { least: 1, usual: "a fifth of the run" }),
    checkpointEvery: wholeNumber("N", "Steps between checkpoints", { least: 1, usual: 50 }),
    resume: flag("Continue from the checkpoint beside --out"),
  }),
  ...DEVICE_OPTIONS,
  ...group("Output", {
    out: needed(
      fileName(
        "HEAD.safetensors",
        [".safetensors"],
        "The head; beside it HEAD.last.safetensors, HEAD.loss.png and, until it is finished, " +
          "HEAD.checkpoint.safetensors",
      ),
    ),
    name: text("TEXT", "Name of the head, in its record"),
    licence: text("TEXT", "Its licence, in its record"),
    data: text("TEXT", "What it was trained on, in its record"),
    ...OUTPUT_OPTIONS,
  }),
  ...ONNX_OPTIONS,
};

/** The values of the options. */
export type TrainValues = Values<typeof OPTIONS>;

/** `train` and its options. */
export const TRAIN: Declaration<typeof OPTIONS> = {
  name: "train",
  about: "Train a head: one map per class for a frozen classifier, from images without labels",
  options: OPTIONS,
  examples: [
    "deno task train --backbone efficientnet_lite0 --images photos/ --out head.safetensors",
    "deno task train --backbone my.onnx --auxiliary efficientnet_lite0 --images photos/ --hold-out 100 " +
    "--out my_head.safetensors",
    "deno task train --backbone efficientnet_lite0 --images photos/ --out head.safetensors --resume",
  ],
};
