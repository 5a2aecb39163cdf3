/**
 * Trains a head for a frozen classifier (Ntrougkas et al. 2025, section III): pictures without labels, masked by the
 * head's own maps and shown to the classifier again.
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import type { Preprocessing } from "../../models/registry.ts";
import type { ImageSource } from "../image/types.ts";
import { type Device, type DeviceRequest, RunError } from "../runtime/mod.ts";
import { loadWeights, type WeightSource } from "../weights/load_network.ts";
import { float32Of } from "../weights/safetensors.ts";
import { numberedLabels, openOnnxBackbone } from "./backbone.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type RunRecord,
  type StepLoss,
  type Validation,
} from "./checkpoint.ts";
import type { OnnxModel } from "./explainer.ts";
import { checkHeadFits, type HeadRecord, type HeadTensor, readHead, writeHead } from "./head_file.ts";
import { headParameters, type HeadShape } from "./head.ts";
import { type HeadStart, initialHead } from "./initial_head.ts";
import { networkNamed } from "./network_names.ts";
import { headShapeOf } from "./observed_network.ts";
import { frozenOnnx } from "./onnx_network.ts";
import { type HyperParameters, presetFor, presetNamed } from "./presets.ts";
import { oneCycle } from "./schedule.ts";
import { frozen, type FrozenNetwork } from "./step.ts";
import { createBatchReader, type SkippedImage } from "./training_images.ts";
import { headOf, initialState } from "./training_state.ts";
import { openTrainingStep, type TrainingStep } from "./training_step.ts";
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

/** The networks of a run and what the head must fit. */
interface Networks {
  readonly backbone: FrozenNetwork;
  readonly auxiliary: FrozenNetwork;
  readonly shape: HeadShape;
  readonly inputs: readonly Preprocessing[];
  /** Final linear layer of the auxiliary, where a head can start from it. */
  readonly classifier: Float32Array | undefined;
  readonly backboneWeights: Uint8Array | undefined;
  readonly auxiliaryWeights: Uint8Array;
}

async function loadNetworks(options: TrainOptions): Promise<Networks> {
  const { backbone: model, signal } = options;
  const network = typeof model === "string" ? networkNamed(model) : undefined;
  const auxiliary = networkNamed(options.auxiliary ?? network?.name ?? "efficientnet_lite0");
  const shared = network === auxiliary;
  const auxiliaryWeights = await loadWeights(
    auxiliary,
    options.auxiliaryWeights ?? (shared ? options.backboneWeights : undefined),
    signal,
  );
  const frozenAuxiliary = frozen(auxiliary, auxiliaryWeights);
  const layer = auxiliaryWeights.header.tensors.get(auxiliary.classifier.weight);
  const classifierOf = (labels: readonly string[]) =>
    auxiliary.classifierTap && layer !== undefined && labels.join("\n") === IMAGENET_1K.join("\n")
      ? float32Of(auxiliaryWeights.bytes, layer)
      : undefined;
  if (network !== undefined) {
    const weights = shared ? auxiliaryWeights : await loadWeights(network, options.backboneWeights, signal);
    return {
      backbone: shared ? frozenAuxiliary : frozen(network, weights),
      auxiliary: frozenAuxiliary,
      shape: headShapeOf(auxiliary, network.classes),
      inputs: inputsOf(network.preprocessing, auxiliary.preprocessing),
      classifier: classifierOf(IMAGENET_1K),
      backboneWeights: weights.bytes,
      auxiliaryWeights: auxiliaryWeights.bytes,
    };
  }
  const { name, onnx, ...rest } = model as OnnxModel;
  // Opened once to learn its classes and its input; it is run through its graph from then on.
  const opened = await openOnnxBackbone(onnx, IMAGENET_1K, { name, ...rest, device: "wasm" });
  await opened.session.dispose();
  return {
    backbone: frozenOnnx(name, onnx, opened.preprocessing),
    auxiliary: frozenAuxiliary,
    shape: headShapeOf(auxiliary, opened.classes),
    inputs: inputsOf(opened.preprocessing, auxiliary.preprocessing),
    classifier: classifierOf(
      rest.labels ?? (opened.classes === 1000 ? IMAGENET_1K : numberedLabels(opened.classes)),
    ),
    backboneWeights: undefined,
    auxiliaryWeights: auxiliaryWeights.bytes,
  };
}

/** Cuts of a picture: the backbone's, and the auxiliary's where it reads another. */
function inputsOf(backbone: Preprocessing, auxiliary: Preprocessing): Preprocessing[] {
  const same = backbone.crop === auxiliary.crop && backbone.resize === auxiliary.resize;
  return same ? [backbone] : [backbone, auxiliary];
}

