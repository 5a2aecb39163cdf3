/**
 * The differences between published programs as data. Each preset contains every choice of one program, for the
 * measures that it defines; each measure names the preset to use otherwise.
 *
 * @module
 */
import type { ZeroSpace } from "./removal.ts";

/** How AD and IC mask an image and compare probabilities. */
export interface MaskingProtocol {
  /** Percentages of pixels that are kept, highest of the map first. */
  readonly percents: readonly number[];
  /** Whether a kept pixel is multiplied by its map value (soft) or unchanged (hard). */
  readonly mask: "soft" | "hard";
  /** What the mask is multiplied into: pixels in [0, 1] (0 is black) or normalised ones (0 is the mean colour). */
  readonly space: "unit" | "normalized";
  /** Whether a drop is relative to the clean probability, or a plain difference. */
  readonly drop: "relative" | "absolute";
  /** Added to the clean probability that a relative drop is divided by. */
  readonly epsilon: number;
}

/** How ROAD removes pixels, fills them and scores. */
export interface RoadProtocol {
  /** Percentages, each one image per order. */
  readonly percents: readonly number[];
  /** Meaning of a percentage if the most relevant pixels are removed first. */
  readonly morf: "removed" | "kept";
  /** Meaning of a percentage if the least relevant pixels are removed first. */
  readonly lerf: "removed" | "kept";
  /** How removed pixels are filled. */
  readonly imputation: "linear" | "telea";
  /** Standard deviation of the noise that linear imputation adds. */
  readonly noise: number;
  /** The unit of that noise: pixels in [0, 1] or normalised ones. */
  readonly noiseSpace: "unit" | "normalized";
  /** Score of an image: 1 if the top class is unchanged, the target's probability, or its rise. */
  readonly score: "accuracy" | "probability" | "difference";
  /**
   * How to combine the percentages: their mean, or the area under the curve by trapezoids, with score 1 if nothing is
   * removed and 0 if everything is.
   */
  readonly summary: "mean" | "trapezoid";
}

/** Protocol of insertion and deletion. */
export interface StepsProtocol {
  /** Pixels per step. */
  readonly pixelsPerStep: number;
  /** Greatest number of steps, for which a step has more pixels where it must; any by default. */
  readonly steps?: number;
  /**
   * The blurred image that insertion starts from: side of the kernel and sigma, in pixels. Without it, insertion starts
   * from the mean colour.
   */
  readonly blur?: { readonly side: number; readonly sigma: number };
  /** Whether a last step of fewer pixels counts by its pixels; like the others by default. */
  readonly byPixels?: boolean;
}

/** Protocol of the pointing game. */
export interface PointingProtocol {
  /** How far from the object the map's highest point may lie, in pixels of the input. */
  readonly tolerance: number;
}

/** Which parts infidelity removes from an image: squares on a grid, one at a time. */
export interface InfidelityProtocol {
  /** Cells of the grid along a side. */
  readonly cells: number;
  /** Sides of the squares, in cells; every place of every one is equally likely. */
  readonly lengths: readonly number[];
  /** How many squares are drawn; all, where the grid has no more. */
  readonly samples: number;
  /** Where a removed pixel is 0: among pixels in [0, 1] (black) or normalised ones (the mean colour). */
  readonly space: ZeroSpace;
}

/** Measures of how few pixels a map needs. */
export interface ConcentrationProtocol {
  /** Share of the greatest magnitude above which a value counts for effective complexity. */
  readonly least: number;
}

/** Measures of how much a map changes with noise in the image. */
export interface StabilityProtocol {
  /** Greatest noise, in units of the classifier's own input. */
  readonly radius: number;
  /** Number of noisy images, each explained again. */
  readonly samples: number;
}

/** Coherency and ADCC. */
export interface CoherencyProtocol {
  /** What the mask is multiplied into: pixels in [0, 1] or normalised ones. */
  readonly space: ZeroSpace;
}

/** ARCC. */
export interface ArccProtocol {
  /** What the mask of coherency is multiplied into: pixels in [0, 1] or normalised ones. */
  readonly space: ZeroSpace;
  /** How its ROAD is measured: a mean of differences. */
  readonly road: RoadProtocol & { readonly score: "difference"; readonly summary: "mean" };
}

