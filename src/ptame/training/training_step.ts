/**
 * Runs the graphs of step.ts: opens their sessions once and splits batches into micro-batches. Sessions and the state
 * between steps are kept by step_sessions.ts; what is particular to budgeted masks is in budget_run.ts.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import type { GradientDevice } from "../../gradient/rule.ts";
import {
  type DeviceRequest,
  float32Data,
  float32Tensor,
  int64Tensor,
  resolveDevice,
  type Session,
  type Tensor,
} from "../../runtime/mod.ts";
import type { HeadShape } from "../head.ts";
import { type BudgetPlan, needsCleanScores, runBudget } from "./budget_run.ts";
import { backboneGraph, imagesShape } from "../masks/masked_pass.ts";
import type { LossWeights } from "./loss.ts";
import { runInPieces } from "./micro_batches.ts";
import type { AdamwSettings } from "./optimizer.ts";
import {
  CLASS_VECTORS,
  OWN_ROWS,
  rowFeeds,
  type RowForm,
  rowLength,
  type RowStart,
  START_ROWS,
  trainedParameters,
} from "./rows.ts";
import { AUXILIARY_PREFIX, BACKBONE_PREFIX } from "../explainer_graph.ts";
import {
  budgetMasksGraph,
  budgetUpdateGraph,
  forwardGraph,
  gradientName,
  masksGraph,
  updateGraph,
} from "./step.ts";
import { heldState, type HeldTensors, scalarTensors, stepSessions } from "./step_sessions.ts";
import { chooseTargets, type TargetChoice } from "./targets.ts";
import { nextState, parameterRole, stateShapes } from "./training_state.ts";

/** Options of a training step. */
export interface TrainingStepOptions {
  /** Network whose taps the head reads. */
  readonly auxiliary: GraphPart;
  /** Network to explain; the same object as `auxiliary` if they are one. */
  readonly backbone: GraphPart;
  /** Shape of the head: the auxiliary's taps, the backbone's classes. */
  readonly shape: HeadShape;
  /** Weights of the loss's terms. */
  readonly weights: LossWeights;
  /** Images per step. */
  readonly batch: number;
  /**
   * Images per pass through the backbone, at most `batch`, which is the default. It limits the memory and changes the
   * result only by rounding.
   */
  readonly microBatch?: number;
  /** Where the fuser's rows come from; own rows by default. Shared ones need `rowStart`. */
  readonly rows?: RowForm;
  /** The start of shared rows. */
  readonly rowStart?: RowStart;
  /** Masks with a budget in place of the paper's sigmoid and price on area. */
  readonly budget?: BudgetPlan;
  /** How to choose the targets if they are not given; the top class by default. */
  readonly targets?: TargetChoice;
  /** Device to run on; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes. */
  readonly threads?: number;
  /** Whether steps also give the gradients of the learned parameters. */
  readonly gradients?: boolean;
}

/** A batch of images. */
export interface TrainingBatch {
  /** [batch, 3, S, S] in [0, 1], at the backbone's size. */
  readonly images: Float32Array;
  /** The same images at the auxiliary's size, if that differs. */
  readonly auxiliaryImages?: Float32Array;
  /** Class per image; by default the backbone's top class. */
  readonly targets?: readonly number[];
  /** Position in the run, counted from 0; it determines the drawn views and targets. 0 by default. */
  readonly step?: number;
}

