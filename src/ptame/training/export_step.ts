/**
 * Exports the step of a training run for programs that take it together, such as integrations/ray: the graphs of
 * parallel_graphs.ts and the frozen networks as .onnx files with their weights, a description of the run (step.json), and
 * its first state as a checkpoint that the trainer itself resumes.
 *
 * What the description leaves to the program, it must repeat exactly: the order of the images and their crops
 * (training_images.ts, image/augment.ts), the views and fills (masks/), the targets (targets.ts) and the schedule
 * (schedule.ts), all of which depend only on the seed and the position in the run.
 *
 * @module
 */
import { asBytes } from "../../graph/constants.ts";
import type { BoundGraph } from "../../graph/bound_graph.ts";
import { type OnnxParts, onnxParts } from "../../graph/onnx_file.ts";
import type { Graph, Value } from "../../graph/types.ts";
import type { GraphPart } from "../../classifier/types.ts";
import { type Crop, cropSize } from "../../image/preprocess.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { TrainingError } from "../errors.ts";
import { AUXILIARY_PREFIX, BACKBONE_PREFIX } from "../explainer_graph.ts";
import { GATE_WIDTH } from "../masks/budget.ts";
import { backboneGraph } from "../masks/masked_pass.ts";
import { needsCleanScores } from "./budget_run.ts";
import { sealedCheckpoint } from "./checkpoint.ts";
import {
  optimizerGraph,
  pieceGradientsGraph,
  pieceMasksGraph,
  type PieceOptions,
  statisticGradientsGraph,
  statisticsGraph,
} from "./parallel_graphs.ts";
import { type PreparedRun, type RunStart, seesTargets, startOf, withPreparedRun } from "./prepared_run.ts";
import { rowLength, trainedParameters } from "./rows.ts";
import { forwardGraph } from "./step.ts";
import { sourceName } from "./training_images.ts";
import { parameterRole } from "./training_state.ts";
import type { TrainOptions } from "./train_options.ts";

/** Value of `format` in the description. */
export const STEP_FORMAT = "ptame-step";
/** Version of the description. */
export const STEP_VERSION = 1;
/** Name of the description among the files. */
export const STEP_FILE = "step.json";
/** Name of the file with the tensors outside the graphs. */
export const TENSORS_FILE = "tensors.safetensors";

/** A file of an exported step. */
export interface StepFile extends OnnxParts {
  /** Its name in the folder. */
  readonly name: string;
}

/** An exported step, to be written. */
export interface ExportedStep {
  /** The files, the description last: a folder that has it is whole. */
  readonly files: readonly StepFile[];
  /** Steps of the whole run. */
  readonly steps: number;
  /** Images of a batch. */
  readonly batch: number;
  /** Images of a piece: a program may take any number of pieces. */
  readonly piece: number;
}

/**
 * Exports the step of a run, and stores its first state in `checkpoint`; a checkpoint that is there already is kept.
 *
 * @throws {TrainingError} When pieces do not divide the batch, or images have no names.
 * @throws {TypeError} When the networks read crops that other programs are not told how to make.
 * @throws As `train`.
 */
export async function exportStep(options: TrainOptions): Promise<ExportedStep> {
  return await withPreparedRun(options, async (run) => {
    checkExportable(run);
    const start = await startOf(run);
    const { checkpoint, settings, sources, steps, batch, microBatch: piece } = run;
    if (checkpoint === undefined) {
      await options.checkpoint?.save(
        await sealedCheckpoint({
          record: {
            step: 0,
            position: 0,
            settings,
            losses: [],
            validations: [],
            skipped: sources.skipped,
            ...start.recorded,
          },
          state: start.state,
          best: undefined,
          classes: sources.sorted?.classes,
          fitted: start.fittedRows[0],
        }),
      );
    }
    const graphs = stepGraphs(run);
    const tensors = stepTensors(run, start);
    const description = {
      ...describedRun(run, start),
      graphs: Object.fromEntries(
        [...graphs].map(([name, { graph }]) => [name, {
          file: `${name}.onnx`,
          inputs: describedValues(graph.inputs),
          outputs: describedValues(graph.outputs),
        }]),
      ),
      ...(tensors === undefined ? {} : { tensors: TENSORS_FILE }),
    };
    const files = [...graphs].map(([name, { graph, files }]): StepFile => ({
      name: `${name}.onnx`,
      ...onnxParts(graph, { files, metadata: { format: STEP_FORMAT, version: String(STEP_VERSION) } }),
    }));
    if (tensors !== undefined) files.push(wholeFile(TENSORS_FILE, tensors));
    files.push(
      wholeFile(STEP_FILE, new TextEncoder().encode(JSON.stringify(description) + "\n")),
    );
    return { files, steps, batch, piece };
  });
}

function checkExportable({ options, images, batch, microBatch, networks }: PreparedRun): void {
  if (options.seconds !== undefined) {
    throw new TrainingError("Cannot export a step: a run that time limits has no steps to count");
  }
  if (batch % microBatch !== 0) {
    throw new TrainingError(
      `Cannot export a step: a batch of ${batch} images is not made of pieces of ${microBatch}; ` +
        "choose another batch or micro-batch",
    );
  }
  if (images.some((image) => typeof image !== "string" && !(image instanceof URL))) {
    throw new TrainingError(
      "Cannot export a step: images must be paths or addresses, so that others can read them",
    );
  }
  for (const input of networks.inputs) {
    const { width, height } = cropSize(input);
    if (width === height && (input.fit ?? "crop") !== "letterbox") continue;
    throw new TypeError(
      `Cannot export a step: crops of ${width} x ${height} pixels by ${
        input.fit ?? "crop"
      } are not described; ` +
        "only squares that are cropped or squashed are",
    );
  }
}

