/**
 * One step of training as graphs of ordinary operators, exact for a batch of any size in the memory of a small one:
 *
 *     forwardGraph   images → taps, logits                      per micro-batch   (auxiliary; clean pass)
 *     masksGraph     taps, targets, head → each image's mask    whole batch
 *     backboneGraph  images, masks, targets → CE, ∂CE/∂mask     per micro-batch   (masks/masked_pass.ts)
 *     updateGraph    taps, targets, CE, ∂CE/∂mask, state → state  whole batch
 *
 * Batch normalisation and the B×B masks couple all images of a batch, but only inside the head, which is small and
 * reads the frozen auxiliary's taps (1.5 MB an image for ResNet-18). The backbone, which takes nearly all memory and
 * time, sees each image alone, given its mask. So the batch is split where nothing is coupled, and the head's cheap
 * forward pass is computed twice. The chain rule joins the parts: ∂CE/∂mask is the seed of the update's backward pass.
 * tests/support/whole_step.ts has the same step in one graph, which the parts are held to.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import { gradients, type GradientSeed } from "../../gradient/backward.ts";
import { type Builder, createBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph, Value } from "../../graph/types.ts";
import { type HeadShape, minMaxMask } from "../head.ts";
import { budgetGradient, budgetInputs, budgetMasks, gates } from "../masks/budget.ts";
import { type GraphOptions, imagesInput } from "../masks/masked_pass.ts";
import { lossTerms, type LossWeights, ownMaps, pairMasks, targetMasks } from "./loss.ts";
import { adamw, decayed, scalarInputs } from "./optimizer.ts";
import { OWN_ROWS, type RowForm, rowsOfTargets, trainedParameters } from "./rows.ts";
import {
  type BatchStatistics,
  type ParameterValues,
  requiredParameter,
  runningStatistics,
  trainingFeatures,
} from "./training_head.ts";
import { MOMENTS, momentState, nextState, parameterRole, parameterState } from "./training_state.ts";

/** Name of the input or output that holds tap `index`. */
export function tapName(index: number): string {
  return `tap_${index}`;
}

/** Name of the output with the gradient of a head's parameter, if requested. */
export function gradientName(parameter: string): string {
  return `gradient.${parameter}`;
}

/** Options of an update graph. */
export interface UpdateOptions extends GraphOptions {
  /** Form of the fuser's rows; own rows by default. */
  readonly rows?: RowForm;
  /** Whether the gradients of the learned parameters are outputs, too. */
  readonly gradients?: boolean;
}

/**
 * A pass of a frozen network in inference.
 *
 * - Input: "images" [batch, 3, S, S] in [0, 1].
 * - Outputs as asked: "tap_0", … and "logits" [batch, classes].
 * - Weights under `prefix`.
 */
export function forwardGraph(
  network: GraphPart,
  batch: number,
  prefix: string,
  outputs: { readonly taps: boolean; readonly logits: boolean },
): Graph {
  const b = createBuilder(`${network.name} pass`);
  const images = imagesInput(b, network, batch);
  const scoped = b.scope(prefix);
  const { logits, taps } = outputs.taps
    ? network.pass(scoped, images)
    : { logits: network.scores(scoped, images), taps: [] };
  taps.forEach((tap, index) => b.output(tap, tapName(index)));
  if (outputs.logits) b.output(logits, "logits");
  return prune(b.build());
}

/**
 * The mask of each image, from the head with the statistics of the whole batch.
 *
 * - Inputs: "tap_0", … [batch, C_l, S_l, S_l], what `rowsOfTargets` adds, and "head.NAME" of every parameter that is
 *   not a running statistic or a bias before a normalisation.
 * - Output: "masks" [batch, 1, S, S] in (0, 1).
 */
export function masksGraph(shape: HeadShape, batch: number, rows: RowForm = OWN_ROWS): Graph {
  const b = createBuilder("masks");
  b.output(b.sigmoid(targetMaps(b, shape, batch, rows)), "masks");
  return prune(b.build());
}

/**
 * The budgeted masks of each image, from the head with the statistics of the whole batch; see budget.ts.
 *
 * - Inputs: as of `masksGraph`, and those of `budgetInputs`.
 * - Outputs: "masks" [batch·views, 1, S, S] in [0, 1], and "gates" [batch, views, S, S] for `budgetUpdateGraph`.
 */
export function budgetMasksGraph(
  shape: HeadShape,
  batch: number,
  views: number,
  rows: RowForm = OWN_ROWS,
): Graph {
  const b = createBuilder("budget masks");
  const given = budgetInputs(b, batch, views);
  const m = minMaxMask(b, targetMaps(b, shape, batch, rows));
  const g = gates(b, m, given);
  b.output(g, "gates");
  const size = m.shape[3]!;
  b.output(b.reshape(budgetMasks(b, m, g, given), [batch * views, 1, size, size]), "masks");
  return prune(b.build());
}

/** Adds the head up to each image's map of its own target, with the inputs that it needs. */
function targetMaps(b: Builder, shape: HeadShape, batch: number, rows: RowForm): Value {
  const taps = tapInputs(b, shape, batch);
  // The other parameters do not change a map, and every input would have to be fed.
  const learned = [...trainedParameters(shape, rows)].filter(([name]) => parameterRole(name) === "learned");
  const parameters = parameterInputs(b, learned);
  const { features } = trainingFeatures(b, taps, parameters);
  return ownMaps(b, features, rowsOfTargets(b, shape, rows, parameters, batch));
}

