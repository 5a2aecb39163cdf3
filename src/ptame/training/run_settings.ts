/**
 * The settings of a training run. They are checked before anything is loaded, kept in checkpoints so that only the same
 * run can resume, and written to the record of the head.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import type { ImageSource } from "../../image/types.ts";
import type { RunRecord } from "./checkpoint.ts";
import { recordedTaps } from "../classifier_pair.ts";
import { fitRecords } from "../fit/fitted_head.ts";
import type { HeadRecord } from "../head_file.ts";
import { noStart } from "../untrained_head.ts";
import {
  DEFAULT_FORM,
  type HyperParameters,
  presetNamed,
  type TrainingForm,
  type TrainingPreset,
  usualPreset,
} from "./presets.ts";
import { OWN_ROWS, type RowForm } from "./rows.ts";
import { checkViews } from "../masks/views.ts";
import type { PartCounts } from "./sorting.ts";
import { TrainingError } from "../errors.ts";
import type { TrainOptions } from "./train_options.ts";
import { sourceName } from "./training_images.ts";
import type { TrainingNetworks } from "./training_networks.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Steps of a run that is limited by time. */
const MOST_STEPS = 1e6;

/**
 * Number of steps of the whole run; a million where only time limits it.
 *
 * @throws {RangeError} When there would be no step.
 */
export function countSteps({ batch = 32, epochs = 1, steps, seconds }: TrainOptions, images: number): number {
  if (images === 0) throw new RangeError("Cannot train: there are no images");
  if (!Number.isInteger(batch) || batch < 1) {
    throw new RangeError(`Cannot train on batches of ${batch}: it must be a whole number of at least 1`);
  }
  if (images < batch) {
    throw new RangeError(`Cannot train: ${images} images are fewer than a batch of ${batch}`);
  }
  const all = seconds === undefined ? steps ?? Math.floor(epochs * images / batch) : MOST_STEPS;
  if (!Number.isSafeInteger(all) || all < 1) {
    throw new RangeError(`Cannot train for ${all} steps: it must be a whole number of at least 1`);
  }
  return all;
}

/**
 * The preset's hyper-parameters, overridden by the options.
 *
 * @throws {RangeError} When the preset is unknown or a number is invalid.
 */
export function chooseHyperParameters(
  options: TrainOptions,
  { backbone, auxiliary }: TrainingNetworks,
): HyperParameters {
  const preset = choosePreset(options, backbone.name, auxiliary.name);
  const { learningRate, weightDecay, ce, area, smooth, border, power } = {
    ...preset,
    ...options.hyperParameters,
  };
  const hyper = { learningRate, weightDecay, ce, area, smooth, border, power };
  for (const [name, value] of Object.entries(hyper)) {
    if (!Number.isFinite(value) || value < 0) {
      throw new RangeError(`Cannot train with ${name} ${value}: it must be a number of at least 0`);
    }
  }
  return hyper;
}

function choosePreset({ preset }: TrainOptions, backbone: string, auxiliary: string): TrainingPreset {
  return preset === undefined ? usualPreset(backbone, auxiliary) : presetNamed(preset);
}

/** The form of a run, and of its rows in graphs. */
export interface RunForm extends TrainingForm {
  readonly rowForm: RowForm;
}

/**
 * The preset's form, overridden by the options.
 *
 * @throws {RangeError} When the preset is unknown, or a share or scale is invalid.
 * @throws {TypeError} When shared rows are requested but the auxiliary cannot provide them: its scores are not a linear
 * layer on its last tap, or it has other classes.
 */
