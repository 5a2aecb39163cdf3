/**
 * The step of step.ts for a _piece_ of a batch, cut where the images of a batch are coupled, so that several programs can
 * take one step together (integrations/ray). Between the graphs, somebody averages over all pieces:
 *
 *     forwardGraph             images → taps, logits                               as in step.ts
 *     statisticsGraph          taps, convolutions → μ, σ² of the piece             → μ, σ² of the batch
 *     pieceMasksGraph          taps, μ, σ², targets, head → each image's mask
 *     backboneGraph            images, masks, targets → CE, ∂CE/∂mask              masks/masked_pass.ts
 *     pieceGradientsGraph      taps, μ, σ², targets, ∂CE/∂mask, head
 *                                → gradients for fixed μ and σ², ∂L/∂μ, ∂L/∂σ²     → ∂L/∂μ, ∂L/∂σ² of the batch
 *     statisticGradientsGraph  taps, μ, ∂L/∂μ, ∂L/∂σ² → what reaches the convolutions through μ and σ²
 *                                                                                  → gradients of the batch
 *     optimizerGraph           gradients, μ, σ², state → state                     AdamW, the same in every program
 *
 * With L the mean of the pieces' losses and n the elements of a channel in a piece, each z reaches L directly, and
 * through μ and σ² by (∂L/∂μ + 2·(z − μ)·∂L/∂σ²)/n. The averages of equal pieces are those of the batch: pieces of
 * means by their mean, and σ² = mean(σ²_p + (μ_p − μ)²). So nothing is approximated, whatever the number of pieces and
 * programs.
 *
 * @module
 */
