/**
 * What a training run has before its first step: its images, its networks, its settings and its first state. The trainer
 * takes the steps; export_step.ts hands them to other programs.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import { resolveDevice } from "../../runtime/mod.ts";
import { allowedTargets, checkShare } from "../class_split.ts";
import { fittedRowsTensor, type HeadTensor } from "../head_file.ts";
import { type Checkpoint, readCheckpoint, type RunRecord } from "./checkpoint.ts";
import { edgeStart, withEdgeRow } from "./edge_start.ts";
import { withFittedRows } from "./fit_start.ts";
import { type ImageCrops, openImageCrops, usualWorkers } from "./image_crops.ts";
import { type PreparedImages, prepareImages } from "./prepare_images.ts";
import type { HyperParameters } from "./presets.ts";
import { createRowStart, type RowStart } from "./rows.ts";
import {
  checkSameRun,
  chooseForm,
  chooseHyperParameters,
  countSteps,
  type RunForm,
  runSettings,
} from "./run_settings.ts";
import type { TargetChoice } from "./targets.ts";
import type { TrainOptions } from "./train_options.ts";
import { loadTrainingNetworks, startingParameters, type TrainingNetworks } from "./training_networks.ts";
import { initialState } from "./training_state.ts";
import type { TrainingState } from "./training_step.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/**
 * Prepares a run, and closes its images at the end.
 *
 * @throws As `train`.
 */
export async function withPreparedRun<T>(
  options: TrainOptions,
  use: (run: PreparedRun) => Promise<T>,
): Promise<T> {
  const { batch = 32, signal } = options;
  const begun = performance.now();
  checkReading(options);
  const images = await collect(options.images, options.limit);
  const planned = countSteps(options, images.length);
  const loaded = await loadTrainingNetworks(options);
  const hyper = chooseHyperParameters(options, loaded);
  const form = chooseForm(options, loaded);
  const { steps: _, ...early } = await runSettings(options, loaded, hyper, form, images, planned);

  const saved = await options.checkpoint?.load();
  const checkpoint = saved === undefined
    ? undefined
    : await readCheckpoint(saved, loaded.shape, form.rowForm);
  if (checkpoint !== undefined) checkSameRun(checkpoint.record, early);
  const { holdOutClasses = 0, imageWorkers = usualWorkers(), imageCache = 1024 } = options;
  const crops = openImageCrops({
    images,
    inputs: loaded.inputs,
    workers: imageWorkers,
    // Images that are used only once need no cache.
    cacheBytes: holdOutClasses > 0 || planned * batch > images.length ? imageCache * 1e6 : 0,
    signal,
  });
  const microBatch = Math.min(options.microBatch ?? loaded.pair.backbone.fixedBatch ?? 4, batch);
  try {
    const networks = await withFittedRows({ options, images, crops, networks: loaded, checkpoint });
    const classes = checkpoint?.classes;
    const sources = await prepareImages({ options, images, crops, networks, piece: microBatch, classes });
    // With held-out classes, the number of images per epoch is known only now.
    const steps = countSteps(options, sources.use.length);
    const settings = { ...early, steps };
    if (checkpoint !== undefined) checkSameRun(checkpoint.record, settings);
    const prepared = {
      images,
      networks,
      hyper,
      form,
      batch,
      microBatch,
      crops,
      sources,
      steps,
      settings,
      checkpoint,
      secondsLeft: () => options.seconds && Math.max(0, options.seconds - (performance.now() - begun) / 1000),
    };
    return await use({ options, ...prepared });
  } finally {
    crops.close();
  }
}

/** A run whose images are chosen. */
export interface PreparedRun {
  readonly options: TrainOptions;
  readonly images: readonly ImageSource[];
  readonly networks: TrainingNetworks;
  readonly hyper: HyperParameters;
  readonly form: RunForm;
  /** Images of a step. */
  readonly batch: number;
  /** Images of a pass. */
  readonly microBatch: number;
  readonly crops: ImageCrops;
  readonly sources: PreparedImages;
  readonly steps: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly checkpoint: Checkpoint | undefined;
  /** Seconds until the run must end; `undefined` if it has no limit. */
  secondsLeft(): number | undefined;
}