export function chooseForm(
  options: TrainOptions,
  { pair, backbone, auxiliary, classifier, shape }: TrainingNetworks,
): RunForm {
  const form = { ...DEFAULT_FORM, ...choosePreset(options, backbone.name, auxiliary.name), ...options.form };
  const { rows, rowScale, commonScale, masks, views, viewsPerImage, otherTargets, edges } = form;
  if (masks === "budget") checkViews(views);
  if (!Number.isInteger(viewsPerImage) || viewsPerImage < 1) {
    throw new RangeError(
      `Cannot train on ${viewsPerImage} views of each image: it must be a whole number above 0`,
    );
  }
  if (!(otherTargets >= 0 && otherTargets <= 1)) {
    throw new RangeError(`Cannot take other targets in a share of ${otherTargets}: it must be from 0 to 1`);
  }
  if (!(edges >= 0 && Number.isFinite(edges))) {
    throw new RangeError(`Cannot start with edges of strength ${edges}: it must be a number of at least 0`);
  }
  return {
    rows,
    rowScale,
    commonScale,
    masks,
    views,
    viewsPerImage,
    otherTargets,
    edges,
    rowForm: rowForm(),
  };

  function rowForm(): RowForm {
    if (rows === "own") return OWN_ROWS;
    if (classifier === undefined && options.start !== "regression") {
      throw new TypeError(
        `Cannot share rows: ${
          noStart(
            auxiliary.name,
            backbone.name,
            "start from a regression of its scores (--start regression) or train rows of their own (--rows own)",
            pair.auxiliary.finalLayer() !== undefined,
          )
        }`,
      );
    }
    return {
      kind: "shared",
      width: shape.channels.at(-1)!,
      scales: perTap(rowScale),
      commonScales: perTap(commonScale),
    };
  }

  function perTap(given: number | readonly number[]): readonly number[] {
    const scales = typeof given === "number" ? shape.channels.map(() => given) : given;
    const taps = shape.channels.length;
    if (scales.length === taps && scales.every((scale) => Number.isFinite(scale) && scale >= 0)) {
      return scales;
    }
    throw new RangeError(
      `Cannot scale rows by ${
        scales.join(", ")
      }: a number of at least 0 is needed, or one for each of the ${taps} taps`,
    );
  }
}

/** The settings of a run; a resumed run must have the same. */
export async function runSettings(
  options: TrainOptions,
  { backbone, auxiliary }: TrainingNetworks,
  hyper: HyperParameters,
  form: TrainingForm,
  images: readonly ImageSource[],
  steps: number,
): Promise<Record<string, unknown>> {
  const taps = recordedTaps(auxiliary);
  return {
    backbone: backbone.name,
    auxiliary: auxiliary.name,
    // As text, so that two runs are compared by it.
    ...withoutUndefined({ auxiliaryTaps: taps?.join() }),
    images: images.length,
    imageList: await imageListDigest(images),
    steps,
    batch: options.batch ?? 32,
    microBatch: options.microBatch ?? "automatic",
    seed: options.seed ?? 0,
    holdOutClasses: options.holdOutClasses ?? 0,
    start: options.start instanceof Uint8Array ? "file" : options.start ?? "automatic",
    rows: form.rows,
    ...(form.rows === "shared"
      ? { rowScale: String(form.rowScale), commonScale: String(form.commonScale) }
      : {}),
    masks: form.masks,
    otherTargets: form.otherTargets,
    edges: form.edges,
    ...(form.masks === "budget"
      // As text, so that two runs are compared by it.
      ? { views: JSON.stringify(form.views), viewsPerImage: form.viewsPerImage }
      : {}),
    ...hyper,
  };
}

/** Values of settings that older checkpoints do not have. */
const BEFORE: Readonly<Record<string, unknown>> = { holdOutClasses: 0, edges: 0 };

/** Refuses a checkpoint of another run; the message names the difference. */
export function checkSameRun(record: RunRecord, settings: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(settings)) {
    const saved = record.settings[name] ?? BEFORE[name];
    if (saved !== value) {
      throw new TrainingError(
        `Cannot resume: the checkpoint was made with ${name} ${saved}, this run has ${value}`,
      );
    }
  }
}

/** The record of a head from this run. */
export async function headRecord(
  options: TrainOptions,
  { pair, backbone, auxiliary, fit, goesOn }: TrainingNetworks,
  settings: Readonly<Record<string, unknown>>,
  step: number,
  parts?: PartCounts,
): Promise<HeadRecord> {
  const taps = recordedTaps(auxiliary);
  return {
    name: options.name ?? `${backbone.name} head`,
    auxiliary: auxiliary.name,
    ...withoutUndefined({ taps }),
    backbone: backbone.name,
    trained: step > 0 || goesOn,
    ...(fit === undefined ? {} : await fitRecords(pair, fit)),
    ...withoutUndefined({ licence: options.licence }),
    training: {
      ...settings,
      ...withoutUndefined({ parts }),
      step,
      ...withoutUndefined({ data: options.data }),
    },
  };
}

/** A short digest of the images' names in order (folder and file only, so that the whole collection can be moved). */
async function imageListDigest(images: readonly ImageSource[]): Promise<string> {
  const names = images.map((image, index) => sourceName(image, index).split(/[/\\]/).slice(-2).join("/"));
  const bytes = new TextEncoder().encode(names.join("\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return uint8ArrayToHex(digest.subarray(0, 8));
}
