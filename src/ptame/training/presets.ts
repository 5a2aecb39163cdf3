/**
 * Hyper-parameters of training, chosen by the paper for each backbone and auxiliary (Ntrougkas et al. 2025).
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import type { LossWeights } from "./loss.ts";
import type { ROW_FORMS } from "./rows.ts";
import { createView, type View } from "../masks/views.ts";

/** Settings of the optimiser and weights of the loss; see loss.ts. */
export interface HyperParameters extends LossWeights {
  /** Highest learning rate of the one-cycle schedule. */
  readonly learningRate: number;
  /** Decoupled weight decay of AdamW. */
  readonly weightDecay: number;
}

/** The two ways to mask an image in training, by their names in options; see loss.ts and budget.ts. */
export const MASK_FORMS = ["area", "budget"] as const;

/** What is trained, and with which masks. */
export interface TrainingForm {
  /** Form of the fuser's rows; see rows.ts. */
  readonly rows: typeof ROW_FORMS[number];
  /** Scale of each tap's class-specific part of shared rows, or one for all; see rows.ts. */
  readonly rowScale: number | readonly number[];
  /** Scale of each tap's common part of shared rows, or one for all. */
  readonly commonScale: number | readonly number[];
  /** How images are masked: with the paper's sigmoid and area term, or with a budget. */
  readonly masks: typeof MASK_FORMS[number];
  /** The views that budgeted masks show of each image. */
  readonly views: readonly View[];
  /** Number of views per image and step. */
  readonly viewsPerImage: number;
  /** How often the target is another of the most probable classes instead of the first, 0 to 1; see targets.ts. */
  readonly otherTargets: number;
  /**
   * How strongly the shallowest tap draws edges before the first step, as a fraction of the standard deviation of the
   * initial head's maps; 0 disables it. A head file given as the start stays unchanged. See edge_start.ts.
   */
  readonly edges: number;
}

/** A named set of hyper-parameters. */
export interface TrainingPreset extends HyperParameters, Partial<TrainingForm> {
  /** Its name on the command line. */
  readonly name: string;
  /** Backbone for which it was chosen. */
  readonly backbone: string;
  /** Auxiliary with which it was chosen. */
  readonly auxiliary: string;
}

/** A gate about as sharp as a measure's threshold, but wide enough for a few hundred pixels to learn. */
const sharp = { width: 0.015 } as const;
const hard = { mask: "hard", fill: "neighbours", ...sharp } as const;
const remove = (share: number): View => createView(share, { ...hard, side: "remove", loss: "removal" });

/**
 * The default views of budgeted masks. Soft masks over black train what average drop measures. Hard masks over
 * neighbours, both kept and removed, train the order of the pixels that ROAD measures (docs/decisions.md).
 */
export const BUDGET_VIEWS: readonly View[] = [
  createView(1),
  createView(0.5, sharp),
  createView(0.15, sharp),
  createView(0.15, hard),
  remove(0.3),
  createView(0.15, sharp),
  createView(0.3, hard),
  createView(0.15, sharp),
  createView(0.5, sharp),
  createView(0.15, hard),
  remove(0.5),
  createView(0.15, sharp),
];

/** The paper's table, and the project's own choice for the embedded default. */
export const PRESETS: readonly TrainingPreset[] = [
  {
    name: "vgg16",
    backbone: "vgg16",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 0.13324,
    ce: 0.07278,
    area: 0.977712,
    power: 0.3,
    smooth: 1e-4,
    border: 0.3,
  },
  {
    name: "resnet50",
    backbone: "resnet50",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 2.4266552933845608e-4,
    ce: 0.16142940055382465,
    area: 0.8385705994463174,
    power: 0.3,
    smooth: 0,
    border: 0,
  },
  {
    name: "vit_b_16",
    backbone: "vit_b_16",
    auxiliary: "resnet18",
    learningRate: 1e-4,
    weightDecay: 1.3308961975909186e-4,
    ce: 0.13129188542479736,
    area: 0.8385705994463174,
    power: 0.5,
    smooth: 0,
    border: 0,
  },
  {
    name: "resnet50-mobilenet_v3_small",
    backbone: "resnet50",
    auxiliary: "mobilenet_v3_small",
    learningRate: 1e-3,
    weightDecay: 0.017170843647038966,
    ce: 0.051073698326945305,
    area: 0.9454752532765268,
    power: 0.3,
    smooth: 0.003451048396527767,
    border: 0,
  },
  {
    name: "resnet50-mnasnet0_5",
    backbone: "resnet50",
    auxiliary: "mnasnet0_5",
    learningRate: 1e-4,
    weightDecay: 0.0025160500121080907,
    ce: 0.16651611180242515,
    area: 0.8334838882443403,
    power: 0.3,
    smooth: 0,
    border: 0,
  },
  {
    // Not from the paper: for runs of a thousand steps of 32 images (docs/decisions.md). The weights of the loss apply
    // only to masks with an area term.
    name: "efficientnet_lite0",
    backbone: "efficientnet_lite0",
    auxiliary: "efficientnet_lite0",
    learningRate: 7e-4,
    weightDecay: 2.4266552933845608e-4,
    ce: 0.3,
    area: 0.7,
    power: 0.3,
    smooth: 1e-3,
    border: 0,
    rows: "shared",
    // The shallow taps locate edges, in the same way for all classes; the deepest tap distinguishes the classes.
    rowScale: [0.03, 0.03, 0.09, 0.3],
    commonScale: [0.6, 2.4, 1.2, 0.3],
    edges: 0.4,
    masks: "budget",
    views: BUDGET_VIEWS,
    otherTargets: 0.5,
  },
];

/** The paper's form, with defaults for shared rows and budgeted masks if the preset has none. */
export const DEFAULT_FORM: TrainingForm = {
  rows: "own",
  rowScale: 0.3,
  commonScale: 0.3,
  masks: "area",
  views: BUDGET_VIEWS,
  viewsPerImage: 1,
  otherTargets: 0,
  edges: 0,
};

/**
 * The preset for a backbone, preferably chosen with this auxiliary; the paper's ResNet-50 preset for other backbones.
 */
export function usualPreset(backbone: string, auxiliary: string): TrainingPreset {
  const candidates = PRESETS.filter((preset) => preset.backbone === backbone);
  return candidates.find((preset) => preset.auxiliary === auxiliary) ?? candidates[0] ??
    PRESETS.find((preset) => preset.name === "resnet50")!;
}

/**
 * The preset of that name.
 *
 * @throws {RangeError} When the name is unknown; the nearest name is suggested.
 */
export function presetNamed(name: string): TrainingPreset {
  const found = PRESETS.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const names = PRESETS.map((preset) => preset.name);
  throw new RangeError(
    `Unknown preset ${JSON.stringify(name)}${suggestion(name, names)} (${names.join(", ")})`,
  );
}