/** The graphs by name, with their weights. */
function stepGraphs(run: PreparedRun): Map<string, BoundGraph> {
  const { networks, hyper, form, batch, microBatch: piece } = run;
  const { auxiliary, backbone, shape } = networks;
  const budget = form.masks === "budget";
  // Natively, as programs other than browsers run them; the other forms of gradients are as right, only slower there.
  const given: PieceOptions = {
    shape,
    piece,
    batch,
    rows: form.rowForm,
    device: "native",
    ...(budget ? { views: form.viewsPerImage } : {}),
  };
  const shared = auxiliary === backbone;
  const graphs = new Map<string, BoundGraph>();
  const add = (name: string, graph: Graph, network?: GraphPart, prefix = "") => {
    const unbound: BoundGraph = { graph, files: new Map() };
    graphs.set(name, network?.bind(unbound, prefix) ?? unbound);
  };
  const features = forwardGraph(auxiliary, piece, AUXILIARY_PREFIX, { taps: true, logits: shared });
  add("features", features, auxiliary, AUXILIARY_PREFIX);
  if (needsScores(run) && !shared) {
    const clean = forwardGraph(backbone, piece, BACKBONE_PREFIX, { taps: false, logits: true });
    add("clean", clean, backbone, BACKBONE_PREFIX);
  }
  add("statistics", statisticsGraph(given));
  add("masks", pieceMasksGraph(given));
  const size = Math.max(...shape.sizes);
  add(
    "masked",
    backboneGraph(backbone, piece, size, { device: "native", fills: budget }),
    backbone,
    BACKBONE_PREFIX,
  );
  add("gradients", pieceGradientsGraph(given, hyper));
  add("statistic_gradients", statisticGradientsGraph(given));
  add("optimizer", optimizerGraph(given));
  return graphs;
}

/** Whether a step needs the classifier's scores of the whole images. */
function needsScores(run: PreparedRun): boolean {
  const { form, sources } = run;
  const budget = form.masks === "budget" && needsCleanScores({ views: form.views, each: form.viewsPerImage });
  return budget || seesTargets(run) || sources.sorted === undefined;
}

/** What the program needs besides the graphs and the state. */
function stepTensors({ networks: { shape }, form }: PreparedRun, start: RunStart): Uint8Array | undefined {
  const { rowStart, targets: { allowed } } = start;
  const rows = form.rowForm.kind === "own" || rowStart === undefined ? [] : [
    {
      name: "start_rows",
      type: "float32" as const,
      shape: [shape.classes, rowLength(shape)],
      data: rowStart.fuser,
    },
    {
      name: "class_vectors",
      type: "float32" as const,
      shape: [shape.classes, form.rowForm.width],
      data: rowStart.vectors,
    },
  ];
  const tensors = [
    ...rows,
    ...(allowed === undefined
      ? []
      : [{ name: "allowed", type: "uint8" as const, shape: [shape.classes], data: allowed }]),
  ];
  if (tensors.length === 0) return undefined;
  return encodeSafetensors(tensors.map((tensor) => ({ ...tensor, data: asBytes(tensor.data) })));
}

/** The description without the graphs: plain data. */
function describedRun(run: PreparedRun, { targets }: RunStart) {
  const { options, images, networks, hyper, form, batch, microBatch, sources, steps } = run;
  const { shape, inputs } = networks;
  const { folder, names } = relativeNames(images.map((image, index) => sourceName(image, index)));
  const parameters = trainedParameters(shape, form.rowForm);
  return {
    format: STEP_FORMAT,
    version: STEP_VERSION,
    backbone: networks.backbone.name,
    auxiliary: networks.auxiliary.name,
    steps,
    batch,
    piece: microBatch,
    seed: options.seed ?? 0,
    checkpointEvery: options.checkpointEvery ?? 50,
    head: shape,
    parameters: Object.fromEntries(
      [...parameters].map(([name, dims]) => [name, { shape: dims, role: parameterRole(name) }]),
    ),
    /** The backbone's crop, then the auxiliary's, if it differs. */
    inputs: inputs.map(describedCrop),
    rows: form.rows,
    masks: form.masks,
    ...(form.masks === "budget"
      ? {
        views: form.views.map((view) => ({ weight: 1, width: GATE_WIDTH, ...view })),
        viewsPerImage: form.viewsPerImage,
      }
      : {}),
    targets: {
      others: targets.others ?? 0,
      seed: targets.seed ?? 0,
      /** Whether the classes in the checkpoint are the targets. */
      sorted: sources.sorted !== undefined && !seesTargets(run),
    },
    learningRate: hyper.learningRate,
    weightDecay: hyper.weightDecay,
    images: { folder, names },
    /** Indices of the images that are trained on. */
    use: sources.use,
  };
}

function describedCrop({ resize, crop, fit = "crop", resample = "bilinear" }: Crop) {
  return { resize, crop, fit, resample };
}

function describedValues(values: readonly Value[]) {
  return Object.fromEntries(values.map(({ name, type, shape }) => [name, { type, shape }]));
}

/** Paths relative to the folder that holds them all, so that it may lie elsewhere; addresses stay whole. */
function relativeNames(
  paths: readonly string[],
): { readonly folder: string; readonly names: readonly string[] } {
  if (paths.some((path) => /^[a-z][a-z0-9+.-]+:/i.test(path))) return { folder: "", names: paths };
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1));
  let folder = folders[0] ?? "";
  while (!folders.every((each) => each.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return { folder, names: paths.map((path) => path.slice(folder.length)) };
}

function wholeFile(name: string, bytes: Uint8Array): StepFile {
  return { name, size: bytes.length, parts: [bytes] };
}