import { gradients } from "../../gradient/backward.ts";
import { type Builder, createBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/passes/prune.ts";
import { elementCount, type Graph, type Value } from "../../graph/types.ts";
import { type HeadShape, minMaxMask, tapParameterNames } from "../head.ts";
import { budgetGradient, budgetInputs, budgetMasks, gates } from "../masks/budget.ts";
import type { GraphOptions } from "../masks/masked_pass.ts";
import { lossTerms, type LossWeights, ownMaps, pairMasks } from "./loss.ts";
import { type RowForm, rowsOfTargets, trainedParameters } from "./rows.ts";
import { addOptimizer, gradientName, parameterInputs, tapInputs } from "./step.ts";
import {
  type ParameterValues,
  requiredParameter,
  runningStatistics,
  type TapStatistics,
  trainingFeatures,
} from "./training_head.ts";
import { nextState, parameterRole, parameterState } from "./training_state.ts";

/** Name of the mean of tap `index`'s z, [1, C, 1, 1]. */
export function meanName(index: number): string {
  return `mean_${index}`;
}

/** Name of its variance, [1, C, 1, 1]. */
export function varianceName(index: number): string {
  return `variance_${index}`;
}

/** Before the names of the inputs that hold the rows of all targets of a batch; see `rowsOfTargets`. */
export const BATCH_PREFIX = "batch_";

/** The sizes of a piece. */
export interface PieceOptions extends GraphOptions {
  readonly shape: HeadShape;
  /** Images of a piece. */
  readonly piece: number;
  /** Images of a batch, of all pieces of all programs. */
  readonly batch: number;
  readonly rows: RowForm;
  /** Views of each image for budgeted masks; absent for the paper's masks. */
  readonly views?: number;
}

/**
 * Mean and variance of a piece.
 *
 * - Inputs: "tap_0", …, and what the head has for each tap.
 * - Outputs: `meanName` and `varianceName` of each tap.
 */
export function statisticsGraph({ shape, piece, rows }: PieceOptions): Graph {
  const b = createBuilder("statistics");
  const taps = tapInputs(b, shape, piece);
  // Inputs that nothing reads would have to be fed.
  const parameters = learnedInputs(b, shape, rows, (name) => /^(convs|bns)\./.test(name));
  trainingFeatures(b, taps, parameters).statistics.forEach(({ mean, variance }, index) => {
    b.output(mean, meanName(index));
    b.output(variance, varianceName(index));
  });
  return prune(b.build());
}

/**
 * The masks of a piece, from the head with the statistics of the whole batch.
 *
 * - Inputs: "tap_0", …, `meanName` and `varianceName` of each, what `rowsOfTargets` adds, the learned parameters; for
 *   budgeted masks also those of `budgetInputs`.
 * - Output: "masks" [piece·views, 1, S, S]; for budgeted masks also "gates" [piece, views, S, S].
 */
export function pieceMasksGraph({ shape, piece, rows, views }: PieceOptions): Graph {
  const b = createBuilder("masks");
  const taps = tapInputs(b, shape, piece);
  const statistics = statisticInputs(b, shape);
  const parameters = learnedInputs(b, shape, rows);
  const { features } = trainingFeatures(b, taps, parameters, statistics);
  const maps = ownMaps(b, features, rowsOfTargets(b, shape, rows, parameters, piece));
  if (views === undefined) {
    b.output(b.sigmoid(maps), "masks");
    return prune(b.build());
  }
  const given = budgetInputs(b, piece, views);
  const m = minMaxMask(b, maps);
  const g = gates(b, m, given);
  b.output(g, "gates");
  const size = m.shape[3]!;
  b.output(b.reshape(budgetMasks(b, m, g, given), [piece * views, 1, size, size]), "masks");
  return prune(b.build());
}

/**
 * The gradients of a piece's loss, with the statistics of the batch held fixed, and with respect to these.
 *
 * - Inputs: those of `pieceMasksGraph`; for the paper's masks "cross_entropies" [piece], "mask_gradients" [piece, 1, S,
 *   S] and, with `BATCH_PREFIX`, the rows of all targets of the batch; for budgeted masks "gates" and "mask_gradients"
 *   [piece, views, S, S], weighted as in `budgetUpdateGraph`, with the piece's number of views.
 * - Outputs: `gradientName` of every learned parameter and of each tap's `meanName` and `varianceName`; for the paper's
 *   masks also "ce", "area", "variation" and "total" of the piece.
 */
export function pieceGradientsGraph(options: PieceOptions, weights: LossWeights): Graph {
  const { shape, piece, batch, rows, views } = options;
  const b = createBuilder("gradients");
  const taps = tapInputs(b, shape, piece);
  const statistics = statisticInputs(b, shape);
  const parameters = learnedInputs(b, shape, rows);
  const size = Math.max(...shape.sizes);
  const { features } = trainingFeatures(b, taps, parameters, statistics);
  const maps = ownMaps(b, features, rowsOfTargets(b, shape, rows, parameters, piece));
  const seeds = views === undefined ? paperSeeds() : budgetSeeds(views);

  const wanted = new Map<string, Value>(parameters);
  statistics.forEach(({ mean, variance }, index) => {
    wanted.set(meanName(index), mean).set(varianceName(index), variance);
  });
  const found = gradients(b, seeds, [...wanted.values()], options);
  [...wanted.keys()].forEach((name, index) => b.output(found[index]!, gradientName(name)));
  return prune(b.build());

  function paperSeeds() {
    const losses = b.input("cross_entropies", "float32", [piece]);
    const maskGradients = b.input("mask_gradients", "float32", [piece, 1, size, size]);
    // Area and variation are of the masks of all targets of the batch on the images of the piece.
    const all = rowsOfTargets(b, shape, rows, parameters, batch, BATCH_PREFIX);
    const terms = lossTerms(b, pairMasks(b, features, all), losses, weights);
    for (const term of ["ce", "area", "variation", "total"] as const) b.output(terms[term], term);
    return [
      { value: terms.total, seed: b.scalar(1) },
      { value: b.sigmoid(maps), seed: b.mul(maskGradients, weights.ce / piece) },
    ];
  }

  function budgetSeeds(each: number) {
    const given = budgetInputs(b, piece, each);
    const g = b.input("gates", "float32", [piece, each, size, size]);
    const maskGradients = b.input("mask_gradients", "float32", [piece, each, size, size]);
    const m = minMaxMask(b, maps);
    return [{ value: m, seed: budgetGradient(b, m, g, given, maskGradients) }];
  }
}

/**
 * What reaches the convolutions' weights through the statistics.
 *
 * - Inputs: "tap_0", …, the convolutions' weights, `meanName` of each tap, and `gradientName` of each `meanName` and
 *   `varianceName`, averaged over the pieces.
 * - Outputs: `gradientName` of each convolution's weight, to be added to that of `pieceGradientsGraph`.
 */
export function statisticGradientsGraph({ shape, piece, rows, ...options }: PieceOptions): Graph {
  const b = createBuilder("statistic gradients");
  const taps = tapInputs(b, shape, piece);
  const parameters = learnedInputs(b, shape, rows, (name) => name.startsWith("convs."));
  const weights = taps.map((_, index) => requiredParameter(parameters, tapParameterNames(index).convWeight));
  const seeds = taps.map((tap, index) => {
    const dims = [1, shape.channels[index]!, 1, 1];
    const value = b.conv(tap, weights[index]!);
    const mean = b.input(meanName(index), "float32", dims);
    const toMean = b.input(gradientName(meanName(index)), "float32", dims);
    const toVariance = b.input(gradientName(varianceName(index)), "float32", dims);
    const through = b.add(b.mul(b.sub(value, mean), b.mul(toVariance, 2)), toMean);
    const count = elementCount(value.shape) / shape.channels[index]!;
    return { value, seed: b.mul(through, 1 / count) };
  });
  const found = gradients(b, seeds, weights, options);
  found.forEach((gradient, index) => b.output(gradient, gradientName(tapParameterNames(index).convWeight)));
  return prune(b.build());
}

/**
 * AdamW and the running statistics.
 *
 * - Inputs: the state (`stateShapes`), `gradientName` of every learned parameter, `meanName` and `varianceName` of each
 *   tap, all of the whole batch, and the rank-0 `ADAMW_SCALARS`.
 * - Outputs: `nextState` of every part of the state.
 */
export function optimizerGraph({ shape, batch, rows }: PieceOptions): Graph {
  const b = createBuilder("optimizer");
  const parameters = parameterInputs(b, trainedParameters(shape, rows));
  const seen = statisticInputs(b, shape).map((statistics, index) => ({
    ...statistics,
    count: batch * shape.sizes[index]! ** 2,
  }));
  for (const [name, value] of runningStatistics(b, seen, parameters)) {
    b.output(value, nextState(parameterState(name)));
  }
  const learned = [...parameters].filter(([name]) => parameterRole(name) === "learned");
  addOptimizer(
    b,
    parameters,
    new Map(learned.map(([name, { shape }]) => [name, b.input(gradientName(name), "float32", shape)])),
  );
  return prune(b.build());
}

/** Adds the inputs of the learned parameters, or some of them; the others change no map. */
function learnedInputs(
  b: Builder,
  shape: HeadShape,
  rows: RowForm,
  wanted: (name: string) => boolean = () => true,
): ParameterValues {
  const isWanted = (name: string) => parameterRole(name) === "learned" && wanted(name);
  return parameterInputs(b, [...trainedParameters(shape, rows)].filter(([name]) => isWanted(name)));
}

function statisticInputs(b: Builder, { channels }: HeadShape): TapStatistics[] {
  return channels.map((count, index) => ({
    mean: b.input(meanName(index), "float32", [1, count, 1, 1]),
    variance: b.input(varianceName(index), "float32", [1, count, 1, 1]),
  }));
}
