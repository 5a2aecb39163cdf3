/**
 * Trains a head for a frozen classifier (Ntrougkas et al. 2025, section III): images without labels, masked by the
 * head's own maps and shown to the classifier again.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import { resolveDevice } from "../../runtime/mod.ts";
import {
  type Checkpoint,
  readCheckpoint,
  type RunRecord,
  sealedCheckpoint,
  type StepLoss,
  type Validation,
} from "./checkpoint.ts";
import { checkFinite, oneStep } from "./checked_step.ts";
import { withFittedRows } from "./fit_start.ts";
import { allowedTargets, checkShare } from "../class_split.ts";
import { edgeStart, withEdgeRow } from "./edge_start.ts";
import { fittedRowsTensor, type HeadTensor, writeHead } from "../head_file.ts";
import { type ImageCrops, openImageCrops, usualWorkers } from "./image_crops.ts";
import type { HyperParameters } from "./presets.ts";
import { createRowStart } from "./rows.ts";
import {
  checkSameRun,
  chooseForm,
  chooseHyperParameters,
  countSteps,
  headRecord,
  type RunForm,
  runSettings,
} from "./run_settings.ts";
import { createClock } from "./schedule.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";
import { createBatchReader, type ReadBatch, type SkippedImage } from "./training_images.ts";
import { loadTrainingNetworks, startingParameters, type TrainingNetworks } from "./training_networks.ts";
import { type PreparedImages, prepareImages } from "./prepare_images.ts";
import { extractHead, initialState } from "./training_state.ts";
import { openTrainingStep, type TrainingState } from "./training_step.ts";
import { validateHead } from "./validation.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/**
 * Trains a head.
 *
 * @throws {TrainingError} When the loss is not finite, or a checkpoint is of another run.
 * @throws {ImageError} When no image can be read.
 * @throws {RangeError} When there are fewer images than a batch, or a name is unknown.
 *
 * @example A step on one image
 * ```ts
 * import { train } from "./trainer.ts";
 *
 * const { head, losses } = await train({
 *   backbone: "efficientnet_lite0",
 *   images: ["models/sample/chelsea.jpg"],
 *   batch: 1,
 *   steps: 1,
 *   device: "wasm",
 * });
 * console.assert(losses.length === 1 && head.length > 0);
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
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
      microBatch,
      crops,
      sources,
      steps,
      settings,
      checkpoint,
      secondsLeft: () => options.seconds && Math.max(0, options.seconds - (performance.now() - begun) / 1000),
    };
    return await trainOn({ options, ...prepared });
  } finally {
    crops.close();
  }
}

/** A run whose images are chosen. */
interface PreparedRun {
  readonly options: TrainOptions;
  readonly images: readonly ImageSource[];
  readonly networks: TrainingNetworks;
  readonly hyper: HyperParameters;
  readonly form: RunForm;
  readonly microBatch: number;
  readonly crops: ImageCrops;
  readonly sources: PreparedImages;
  readonly steps: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly checkpoint: Checkpoint | undefined;
  /** Seconds until the run must end; `undefined` if it has no limit. */
  secondsLeft(): number | undefined;
}