async function startOf(networks: Networks, options: TrainOptions): Promise<HeadTensor[]> {
  const { shape, classifier, auxiliary } = networks;
  if (options.start instanceof Uint8Array) {
    const head = await readHead(options.start, "start");
    checkHeadFits(head, auxiliary.name, shape);
    const { tensors } = head.file.header;
    return [...headParameters(shape)].map(([name, dims]) => {
      return { name, shape: dims, data: float32Of(head.file.bytes, tensors.get(name)!).slice() };
    });
  }
  const kind = options.start ?? (classifier === undefined ? "default" : "class-activation");
  if (kind === "default") return initialHead(shape, { kind }, options.seed);
  if (classifier === undefined) {
    throw new TypeError(
      `Cannot start from class activations: auxiliary ${auxiliary.name} does not share the backbone's classes`,
    );
  }
  return initialHead(shape, { kind, classifier }, options.seed);
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
  if (images.length === 0) throw new RangeError("Cannot train: there are no images");
  if (images.length < batch) {
    throw new RangeError(`Cannot train: ${images.length} images are fewer than a batch of ${batch}`);
  }
  const networks = await loadNetworks(options);
  const { backbone, auxiliary, shape, inputs } = networks;
  const preset = options.preset === undefined
    ? presetFor(backbone.name, auxiliary.name)
    : presetNamed(options.preset);
  const hyper: HyperParameters = { ...preset, ...options.hyperParameters };
  const steps = options.steps ?? Math.floor((options.epochs ?? 1) * images.length / batch);
  const settings = settingsOf(options, networks, hyper, images.length, steps);

  const saved = await options.checkpoint?.load();
  const checkpoint = saved === undefined ? undefined : decodeCheckpoint(saved, shape);
  if (checkpoint !== undefined) checkSameRun(checkpoint.record, settings);
  const losses: StepLoss[] = [...checkpoint?.record.losses ?? []];
  const validations: Validation[] = [...checkpoint?.record.validations ?? []];
  let best = checkpoint?.best;
  let done = checkpoint?.record.step ?? 0;

  const reader = createBatchReader({
    images,
    batch,
    seed,
    inputs,
    position: checkpoint?.record.position ?? 0,
  });
  const state = checkpoint?.state ?? initialState(shape, await startOf(networks, options));
  const micro = Math.min(options.microBatch ?? 4, batch);
  const step = await openTrainingStep({
    auxiliary,
    backbone,
    shape,
    weights: hyper,
    batch,
    microBatch: micro,
    device: options.device ?? "auto",
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  }, state);

  const headFile = async (): Promise<Uint8Array> =>
    await writeHead(recordOf(options, networks, settings, done), headOf(shape, await step.state()));
  /** `position`: of the reader when the last step's batch had been read; the next batch may have been begun. */
  const save = async (position: number) => {
    if (options.checkpoint === undefined) return;
    const record: RunRecord = { step: done, position, settings, losses, validations };
    await options.checkpoint.save(encodeCheckpoint({ record, state: await step.state(), best }));
    onProgress?.({ kind: "checkpoint", step: done });
  };
  /** The reader's position after steps that are in no checkpoint yet. */
  let unsaved: number | undefined;
  const validateEvery = options.validateEvery ?? Math.max(1, Math.ceil(steps / 5));

  try {
    onProgress?.({ kind: "start", device: step.device, images: images.length, steps, resumedAt: done });
    const started = performance.now();
    const first = done;
    let reported = 0;
    // The next batch is read while the step runs, where the device leaves the program time for it.
    let coming = done < steps ? reader.next(signal) : undefined;
    while (done < steps) {
      signal?.throwIfAborted();
      const [pixels, auxiliaryPixels] = await coming!;
      const { position } = reader;
      const next = done + 1 < steps ? reader.next(signal) : undefined;
      // It may fail while the step runs, before anyone waits for it.
      next?.catch(() => undefined);
      const cycle = oneCycle(done, steps, hyper.learningRate);
      const loss = await oneStep(step, pixels!, auxiliaryPixels, {
        step: done,
        ...cycle,
        weightDecay: hyper.weightDecay,
      }, signal);
      done++;
      unsaved = position;
      losses.push(loss);
      for (; reported < reader.skipped.length; reported++) {
        onProgress?.({ kind: "skipped", skipped: reader.skipped[reported]! });
      }
      const seconds = (performance.now() - started) / 1000;
      onProgress?.({
        kind: "step",
        steps,
        loss,
        learningRate: cycle.learningRate,
        imagesPerSecond: (done - first) * batch / seconds,
        secondsLeft: seconds / (done - first) * (steps - done),
      });
      if (options.validation !== undefined && (done % validateEvery === 0 || done === steps)) {
        const head = await headFile();
        const validation = await validateHead(head, done, options.validation, {
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
        onProgress?.({ kind: "validation", validation, best: better });
      }
      coming = next;
      if (done % checkpointEvery === 0 || done === steps) {
        await save(position);
        unsaved = undefined;
      }
    }
    const last = await headFile();
    return { head: best ?? last, last, losses, validations, skipped: reader.skipped };
  } catch (error) {
    // Told to stop, it keeps what is done; the state of a step that was broken off is the one before it.
    if (signal?.aborted && unsaved !== undefined) await save(unsaved);
    throw error;
  } finally {
    await step.dispose();
  }
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

/** What the best head is chosen by: the average drop with half and with 15 % of the map kept. */
function dropOf({ averageDrop: [, half, little] }: Validation): number {
  return half + little;
}

/** What a run is started with: a resumed one must have the same, or it would not be the same run. */
function settingsOf(
  options: TrainOptions,
  { backbone, auxiliary }: Networks,
  hyper: HyperParameters,
  images: number,
  steps: number,
): Record<string, unknown> {
  const { learningRate, weightDecay, ce, area, smooth, border, power } = hyper;
  return {
    backbone: backbone.name,
    auxiliary: auxiliary.name,
    images,
    steps,
    batch: options.batch ?? 32,
    seed: options.seed ?? 0,
    start: options.start instanceof Uint8Array ? "file" : options.start ?? "automatic",
    learningRate,
    weightDecay,
    ce,
    area,
    smooth,
    border,
    power,
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
  { backbone, auxiliary }: Networks,
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