/** The result of a step. */
export interface StepReport {
  /**
   * Terms of the loss, unweighted, and their weighted sum, before the update. For budgeted masks, `ce` is the mean over
   * the views that keep, `area` the mean of all masks, and `variation` 0.
   */
  readonly terms: {
    readonly ce: number;
    readonly area: number;
    readonly variation: number;
    readonly total: number;
  };
  /** Cross-entropy of each masked image, or of each of its views for budgeted masks. */
  readonly crossEntropies: Float32Array;
  /** Target class per image. */
  readonly targets: readonly number[];
  /** Gradients by parameter name, if requested. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/** The state of a run: `stateShapes` by name. */
export type TrainingState = Record<string, Tensor>;

/** A training step ready to run. */
export interface TrainingStep {
  /** Device on which it runs. */
  readonly device: Session["device"];
  /** Whether some nodes run on the CPU although the device is WebGPU. */
  readonly partlyOnCpu: boolean;
  /**
   * Takes one step and updates the state; only one at a time. A step that fails or is aborted leaves the state
   * unchanged.
   *
   * @throws {TypeError} When the images or targets do not fit the batch.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  run(
    batch: TrainingBatch,
    settings: AdamwSettings,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<StepReport>;
  /** The target class of each image of a batch. */
  predict(batch: TrainingBatch, options?: { readonly signal?: AbortSignal | undefined }): Promise<number[]>;
  /** The state after the last step, in the program's memory. */
  state(): Promise<TrainingState>;
  /** Frees the sessions and the state. */
  dispose(): Promise<void>;
}

/** Internal result of a step. */
interface StepOutcome {
  readonly outputs: HeldTensors;
  readonly targets: readonly number[];
  readonly losses: Tensor;
  /** Terms computed on the host; those of the paper's loss are outputs. */
  readonly terms?: StepReport["terms"];
}

type RunOptions = { readonly signal?: AbortSignal | undefined };

/**
 * Opens the sessions of a training step.
 *
 * @param state Initial state; see `initialState`. It is not changed.
 * @throws {RangeError} When the batch sizes do not fit each other.
 */
export async function openTrainingStep(
  options: TrainingStepOptions,
  state: Readonly<TrainingState>,
): Promise<TrainingStep> {
  const { auxiliary, backbone, shape, weights, batch, budget, rows = OWN_ROWS } = options;
  const micro = options.microBatch ?? batch;
  if (rows.kind === "shared") checkRowStart(shape, rows.width, options.rowStart);
  for (const size of [batch, micro]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot train on batches of ${size}: it must be a whole number of at least 1`);
    }
  }
  if (micro > batch) {
    throw new RangeError(`Cannot split batches of ${batch} into micro-batches of ${micro}`);
  }
  const device: GradientDevice = await resolveDevice(options.device);
  const update = { device, gradients: options.gradients ?? false, rows };
  const shared = auxiliary === backbone;
  const mapSize = Math.max(...shape.sizes);
  const names = [...stateShapes(shape, rows).keys()];
  const differentiated = options.gradients
    ? [...trainedParameters(shape, rows).keys()].filter((name) => parameterRole(name) === "learned")
    : [];
  const opened = stepSessions(options.device, options.threads);
  const { open } = opened;
  const held = heldState(state);
  const dispose = async () => {
    held.dispose();
    await opened.dispose();
  };

  const next = names.map(nextState);
  const openParts = async () => ({
    features: await open(
      forwardGraph(auxiliary, micro, AUXILIARY_PREFIX, { taps: true, logits: shared }),
      [[auxiliary, AUXILIARY_PREFIX]],
    ),
    masks: await open(
      budget === undefined
        ? masksGraph(shape, batch, rows)
        : budgetMasksGraph(shape, batch, budget.each, rows),
      [],
    ),
    masked: await open(
      backboneGraph(backbone, micro, mapSize, { device, fills: budget !== undefined }),
      [[backbone, BACKBONE_PREFIX]],
    ),
    update: await open(
      budget === undefined
        ? updateGraph(shape, batch, weights, update)
        : budgetUpdateGraph(shape, batch, budget.each, update),
      [],
      next,
    ),
  });
  const sessions = await openParts().catch(async (error) => {
    await dispose();
    throw error;
  });
  // Opened on first use: given targets do not need it, and a shared network already gives the logits.
  let clean: Promise<Session> | undefined;
  const cleanSession = () =>
    clean ??= open(
      forwardGraph(backbone, micro, BACKBONE_PREFIX, { taps: false, logits: true }),
      [[backbone, BACKBONE_PREFIX]],
    );

  const inPieces = (session: Session, feeds: Record<string, Tensor>, run: RunOptions) =>
    runInPieces(session, feeds, { batch, piece: micro }, run);

  function pieceTensor(images: Float32Array, network: GraphPart): Tensor {
    return float32Tensor(images, imagesShape(network, batch));
  }

  function auxiliaryTensor(given: TrainingBatch): Tensor {
    const differs = imagesShape(auxiliary, batch).join() !== imagesShape(backbone, batch).join();
    if (given.auxiliaryImages === undefined && differs) {
      throw new TypeError(`Cannot train: images of ${auxiliary.inputSize} pixels are not given`);
    }
    return pieceTensor(given.auxiliaryImages ?? given.images, auxiliary);
  }

  async function cleanLogits(given: TrainingBatch, run: RunOptions): Promise<Tensor> {
    const { logits } = await inPieces(
      await cleanSession(),
      { images: pieceTensor(given.images, backbone) },
      run,
    );
    return logits!;
  }

  const targetsBy = (clean: Tensor, { step = 0 }: TrainingBatch) =>
    chooseTargets(clean, options.targets ?? {}, step);
  const predict = async (given: TrainingBatch, run: RunOptions = {}): Promise<number[]> =>
    targetsBy(await cleanLogits(given, run), given);

  async function runParts(
    given: TrainingBatch,
    scalars: Record<string, Tensor>,
    run: RunOptions,
  ): Promise<StepOutcome> {
    const { logits, ...taps } = await inPieces(sessions.features, { images: auxiliaryTensor(given) }, run);
    // Known targets make the clean pass unnecessary, unless a loss needs their probability.
    const needsClean = given.targets === undefined || (budget !== undefined && needsCleanScores(budget));
    const clean = logits ?? (needsClean ? await cleanLogits(given, run) : undefined);
    const targets = checkedTargets(given.targets ?? targetsBy(clean!, given), batch, shape.classes);
    const rowInputs = fedRows(targets);
    const images = pieceTensor(given.images, backbone);
    if (budget !== undefined) {
      const { outputs, terms, losses } = await runBudget(budget, {
        images,
        targets,
        clean,
        step: given.step ?? 0,
        // A session takes only the parts of the state for which it has inputs.
        masks: (feeds) => sessions.masks.run({ ...taps, ...rowInputs, ...feeds, ...held.values() }, run),
        masked: (feeds, count) => runInPieces(sessions.masked, feeds, { batch: count, piece: micro }, run),
        update: (feeds) =>
          sessions.update.runOnDevice({ ...taps, ...rowInputs, ...feeds, ...scalars, ...held.values() }, run),
      });
      held.moveOn(outputs, names);
      return { outputs, targets, losses, terms };
    }
    const fedTargets = int64Tensor(targets);
    const { masks } = await sessions.masks.run({ ...taps, ...rowInputs, ...held.values() }, run);
    const back = await inPieces(sessions.masked, { images, masks: masks!, targets: fedTargets }, run);
    const outputs = await sessions.update.runOnDevice({
      ...taps,
      ...back,
      ...rowInputs,
      ...scalars,
      ...held.values(),
    }, run);
    held.moveOn(outputs, names);
    return { outputs, targets, losses: back["cross_entropies"]! };
  }

  /** The inputs of the graphs for the targets' rows. */
  function fedRows(targets: readonly number[]): Record<string, Tensor> {
    if (rows.kind === "own") return { targets: int64Tensor(targets) };
    const { startRows, classVectors } = rowFeeds(shape, rows, options.rowStart!, targets);
    return {
      [START_ROWS]: float32Tensor(startRows, [batch, rowLength(shape)]),
      [CLASS_VECTORS]: float32Tensor(classVectors, [batch, rows.width]),
    };
  }

  return {
    device,
    get partlyOnCpu() {
      return opened.partlyOnCpu;
    },
    predict,
    run: async (given, settings, run = {}) => {
      const scalars = scalarTensors(settings);
      const { outputs, targets, losses, terms } = await runParts(given, scalars, run);
      const term = (name: string) => float32Data(outputs[name] as Tensor)[0]!;
      return {
        terms: terms ??
          { ce: term("ce"), area: term("area"), variation: term("variation"), total: term("total") },
        crossEntropies: float32Data(losses),
        targets,
        gradients: new Map(
          differentiated.map((name) => [name, outputs[gradientName(name)] as Tensor]),
        ),
      };
    },
    state: held.copy,
    dispose,
  };
}

/** Checks the targets, because the runtime's own error would not name them. */
function checkedTargets(targets: readonly number[], batch: number, classes: number): readonly number[] {
  if (targets.length !== batch) {
    throw new TypeError(`Cannot train: ${targets.length} targets are given for ${batch} images`);
  }
  const wrong = targets.find((target) => !Number.isInteger(target) || target < 0 || target >= classes);
  if (wrong !== undefined) {
    throw new RangeError(`Cannot train for class ${wrong}: classes are numbered 0 to ${classes - 1}`);
  }
  return targets;
}

/** Checks the start of shared rows, because the runtime's own error would not say what is missing. */
function checkRowStart({ classes, ...shape }: HeadShape, width: number, start: RowStart | undefined): void {
  const length = rowLength({ classes, ...shape });
  if (start?.fuser.length !== classes * length || start.vectors.length !== classes * width) {
    throw new TypeError(
      `Cannot train shared rows: they need a start of ${classes} x ${length} weights and ${classes} vectors of ${width}`,
    );
  }
}
