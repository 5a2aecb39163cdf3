/**
 * Trains a head for a frozen classifier (Ntrougkas et al. 2025, section III): pictures without labels, masked by the
 * head's own maps and shown to the classifier again.
 *
 * @module
 */
import type { ImageSource } from "../image/types.ts";
import { type Device, type DeviceRequest, RunError } from "../runtime/mod.ts";
import type { WeightSource } from "../weights/load_network.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type RunRecord,
  type StepLoss,
  type Validation,
} from "./checkpoint.ts";
import type { OnnxModel } from "./explainer.ts";
import { type HeadRecord, writeHead } from "./head_file.ts";
import type { HeadStart } from "./initial_head.ts";
import { type HyperParameters, presetFor, presetNamed } from "./presets.ts";
import { oneCycle } from "./schedule.ts";
import { createBatchReader, readableImages, type SkippedImage } from "./training_images.ts";
import { loadTrainingNetworks, startingParameters, type TrainingNetworks } from "./training_networks.ts";
import { headOf, initialState } from "./training_state.ts";
import { openTrainingStep, type TrainingState, type TrainingStep } from "./training_step.ts";
import { validateHead } from "./validation.ts";

/** What a training run reports while it goes on. */
export type TrainProgress =
  | {
    readonly kind: "start";
    readonly device: Device;
    readonly images: number;
    readonly steps: number;
    /** Steps done before, where the run goes on from a checkpoint. */
    readonly resumedAt: number;
  }
  | {
    readonly kind: "step";
    readonly steps: number;
    readonly loss: StepLoss;
    readonly learningRate: number;
    readonly imagesPerSecond: number;
    readonly secondsLeft: number;
  }
  | { readonly kind: "validation"; readonly validation: Validation; readonly best: boolean }
  | { readonly kind: "checkpoint"; readonly step: number }
  | { readonly kind: "skipped"; readonly skipped: SkippedImage };

/** Where checkpoints are kept; a file, or whatever the caller has. */
export interface CheckpointStore {
  /** The checkpoint to go on from, `undefined` for a new run. */
  load(): Promise<Uint8Array | undefined>;
  /** Keeps a checkpoint; whole or not at all. */
  save(bytes: Uint8Array): Promise<void>;
}

/** What to train, on what, and how. */
export interface TrainOptions {
  /** Classifier to explain: the name of a network, or an .onnx file. */
  readonly backbone: string | OnnxModel;
  /** Safetensors file with its weights, where none is shipped. */
  readonly backboneWeights?: WeightSource;
  /** Network whose taps the head reads; the backbone itself where it has taps, else "efficientnet_lite0". */
  readonly auxiliary?: string;
  /** Safetensors file with its weights, where none is shipped. */
  readonly auxiliaryWeights?: WeightSource;
  /** Pictures to train on, without labels; read when their turn comes. */
  readonly images: Iterable<ImageSource> | AsyncIterable<ImageSource>;
  /** At most so many of them. */
  readonly limit?: number;
  /** Held-out pictures for validation by AD and IC; none by default. */
  readonly validation?: readonly ImageSource[];
  /** Steps between validations; a fifth of the run by default. */
  readonly validateEvery?: number;
  /** Passes over the pictures; 1 by default. */
  readonly epochs?: number;
  /** Steps in all, instead of `epochs`. */
  readonly steps?: number;
  /** Pictures per step; 32 by default, as in the paper. */
  readonly batch?: number;
  /** Pictures that go through the backbone at once: memory, not results; 4 by default. */
  readonly microBatch?: number;
  /** Name of a preset; the paper's for the backbone by default. */
  readonly preset?: string;
  /** Hyper-parameters that differ from the preset's. */
  readonly hyperParameters?: Partial<HyperParameters>;
  /** How the head starts; from the auxiliary's classifier where the classes are the same, else PyTorch's default. */
  readonly start?: HeadStart["kind"] | Uint8Array;
  /** Of the order, the augmentation and the start; 0 by default. */
  readonly seed?: number;
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes. */
  readonly threads?: number;
  /** Where checkpoints are kept; none by default. */
  readonly checkpoint?: CheckpointStore;
  /** Steps between checkpoints; 50 by default. */
  readonly checkpointEvery?: number;
  /** Name of the head for people. */
  readonly name?: string;
  /** Licence of the head, and whom to name, for its record. */
  readonly licence?: string;
  /** Name of the pictures, for its record. */
  readonly data?: string;
  /** Called as the run goes on. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the run between steps; what is done is in the last checkpoint. */
  readonly signal?: AbortSignal;
}