async function trainOn(run: PreparedRun): Promise<TrainResult> {
  const { options, images, networks, hyper, form, microBatch, crops, sources, steps, settings, checkpoint } =
    run;
  const { rowForm: rows } = form;
  const { batch = 32, seed = 0, checkpointEvery = 50, signal, onProgress } = options;
  const { backbone, auxiliary, shape, inputs } = networks;
  const { use, validation: heldOut, sorted } = sources;
  const record = checkpoint?.record;
  const losses: StepLoss[] = [...record?.losses ?? []];
  const validations: Validation[] = [...record?.validations ?? []];
  const skipped: SkippedImage[] = [...record?.skipped ?? []];
  let best = checkpoint?.best;
  let done = record?.step ?? 0;
  /** The reader's position after the last step's batch; the next batch may already be in progress. */
  let position = record?.position ?? 0;
  /** Whether anything is not yet in a checkpoint. */
  let unsaved = false;

  const batches = steps - done;
  const reader = createBatchReader({ images, use, batch, seed, inputs, position, crops, batches });
  const { head: start, row: edgeRow } = await startParameters(run);
  const rowStart = rows.kind === "own" ? undefined : createRowStart(start, networks.classifier!);
  const state = checkpoint?.state ?? initialState(shape, start, rows);
  const step = await openTrainingStep({
    auxiliary,
    backbone,
    shape,
    weights: hyper,
    batch,
    microBatch,
    device: options.device ?? "auto",
    rows,
    ...withoutUndefined({ rowStart }),
    ...(form.masks === "area" ? {} : { budget: { views: form.views, each: form.viewsPerImage } }),
    targets: {
      others: form.otherTargets,
      seed,
      ...(options.holdOutClasses ? { allowed: allowedTargets(shape.classes, options.holdOutClasses) } : {}),
    },
    ...withoutUndefined({ threads: options.threads }),
  }, state);

  // Kept in the head's file, so that training can continue with it.
  const fittedRows = networks.fit === undefined
    ? []
    : [fittedRowsTensor(networks.classifier!, shape.classes)];
  const wholeState = async (): Promise<TrainingState> => {
    const present = await step.state();
    checkFinite(present, done);
    return present;
  };
  const headFile = async (): Promise<Uint8Array> =>
    await writeHead(
      await headRecord(options, networks, settings, done, sorted?.counts),
      [...extractHead(shape, await wholeState(), rows, rowStart), ...fittedRows],
    );
  const save = async () => {
    if (options.checkpoint === undefined) return;
    const record: RunRecord = {
      step: done,
      position,
      settings,
      losses,
      validations,
      skipped,
      ...withoutUndefined({ edgeRow, fit: networks.fit }),
    };
    const [classes, fitted] = [sorted?.classes, fittedRows[0]];
    const state = await wholeState();
    await options.checkpoint.save(await sealedCheckpoint({ record, state, best, classes, fitted }));
    unsaved = false;
    onProgress?.({ kind: "checkpoint", step: done });
  };
  const reportSkipped = (found: readonly SkippedImage[]) => {
    for (const each of found) {
      // A resumed run meets the same unreadable images again.
      if (skipped.some(({ image }) => image === each.image)) continue;
      skipped.push(each);
      onProgress?.({ kind: "skipped", skipped: each });
    }
  };
  const validate = async () => {
    const head = await headFile();
    const { device = "auto" } = options;
    const validation = await validateHead(head, done, heldOut, networks.pair, {
      device: device === "auto" ? step.device : device,
      ...withoutUndefined({ threads: options.threads, signal }),
    });
    const better = validations.every((earlier) => totalDrop(validation) < totalDrop(earlier));
    validations.push(validation);
    if (better) best = head;
    unsaved = true;
    onProgress?.({ kind: "validation", validation, best: better });
  };
  const validateEvery = options.validateEvery ?? Math.max(1, Math.ceil(steps / 5));
  const isDue = (every: number) => done > 0 && (done % every === 0 || done === steps);

  let coming: Promise<ReadBatch> | undefined;
  /** Reads a batch ahead. It may fail before anybody waits for it. */
  const readAhead = () => {
    coming = reader.next(signal);
    coming.catch(() => undefined);
    return coming;
  };
  try {
    const { seconds } = options;
    onProgress?.({
      kind: "start",
      device: step.device,
      images: use.length,
      ...(seconds === undefined ? { steps } : { seconds }),
      resumedAt: done,
    });
    reportSkipped(sources.skipped);
    // A run that is stopped early need not sort again.
    if (sorted?.fresh) await save();
    const first = done;
    const clock = createClock(run.secondsLeft(), steps, first);
    for (;;) {
      // Checked here and not after the step, so that a run that was stopped during validation resumes with it.
      const validated = validations.at(-1)?.step === done;
      if (heldOut.length > 0 && isDue(validateEvery) && !validated) await validate();
      if (unsaved && isDue(checkpointEvery)) await save();
      if (done >= steps || clock.isOver(done) || options.finish?.aborted) break;

      signal?.throwIfAborted();
      const { pixels: [pixels, auxiliaryPixels], images: taken } = await (coming ?? readAhead());
      const read = reader.position;
      // The next batch is read while the step runs, if the device leaves the program time for it.
      if (done + 1 < steps) readAhead();
      const cycle = clock.cycle(done, hyper.learningRate);
      // The step uses the scores of the crop if it has them (both are the same network) or needs them.
      const seen = auxiliary === backbone || form.otherTargets > 0;
      const targets = seen ? undefined : sources.targetsOf(taken);
      const given = {
        images: pixels!,
        step: done,
        ...withoutUndefined({ auxiliaryImages: auxiliaryPixels, targets }),
      };
      const loss = await oneStep(step, given, {
        step: done,
        ...cycle,
        weightDecay: hyper.weightDecay,
      }, signal);
      done++;
      position = read;
      unsaved = true;
      losses.push(loss);
      reportSkipped(reader.skipped);
      onProgress?.({
        kind: "step",
        steps: clock.steps(done),
        loss,
        learningRate: cycle.learningRate,
        imagesPerSecond: batch / clock.secondsPerStep(done),
        secondsLeft: clock.secondsLeft(done),
      });
      // wasm never yields: let signals, timers and the page's events be handled here.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const last = await headFile();
    return { head: best ?? last, last, losses, validations, skipped };
  } catch (error) {
    // When stopped, it keeps the finished steps; an aborted step leaves the state unchanged.
    if (signal?.aborted && unsaved) await save();
    throw error;
  } finally {
    // Do not wait for images that are being read ahead.
    crops.close();
    await coming?.catch(() => undefined);
    await step.dispose();
  }
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

/** The criterion for the best head: the average drop with 50 % and with 15 % of the map kept. */
function totalDrop({ averageDrop: [, half, little] }: Validation): number {
  return half + little;
}