/**
 * The rest of the step: area and variation over all B×B masks, the head's gradients, and AdamW.
 *
 * - Inputs: "tap_0", …, what `rowsOfTargets` adds, "cross_entropies" [batch] and "mask_gradients" [batch, 1, S, S] of
 *   `backboneGraph`, the state (`stateShapes`), and the rank-0 `ADAMW_SCALARS`.
 * - Outputs: the scalars "ce", "area", "variation" (unweighted) and "total", `nextState` of every part of the state
 *   and, if requested, `gradientName` of every learned parameter.
 */
export function updateGraph(
  shape: HeadShape,
  batch: number,
  weights: LossWeights,
  options: UpdateOptions = {},
): Graph {
  const rows = options.rows ?? OWN_ROWS;
  const b = createBuilder("update");
  const taps = tapInputs(b, shape, batch);
  const size = Math.max(...shape.sizes);
  const losses = b.input("cross_entropies", "float32", [batch]);
  const maskGradients = b.input("mask_gradients", "float32", [batch, 1, size, size]);
  const parameters = parameterInputs(b, trainedParameters(shape, rows));

  const { features, statistics } = trainingFeatures(b, taps, parameters);
  const masks = pairMasks(b, features, rowsOfTargets(b, shape, rows, parameters, batch));
  const terms = lossTerms(b, masks, losses, weights);
  for (const term of ["ce", "area", "variation", "total"] as const) b.output(terms[term], term);
  addUpdate(b, parameters, statistics, [
    { value: terms.total, seed: b.scalar(1) },
    // The dependence of the cross-entropies, which are inputs here, on the masks: ∂(ce·mean CE)/∂M_ii.
    { value: targetMasks(b, masks), seed: b.mul(maskGradients, weights.ce / batch) },
  ], options);
  return prune(b.build());
}

/**
 * The rest of a step with budgeted masks: from the gradients of the masks back to the maps (`budgetGradient`), the
 * head's gradients, and AdamW.
 *
 * - Inputs: "tap_0", …, what `rowsOfTargets` adds, `budgetInputs`, "gates" of `budgetMasksGraph`, "mask_gradients"
 *   [batch, views, S, S], weighted as the loss weights each view, the state and the rank-0 `ADAMW_SCALARS`.
 * - Outputs: `nextState` of every part of the state and, if requested, `gradientName` of every learned parameter.
 */
export function budgetUpdateGraph(
  shape: HeadShape,
  batch: number,
  views: number,
  options: UpdateOptions = {},
): Graph {
  const rows = options.rows ?? OWN_ROWS;
  const b = createBuilder("budget update");
  const taps = tapInputs(b, shape, batch);
  const size = Math.max(...shape.sizes);
  const given = budgetInputs(b, batch, views);
  const g = b.input("gates", "float32", [batch, views, size, size]);
  const maskGradients = b.input("mask_gradients", "float32", [batch, views, size, size]);
  const parameters = parameterInputs(b, trainedParameters(shape, rows));

  const { features, statistics } = trainingFeatures(b, taps, parameters);
  const m = minMaxMask(b, ownMaps(b, features, rowsOfTargets(b, shape, rows, parameters, batch)));
  const seed = budgetGradient(b, m, g, given, maskGradients);
  addUpdate(b, parameters, statistics, [{ value: m, seed }], options);
  return prune(b.build());
}

/** Adds the backward pass from `seeds` and AdamW; names all outputs. */
export function addUpdate(
  b: Builder,
  parameters: ParameterValues,
  statistics: readonly BatchStatistics[],
  seeds: readonly GradientSeed[],
  options: UpdateOptions,
): void {
  for (const [name, value] of runningStatistics(b, statistics, parameters)) {
    b.output(value, nextState(parameterState(name)));
  }

  const learned = [...parameters].filter(([name]) => parameterRole(name) === "learned");
  const found = gradients(b, seeds, learned.map(([, value]) => value), options);
  learned.forEach(([name], index) => {
    if (options.gradients) b.output(found[index]!, gradientName(name));
  });
  addOptimizer(b, parameters, new Map(learned.map(([name], index) => [name, found[index]!])));
}

/** Adds AdamW and weight decay, and names the next state of all parameters but the running statistics. */
export function addOptimizer(
  b: Builder,
  parameters: ParameterValues,
  gradientOf: ReadonlyMap<string, Value>,
): void {
  const scalars = scalarInputs(b);
  for (const [name, gradient] of gradientOf) {
    const value = requiredParameter(parameters, name);
    const moment = (kind: typeof MOMENTS[number]) => b.input(momentState(kind, name), "float32", value.shape);
    const moments = { first: moment("first"), second: moment("second"), largest: moment("largest") };
    const next = adamw(b, value, gradient, moments, scalars);
    b.output(next.parameter, nextState(parameterState(name)));
    for (const kind of MOMENTS) b.output(next[kind], nextState(momentState(kind, name)));
  }
  for (const [name, value] of parameters) {
    if (parameterRole(name) === "decayed") {
      b.output(decayed(b, value, scalars), nextState(parameterState(name)));
    }
  }
}

/** Adds the inputs that take the taps of a batch. */
export function tapInputs(b: Builder, { channels, sizes }: HeadShape, batch: number): Value[] {
  return channels.map((count, index) =>
    b.input(tapName(index), "float32", [batch, count, sizes[index]!, sizes[index]!])
  );
}

/** Adds the inputs that take a head's parameters; gives them by the parameters' names. */
export function parameterInputs(
  b: Builder,
  parameters: Iterable<readonly [name: string, shape: readonly number[]]>,
): Map<string, Value> {
  const inputs = new Map<string, Value>();
  for (const [name, dims] of parameters) inputs.set(name, b.input(parameterState(name), "float32", dims));
  return inputs;
}