/** What a training run gives. */
export interface TrainResult {
  /** Head file of the best validation, or of the last step where there was none. */
  readonly head: Uint8Array;
  /** Head file of the last step. */
  readonly last: Uint8Array;
  /** The loss of every step. */
  readonly losses: readonly StepLoss[];
  /** The validations, in order. */
  readonly validations: readonly Validation[];
  /** Pictures that could not be read. */
  readonly skipped: readonly SkippedImage[];
}

/** Training went wrong in a way that more of it would not mend. */
export class TrainingError extends Error {
  /** The name that tells it from other errors. */
  override name = "TrainingError";
}

/**
 * Trains a head.
 *
 * @throws {TrainingError} When the loss is not finite, or a checkpoint is of another run.
 * @throws {ImageError} When no picture can be read.
 * @throws {RangeError} When there are fewer pictures than a batch, or a name is unknown.
 *
 * @example Three steps on one picture
 * ```ts
 * import { train } from "./trainer.ts";
 *
 * const { head, losses } = await train({
 *   backbone: "efficientnet_lite0",
 *   images: ["models/sample/chelsea.jpg"],
 *   batch: 1,
 *   steps: 3,
 *   device: "wasm",
 * });
 * console.assert(losses.length === 3 && head.length > 0);
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { batch = 32, seed = 0, checkpointEvery = 50, signal, onProgress } = options;
  const images = await collect(options.images, options.limit);
  const steps = stepsOf(options, images.length);
  const networks = await loadTrainingNetworks(options);
  const { backbone, auxiliary, shape, inputs } = networks;
  const hyper = hyperParametersOf(options, networks);
  const settings = settingsOf(options, networks, hyper, images.length, steps);

  const saved = await options.checkpoint?.load();
  const checkpoint = saved === undefined ? undefined : decodeCheckpoint(saved, shape);
  if (checkpoint !== undefined) checkSameRun(checkpoint.record, settings);
  const record = checkpoint?.record;
  const losses: StepLoss[] = [...record?.losses ?? []];
  const validations: Validation[] = [...record?.validations ?? []];
  const skipped: SkippedImage[] = [...record?.skipped ?? []];
  let best = checkpoint?.best;
  let done = record?.step ?? 0;
  /** The reader's position when the last step's batch had been read; the next batch may have been begun. */
  let position = record?.position ?? 0;
  /** Whether there is something that is in no checkpoint yet. */
  let unsaved = false;

  const heldOut = await readableImages(options.validation ?? [], signal);
  const reader = createBatchReader({ images, batch, seed, inputs, position });
  const state = checkpoint?.state ?? initialState(shape, await startingParameters(networks, options));
  const step = await openTrainingStep({
    auxiliary,
    backbone,
    shape,
    weights: hyper,
    batch,
    microBatch: Math.min(options.microBatch ?? networks.fixedBatch ?? 4, batch),
    device: options.device ?? "auto",
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  }, state);

  const wholeState = async (): Promise<TrainingState> => {
    const present = await step.state();
    checkFinite(present, done);
    return present;
  };
  const headFile = async (): Promise<Uint8Array> =>
    await writeHead(recordOf(options, networks, settings, done), headOf(shape, await wholeState()));
  const save = async () => {
    if (options.checkpoint === undefined) return;
    const record: RunRecord = { step: done, position, settings, losses, validations, skipped };
    await options.checkpoint.save(encodeCheckpoint({ record, state: await wholeState(), best }));
    unsaved = false;
    onProgress?.({ kind: "checkpoint", step: done });
  };
  const reportSkipped = (found: readonly SkippedImage[]) => {
    for (const each of found) {
      // A resumed run meets again what it met before.
      if (skipped.some(({ image }) => image === each.image)) continue;
      skipped.push(each);
      onProgress?.({ kind: "skipped", skipped: each });
    }
  };
  const validate = async () => {
    const head = await headFile();
    const validation = await validateHead(head, done, heldOut.readable, {
      model: options.backbone,
      ...(networks.backboneWeights === undefined ? {} : { weights: networks.backboneWeights }),
      auxiliary: auxiliary.name,
      auxiliaryWeights: networks.auxiliaryWeights,
      device: step.device,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    }, signal);
    const better = validations.every((earlier) => dropOf(validation) < dropOf(earlier));
    validations.push(validation);
    if (better) best = head;
    unsaved = true;
    onProgress?.({ kind: "validation", validation, best: better });
  };
  const validateEvery = options.validateEvery ?? Math.max(1, Math.ceil(steps / 5));
  const isDue = (every: number) => done > 0 && (done % every === 0 || done === steps);

  let coming: Promise<Float32Array[]> | undefined;
  /** Reads a batch ahead. It may fail before anyone waits for it. */
  const readAhead = () => {
    coming = reader.next(signal);
    coming.catch(() => undefined);
    return coming;
  };
  try {
    onProgress?.({ kind: "start", device: step.device, images: images.length, steps, resumedAt: done });
    reportSkipped(heldOut.skipped);
    const first = done;
    let seconds = 0;
    for (;;) {
      // Asked here and not behind the step: a run that was stopped while it validated goes on with that.
      const validated = validations.at(-1)?.step === done;
      if (heldOut.readable.length > 0 && isDue(validateEvery) && !validated) await validate();
      if (unsaved && isDue(checkpointEvery)) await save();
      if (done >= steps) break;

      signal?.throwIfAborted();
      const started = performance.now();
      const [pixels, auxiliaryPixels] = await (coming ?? readAhead());
      const read = reader.position;
      // The next batch is read while the step runs, where the device leaves the program time for it.
      if (done + 1 < steps) readAhead();
      const cycle = oneCycle(done, steps, hyper.learningRate);
      const loss = await oneStep(step, pixels!, auxiliaryPixels, {
        step: done,
        ...cycle,
        weightDecay: hyper.weightDecay,
      }, signal);
      done++;
      position = read;
      unsaved = true;
      losses.push(loss);
      reportSkipped(reader.skipped);
      seconds += (performance.now() - started) / 1000;
      onProgress?.({
        kind: "step",
        steps,
        loss,
        learningRate: cycle.learningRate,
        imagesPerSecond: (done - first) * batch / seconds,
        secondsLeft: seconds / (done - first) * (steps - done),
      });
    }
    const last = await headFile();
    return { head: best ?? last, last, losses, validations, skipped };
  } catch (error) {
    // Told to stop, it keeps what is done; the state of a step that was broken off is the one before it.
    if (signal?.aborted && unsaved) await save();
    throw error;
  } finally {
    await coming?.catch(() => undefined);
    await step.dispose();
  }
}

