/**
 * Hyper-parameters of training, as the paper chose them per backbone and auxiliary (Ntrougkas et al. 2025).
 *
 * @module
 */
import { suggestion } from "../../text/nearest.ts";
import type { LossWeights } from "./loss.ts";
import type { ROW_FORMS } from "./rows.ts";
import { type View, viewOf } from "./views.ts";

/** Settings of the optimiser, and weights of the loss; see loss.ts. */
export interface HyperParameters extends LossWeights {
  /** Highest learning rate of the one-cycle schedule. */
  readonly learningRate: number;
  /** Decoupled weight decay of AdamW. */
  readonly weightDecay: number;
}

/** The two ways to mask an image while a head is trained, as options spell them: see loss.ts and budget.ts. */
export const MASK_FORMS = ["area", "budget"] as const;

/** What is trained, and against which masks. */
export interface TrainingForm {
  /** Where the fuser's rows come from; see rows.ts. */
  readonly rows: typeof ROW_FORMS[number];
  /** Scale of each tap's part of what tells shared rows apart, or one for all; see rows.ts. */
  readonly rowScale: number | readonly number[];
  /** The same for what all shared rows have in common. */
  readonly commonScale: number | readonly number[];
  /** How images are masked: by the paper's sigmoid and price on area, or with a budget. */
  readonly masks: typeof MASK_FORMS[number];
  /** What budgeted masks show of each image. */
  readonly views: readonly View[];
  /** How many views of each image a step takes. */
  readonly viewsPerImage: number;
  /** How often an image is masked for another of its likeliest classes than the first, 0 to 1; see targets.ts. */
  readonly otherTargets: number;
  /**
   * How strongly the shallowest tap draws edges before the first step, in parts of the deviation of the head's maps at
   * the start; 0 for not at all. A head that a run goes on from stays as it is. See edge_start.ts.
   */
  readonly edges: number;
}

/** A named set of hyper-parameters. */
export interface Preset extends HyperParameters, Partial<TrainingForm> {
  /** Its name on the command line. */
  readonly name: string;
  /** Backbone that it was chosen for. */
  readonly backbone: string;
  /** Auxiliary that it was chosen with. */
  readonly auxiliary: string;
}

/** A gate about as sharp as a measure's cut, yet wide enough for some hundred pixels to learn by. */
const sharp = { width: 0.015 } as const;
const hard = { mask: "hard", fill: "neighbours", ...sharp } as const;
const remove = (share: number): View => viewOf(share, { ...hard, side: "remove", loss: "removal" });

/**
 * What budgeted masks show where nothing else is asked for. Soft masks over black teach what average drop measures, hard
 * ones over neighbours, from both sides, the order of the pixels that ROAD measures (docs/decisions.md).
 */
export const BUDGET_VIEWS: readonly View[] = [
  viewOf(1),
  viewOf(0.5, sharp),
  viewOf(0.15, sharp),
  viewOf(0.15, hard),
  remove(0.3),
  viewOf(0.15, sharp),
  viewOf(0.3, hard),
  viewOf(0.15, sharp),
  viewOf(0.5, sharp),
  viewOf(0.15, hard),
  remove(0.5),
  viewOf(0.15, sharp),
];

/** The paper's table, and the project's own choice for the embedded default. */
export const PRESETS: readonly Preset[] = [
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
    // Not the paper's: for runs of a thousand steps of 32 images (docs/decisions.md). The weights of the loss count where
    // masks are priced by their area.
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
    // The shallow taps say where edges are, for all classes alike; which class it is says the deepest one.
    rowScale: [0.03, 0.03, 0.09, 0.3],
    commonScale: [0.6, 2.4, 1.2, 0.3],
    edges: 0.4,
    masks: "budget",
    views: BUDGET_VIEWS,
    otherTargets: 0.5,
  },
];

/** The paper's form, and what a run with shared rows or budgeted masks takes where its preset says nothing of them. */
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

/** The preset for a backbone, preferring one chosen with this auxiliary; the paper's ResNet-50 for any other. */
export function presetFor(backbone: string, auxiliary: string): Preset {
  const candidates = PRESETS.filter((preset) => preset.backbone === backbone);
  return candidates.find((preset) => preset.auxiliary === auxiliary) ?? candidates[0] ??
    PRESETS.find((preset) => preset.name === "resnet50")!;
}

/**
 * The preset of that name.
 *
 * @throws {RangeError} When there is none; the nearest name is suggested.
 */
export function presetNamed(name: string): Preset {
  const found = PRESETS.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const names = PRESETS.map((preset) => preset.name);
  throw new RangeError(
    `Unknown preset ${JSON.stringify(name)}${suggestion(name, names)} (${names.join(", ")})`,
  );
}