/** Where a run begins: its first state, or that of its checkpoint. */
export interface RunStart {
  readonly state: TrainingState;
  /** The start of shared rows. */
  readonly rowStart: RowStart | undefined;
  /** Class rows of a regression, kept in the head's file, so that training can continue with it. */
  readonly fittedRows: readonly HeadTensor[];
  /** How targets are chosen that are not known before the step. */
  readonly targets: TargetChoice;
  /** What a record keeps from the start. */
  readonly recorded: Pick<RunRecord, "edgeRow" | "fit">;
}

/** The state that a run begins with. */
export async function startOf(run: PreparedRun): Promise<RunStart> {
  const { options, networks, form, checkpoint } = run;
  const { rowForm: rows } = form;
  const { shape } = networks;
  const { head, row: edgeRow } = await startParameters(run);
  return {
    state: checkpoint?.state ?? initialState(shape, head, rows),
    rowStart: rows.kind === "own" ? undefined : createRowStart(head, networks.classifier!),
    fittedRows: networks.fit === undefined ? [] : [fittedRowsTensor(networks.classifier!, shape.classes)],
    targets: {
      others: form.otherTargets,
      seed: options.seed ?? 0,
      ...(options.holdOutClasses ? { allowed: allowedTargets(shape.classes, options.holdOutClasses) } : {}),
    },
    recorded: withoutUndefined({ edgeRow, fit: networks.fit }),
  };
}

/** Whether a step uses the scores of the crop for its targets: it has them (one network twice), or needs them. */
export function seesTargets({ networks, form }: PreparedRun): boolean {
  return networks.auxiliary === networks.backbone || form.otherTargets > 0;
}

/** The head before the first step, and the weights added to every row for edges. */
async function startParameters(
  { options, networks, form, crops, sources, steps, checkpoint }: PreparedRun,
): Promise<{ readonly head: readonly HeadTensor[]; readonly row?: readonly number[] }> {
  const { shape, auxiliary } = networks;
  const head = await startingParameters(networks, options);
  if (form.edges === 0 || options.start instanceof Uint8Array) return { head };
  // The fitted parameters are in the checkpoint's state, and the weights added to the initial rows in its record.
  const row = checkpoint?.record.edgeRow;
  if (row !== undefined) return { head: withEdgeRow(head, shape, row), row };
  const { seed = 0, threads, signal, onProgress } = options;
  const device = await resolveDevice(options.device);
  const start = await edgeStart({
    auxiliary,
    shape,
    head,
    strength: form.edges,
    crops,
    input: networks.inputs.length - 1,
    steps,
    use: sources.use,
    device,
    threads,
    seed,
    signal,
  });
  onProgress?.({ kind: "edges", explained: start.explained });
  return start;
}

async function collect(
  images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
  limit = Infinity,
): Promise<ImageSource[]> {
  const all: ImageSource[] = [];
  for await (const image of images) {
    if (all.length >= limit) break;
    all.push(image);
  }
  return all;
}

/**
 * Checks the options for reading images.
 *
 * @throws {RangeError} When a number is invalid.
 */
function checkReading(options: TrainOptions): void {
  const { holdOutClasses = 0, imageWorkers = 0, imageCache = 0, seconds } = options;
  if (seconds !== undefined && !(seconds >= 0 && options.checkpoint === undefined)) {
    throw new RangeError(
      `Cannot train for ${seconds} seconds: it must be a number of at least 0, of a run without a checkpoint`,
    );
  }
  checkShare(holdOutClasses);
  if (!Number.isInteger(imageWorkers) || imageWorkers < 0) {
    throw new RangeError(
      `Cannot read images with ${imageWorkers} workers: it must be a whole number of at least 0`,
    );
  }
  if (!(imageCache >= 0)) {
    throw new RangeError(`Cannot keep ${imageCache} MB of images: it must be a number of at least 0`);
  }
}