/** Single deletion. */
export interface SingleDeletionProtocol {
  /** Cells of the grid along a side. */
  readonly cells: number;
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** Pixel flipping, monotonicity and faithfulness estimate. */
export interface FlippingProtocol {
  /** Number of steps from the first pixel to the last; fewer, if the pixels cannot be shared out evenly. */
  readonly steps: number;
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** Faithfulness correlation. */
export interface SubsetProtocol {
  /** Share of the pixels that a random set has. */
  readonly share: number;
  /** Number of sets. */
  readonly samples: number;
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** Sensitivity-n. */
export interface SensitivityNProtocol {
  /** Shares of the pixels that random sets have, one after the other. */
  readonly shares: readonly number[];
  /** Number of sets of each size. */
  readonly samples: number;
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** Region perturbation, and selectivity: squares of a grid are removed one after the other. */
export interface RegionsProtocol {
  /** Cells of the grid along a side. */
  readonly cells: number;
  /** How many are removed; all, if the grid has no more. */
  readonly regions: number;
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** IROF. */
export interface IrofProtocol {
  /** About how many superpixels an image has. */
  readonly superpixels: number;
}

/** Faithfulness of a contrast. */
export interface ContrastProtocol {
  /** Percentages of the pixels, each removed once and kept alone once, highest of the map first. */
  readonly percents: readonly number[];
  /** Where a removed pixel is 0. */
  readonly space: ZeroSpace;
}

/** Overlap with objects. */
export interface OverlapProtocol {
  /** Share of the pixels that top-k intersection takes. */
  readonly topShare: number;
}

/** A published protocol. */
export interface MeasurePreset {
  /** Its name in results. */
  readonly name: string;
  /** Its source. */
  readonly source: string;
  /** AD and IC. */
  readonly masking?: MaskingProtocol;
  /** ROAD. */
  readonly road?: RoadProtocol;
  /** Insertion and deletion. */
  readonly steps?: StepsProtocol;
  /** Pointing game and energy. */
  readonly pointing?: PointingProtocol;
  /** Infidelity. */
  readonly infidelity?: InfidelityProtocol;
  /** Sparseness, complexity, effective complexity. */
  readonly concentration?: ConcentrationProtocol;
  /** Max-sensitivity and avg-sensitivity. */
  readonly stability?: StabilityProtocol;
  /** Coherency and ADCC. */
  readonly coherency?: CoherencyProtocol;
  /** ARCC. */
  readonly arcc?: ArccProtocol;
  /** Single deletion. */
  readonly singleDeletion?: SingleDeletionProtocol;
  /** Pixel flipping, monotonicity and faithfulness estimate. */
  readonly flipping?: FlippingProtocol;
  /** Faithfulness correlation. */
  readonly subset?: SubsetProtocol;
  /** Sensitivity-n. */
  readonly sensitivityN?: SensitivityNProtocol;
  /** Region perturbation. */
  readonly regions?: RegionsProtocol;
  /** Selectivity. */
  readonly selectivity?: RegionsProtocol;
  /** IROF. */
  readonly irof?: IrofProtocol;
  /** Relevance rank, top-k intersection and mean IoU. */
  readonly overlap?: OverlapProtocol;
  /** Contrast. */
  readonly contrast?: ContrastProtocol;
}

/** What the program of ROAD's authors does. */
const ROAD_ICML22: RoadProtocol = {
  percents: [10, 20, 30, 40, 50, 60, 70, 80, 90],
  morf: "removed",
  lerf: "kept",
  imputation: "linear",
  noise: 0.01,
  noiseSpace: "unit",
  score: "accuracy",
  summary: "mean",
};

/** ROAD as pytorch-grad-cam has it, but for its percentages. */
const GRADCAM_LIB_ROAD = {
  morf: "kept",
  lerf: "kept",
  imputation: "linear",
  noise: 0.01,
  noiseSpace: "normalized",
  score: "difference",
  summary: "mean",
} as const satisfies Omit<RoadProtocol, "percents">;

/** The presets, by name. */
export const PRESETS: readonly MeasurePreset[] = [
  {
    name: "ptame-2025",
    source: "Ntrougkas, Mezaris, Patras: P-TAME, OJSP 2025",
    masking: { percents: [100, 50, 15], mask: "soft", space: "unit", drop: "relative", epsilon: 0 },
    road: {
      percents: [10, 30, 50, 70],
      morf: "removed",
      lerf: "removed",
      imputation: "telea",
      noise: 0,
      noiseSpace: "unit",
      score: "accuracy",
      summary: "trapezoid",
    },
  },
  {
    name: "hard-masks",
    source: "the masks of ptame-2025 without the map's values: only the order of the pixels",
    masking: { percents: [50, 15], mask: "hard", space: "unit", drop: "relative", epsilon: 0 },
  },
  {
    name: "gradcam-lib",
    source: "Gildenblat et al.: pytorch-grad-cam",
    masking: { percents: [100], mask: "soft", space: "normalized", drop: "absolute", epsilon: 0 },
    road: { ...GRADCAM_LIB_ROAD, percents: [10, 20, 30, 40, 50, 60, 70, 80, 90] },
  },
  {
    // Insertion and deletion are of version 0.5.
    name: "torchcam",
    source: "Fernandez: TorchCAM",
    masking: { percents: [100], mask: "soft", space: "normalized", drop: "relative", epsilon: 1e-7 },
    steps: { pixelsPerStep: 1, steps: 20, byPixels: true },
  },
  {
    name: "road-icml22",
    source: "Rong et al.: A Consistent and Efficient Evaluation Strategy for Attribution Methods, ICML 2022",
    road: ROAD_ICML22,
  },
  {
    // The second of the two curves that the authors' program gives.
    name: "road-icml22-confidence",
    source: "Rong et al., ICML 2022, by the probability of the class, not by whether it stays on top",
    road: { ...ROAD_ICML22, score: "probability" },
  },
  {
    name: "rise",
    source: "Petsiuk, Das, Saenko: RISE, BMVC 2018; pointing game of Zhang et al., ECCV 2016",
    steps: { pixelsPerStep: 224, blur: { side: 11, sigma: 5 } },
    pointing: { tolerance: 15 },
  },
  {
    name: "rise-28",
    source: "the insertion and deletion of rise in 28 steps, not 224: an eighth of the passes",
    steps: { pixelsPerStep: 1792, blur: { side: 11, sigma: 5 } },
  },
  {
    // The paper's program removes each of the 5605 squares of 1 to 10 pixels from MNIST's 28 x 28. These are the same
    // squares as shares of any image; a sample of them, since every one costs a pass.
    name: "infidelity-neurips19",
    source: "square removal of Yeh et al.: On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
    infidelity: {
      cells: 28,
      lengths: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      samples: 256,
      space: "normalized",
    },
  },
  {
    // Its defaults at 224 x 224, as shares of any image: 224 pixels per step, 224 random pixels, squares of 8, the 1,000 highest pixels. Black
    // is 0 in [0, 1]; the program takes the least value of the batch. Its ROAD has the most relevant first alone, and no
    // mean over percentages.
    name: "quantus",
    source: "Hedström et al.: Quantus, JMLR 2023",
    concentration: { least: 1e-5 },
    road: {
      percents: Array.from({ length: 50 }, (_, i) => 2 * i + 1),
      morf: "removed",
      lerf: "removed",
      imputation: "linear",
      noise: 0.01,
      noiseSpace: "normalized",
      score: "accuracy",
      summary: "mean",
    },
    flipping: { steps: 224, space: "unit" },
    subset: { share: 224 / 224 ** 2, samples: 100, space: "unit" },
    regions: { cells: 28, regions: 100, space: "unit" },
    overlap: { topShare: 1000 / 224 ** 2 },
  },
  {
    name: "quantus-28",
    source:
      "quantus in 28 steps, not 224: an eighth of the passes of pixel flipping, monotonicity and faithfulness estimate",
    flipping: { steps: 28, space: "unit" },
  },
  {
    name: "captum",
    source: "Kokhlikyan et al.: Captum, sensitivity_max",
    stability: { radius: 0.02, samples: 10 },
  },
  {
    name: "adcc-cvprw21",
    source: "Poppi et al.: Revisiting the Evaluation of Class Activation Mapping, CVPR Workshops 2021",
    coherency: { space: "normalized" },
  },
  {
    name: "arcc-2026",
    source: "ARCC, 2026 (arXiv 2605.14641), of pytorch-grad-cam 1.5.7",
    arcc: {
      space: "normalized",
      road: { ...GRADCAM_LIB_ROAD, percents: [20, 40, 60, 80] },
    },
  },
  {
    name: "idsds-neurips24",
    source: "Hesse et al.: Benchmarking the Attribution Quality of Vision Models, NeurIPS 2024",
    singleDeletion: { cells: 4, space: "normalized" },
  },
  {
    // The paper removes 1 to 80 % of the pixels, in sizes of even ratios, with 100 sets of each.
    name: "sensitivity-n-iclr18",
    source: "Ancona et al.: Towards better understanding of gradient-based attribution methods, ICLR 2018",
    sensitivityN: { shares: [0.01, 0.03, 0.09, 0.27, 0.8], samples: 100, space: "normalized" },
  },
  {
    name: "irof-2020",
    source: "Rieger and Hansen: IROF, a low resource evaluation metric for explanation methods, 2020",
    irof: { superpixels: 50 },
  },
  {
    // Squares of 4 x 4 pixels in MNIST's 28 x 28.
    name: "selectivity-dsp18",
    source: "Montavon et al.: Methods for Interpreting and Understanding Deep Neural Networks, DSP 2018",
    selectivity: { cells: 7, regions: 49, space: "unit" },
  },
  {
    name: "contrast-removal",
    source: "this project: the preference for one class over another while pixels are removed or kept",
    contrast: { percents: [10, 20, 30, 40, 50], space: "normalized" },
  },
];

/**
 * The preset of that name.
 *
 * @throws {RangeError} When the name is unknown; the message lists all presets.
 */
export function presetNamed(name: string): MeasurePreset {
  const preset = PRESETS.find((each) => each.name === name);
  if (preset !== undefined) return preset;
  const names = PRESETS.map((each) => each.name).join(", ");
  throw new RangeError(`Unknown preset ${JSON.stringify(name)}: there are ${names}`);
}