/**
 * Steps of the whole run.
 *
 * @throws {RangeError} When there would be none.
 */
function stepsOf({ batch = 32, epochs = 1, steps }: TrainOptions, images: number): number {
  if (images === 0) throw new RangeError("Cannot train: there are no images");
  if (!Number.isInteger(batch) || batch < 1) {
    throw new RangeError(`Cannot train on batches of ${batch}: it must be a whole number of at least 1`);
  }
  if (images < batch) {
    throw new RangeError(`Cannot train: ${images} images are fewer than a batch of ${batch}`);
  }
  const all = steps ?? Math.floor(epochs * images / batch);
  if (!Number.isSafeInteger(all) || all < 1) {
    throw new RangeError(`Cannot train for ${all} steps: it must be a whole number of at least 1`);
  }
  return all;
}

/**
 * The preset's hyper-parameters with the options' own in their place.
 *
 * @throws {RangeError} When the preset is unknown or a number is none.
 */
function hyperParametersOf(
  options: TrainOptions,
  { backbone, auxiliary }: TrainingNetworks,
): HyperParameters {
  const preset = options.preset === undefined
    ? presetFor(backbone.name, auxiliary.name)
    : presetNamed(options.preset);
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

/** Runs one step and refuses a loss that is not finite before anyone keeps what it made of the head. */
async function oneStep(
  step: TrainingStep,
  images: Float32Array,
  auxiliaryImages: Float32Array | undefined,
  settings: Parameters<TrainingStep["run"]>[1],
  signal: AbortSignal | undefined,
): Promise<StepLoss> {
  const batch = { images, ...(auxiliaryImages === undefined ? {} : { auxiliaryImages }) };
  let terms;
  try {
    ({ terms } = await step.run(batch, settings, { signal }));
  } catch (cause) {
    if (!(cause instanceof RunError)) throw cause;
    throw new TrainingError(`Cannot go on training at step ${settings.step + 1}: ${cause.message}`, {
      cause,
    });
  }
  if (!Object.values(terms).every(Number.isFinite)) {
    throw new TrainingError(
      `Cannot go on training: the loss is not finite at step ${
        settings.step + 1
      } (cross-entropy ${terms.ce}, area ` +
        `${terms.area}, variation ${terms.variation}); a lower learning rate may help`,
    );
  }
  return { step: settings.step + 1, ...terms };
}

/**
 * A step may end with a loss that is finite and a head that is not; no checkpoint and no head may hold that.
 *
 * @throws {TrainingError} When a number of the state is not finite.
 */
function checkFinite(state: Readonly<TrainingState>, step: number): void {
  for (const [name, { data }] of Object.entries(state)) {
    if ((data as Float32Array).every(Number.isFinite)) continue;
    throw new TrainingError(
      `Cannot go on training: ${name} is not finite after step ${step}; a lower learning rate may help`,
    );
  }
}

/** What the best head is chosen by: the average drop with half and with 15 % of the map kept. */
function dropOf({ averageDrop: [, half, little] }: Validation): number {
  return half + little;
}

/** What a run is started with: a resumed one must have the same, or it would not be the same run. */
function settingsOf(
  options: TrainOptions,
  { backbone, auxiliary }: TrainingNetworks,
  hyper: HyperParameters,
  images: number,
  steps: number,
): Record<string, unknown> {
  return {
    backbone: backbone.name,
    auxiliary: auxiliary.name,
    images,
    steps,
    batch: options.batch ?? 32,
    seed: options.seed ?? 0,
    start: options.start instanceof Uint8Array ? "file" : options.start ?? "automatic",
    ...hyper,
  };
}

function checkSameRun(record: RunRecord, settings: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (record.settings[name] !== value) {
      throw new TrainingError(
        `Cannot resume: the checkpoint was made with ${name} ${record.settings[name]}, this run has ${value}`,
      );
    }
  }
}

function recordOf(
  options: TrainOptions,
  { backbone, auxiliary }: TrainingNetworks,
  settings: Readonly<Record<string, unknown>>,
  step: number,
): HeadRecord {
  return {
    name: options.name ?? `${backbone.name} head`,
    auxiliary: auxiliary.name,
    backbone: backbone.name,
    trained: true,
    ...(options.licence === undefined ? {} : { licence: options.licence }),
    training: { ...settings, step, ...(options.data === undefined ? {} : { data: options.data }) },
  };
}
