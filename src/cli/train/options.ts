/**
 * The options of `train`.
 *
 * @module
 */
import { IMAGE_COLUMN_OPTION, SOURCE_FORMS } from "../sources/option.ts";
import { type HyperParameters, MASK_FORMS, PRESETS } from "../../ptame/training/presets.ts";
import { ROW_FORMS } from "../../ptame/training/rows.ts";
import { AUXILIARY_OPTIONS } from "../auxiliary.ts";
import { DOWNLOAD_OPTIONS, USUAL_WEIGHTS } from "../downloads.ts";
import { DEVICE_OPTIONS, NETWORK_NAMES } from "../explainer_options.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import type { Declaration } from "../options/command.ts";
import {
  choice,
  fileName,
  flag,
  group,
  needed,
  number,
  parsed,
  share,
  text,
  type Values,
  wholeNumber,
} from "../options/kinds.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { ADDRESS_FORMS, ADDRESS_OPTIONS } from "../model_address.ts";

/** Description of defaults that the preset decides. */
const PRESET = "the preset's";

/** The ways to start a head, besides another head. */
export const STARTS = ["class-activation", "regression", "default"] as const;

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
    backbone: needed(
      text("NAME|FILE.onnx", `Classifier to explain: an .onnx file, ${ADDRESS_FORMS}, or ${NETWORK_NAMES}`),
    ),
    ...ADDRESS_OPTIONS,
    backboneWeights: text("FILE", "Weights of the classifier, safetensors or a PyTorch file", {
      usual: USUAL_WEIGHTS,
    }),
    ...AUXILIARY_OPTIONS,
    ...DOWNLOAD_OPTIONS,
  }),
  ...group("Images", {
    images: needed(
      text("DIR|LIST", SOURCE_FORMS),
    ),
    ...IMAGE_COLUMN_OPTION,
    limit: wholeNumber("N", "Use at most N images", { least: 1 }),
    holdOut: wholeNumber("N", "Set N images aside for validation, evenly spread", { least: 0, default: 0 }),
    validation: text("DIR|LIST", "Images for validation, instead of --hold-out"),
    holdOutClasses: share(
      "SHARE",
      "Exclude this share of the classifier's classes (0 to 0.9) from training, with all images in which it sees one; " +
        "without --hold-out and --validation, 100 images of half of these classes are used for validation",
    ),
    imageWorkers: wholeNumber("N", "Workers that decode images in advance; 0 for none", {
      least: 0,
      usual: "half of the cores, 4 at most",
    }),
    imageCache: wholeNumber("MB", "Megabytes of decoded images to keep for later epochs", {
      least: 0,
      usual: 1024,
    }),
  }),
  ...group("Training", {
    epochs: wholeNumber("N", "Passes over the images", { least: 1, usual: 1 }),
    steps: wholeNumber("N", "Total number of steps, instead of --epochs", { least: 1 }),
    batch: wholeNumber("N", "Images per step", { least: 1, usual: 32 }),
    microBatch: wholeNumber("N", "Images per pass through the backbone; affects memory, not results", {
      least: 1,
      usual: 4,
    }),
    preset: choice("NAME", PRESETS.map(({ name }) => name), "Named set of hyper-parameters", {
      usual: "the backbone's",
    }),
    rows: choice(
      ROW_FORMS.join("|"),
      ROW_FORMS,
      "Rows of the fuser: one per class, as in the paper, or shared by all classes, so that classes without " +
        "images learn, too",
      { usual: PRESET },
    ),
    masks: choice(
      MASK_FORMS.join("|"),
      MASK_FORMS,
      "How to mask images: with an area term in the loss, as in the paper, or by keeping the shares of the " +
        "pixels that the measures keep",
      { usual: PRESET },
    ),
    lr: number("X", "Highest learning rate", { usual: PRESET }),
    weightDecay: number("X", "Weight decay of AdamW", { usual: PRESET }),
    ce: number("X", "Weight of the cross-entropy in the loss", { usual: PRESET }),
    area: number("X", "Weight of the mask's area", { usual: PRESET }),
    smooth: number("X", "Weight of the mask's variation", { usual: PRESET }),
    border: number("X", "Weight of the mask's border in its variation", { usual: PRESET }),
    power: number(
      "X",
      "Exponent of the mask in the area term; below 1, a small sharp mask costs less than a large faint one",
      { usual: PRESET },
    ),
    start: parsed(
      `${STARTS.join("|")}|HEAD`,
      "How the head starts: from the auxiliary's classifier, from a regression of the classifier's scores on the " +
        "auxiliary's features (for any classes), at random, or from a head file",
      (value) => {
        if (STARTS.some((start) => start === value) || /\.safetensors$/i.test(value)) return { value };
        return { expected: `${STARTS.join(", ")} or a .safetensors file`, words: STARTS };
      },
      { usual: "class-activation if the classes are the same" },
    ),
    seed: wholeNumber("N", "Seed of the order, augmentation and start", { least: 0, usual: 0 }),
    validateEvery: wholeNumber("N", "Steps between validations", { least: 1, usual: "a fifth of the steps" }),
    checkpointEvery: wholeNumber("N", "Steps between checkpoints", { least: 1, usual: 50 }),
    resume: flag("Continue from the checkpoint next to --out"),
    exportStep: text(
      "DIR",
      "Take no step, but write the step as .onnx files and the first state as the checkpoint, for programs that take " +
        "the steps together, such as ptame-ray train (docs/ray.md); --resume continues what they did",
    ),
  }),
  ...DEVICE_OPTIONS,
  ...group("Output", {
    out: needed(
      fileName(
        "HEAD.safetensors",
        [".safetensors"],
        "The head; next to it HEAD.last.safetensors, HEAD.loss.png and, until it is finished, " +
          "HEAD.checkpoint.safetensors",
      ),
    ),
    name: text("TEXT", "Name of the head, for its record"),
    licence: text("TEXT", "Licence of the head, for its record"),
    data: text("TEXT", "Description of the training data, for its record"),
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
