/**
 * The head in training: like head.ts, but batch normalisation uses the statistics of the batch
 *
 *     r_l = ReLU(γ·(z − μ)/√(σ² + ε) + β + f_l),   z = conv1x1_l(f_l),   μ, σ² over batch and space
 *
 * and keeps running ones for explaining. Parameters are values (inputs of the graph), not weights bound to a file.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";
import { HEAD_BN_EPSILON, tapParameterNames } from "../head.ts";

/** Fraction of the running statistics that a batch replaces. */
const MOMENTUM = 0.1;

/** Parameters of a head in a graph, by the names of `headParameters`. */
export type ParameterValues = ReadonlyMap<string, Value>;

/** Mean and variance of one tap's z. */
export interface TapStatistics {
  /** μ of z, [1, C, 1, 1]. */
  readonly mean: Value;
  /** σ² of z, divided by n, [1, C, 1, 1]. */
  readonly variance: Value;
}

/** Batch statistics of one tap's normalisation. */
export interface BatchStatistics extends TapStatistics {
  /** n: images times pixels. */
  readonly count: number;
}

/** The result of a training pass over the taps. */
export interface TrainingFeatures {
  /** `r_l`, [N, C_l, S_l, S_l] each. */
  readonly features: readonly Value[];
  /** Batch statistics of each tap; see `runningStatistics`. */
  readonly statistics: readonly BatchStatistics[];
}

/**
 * `r_l` of all taps with batch statistics.
 *
 * The convolution's bias is left out of z. Subtracting the mean cancels it, so it affects only the running mean, and
 * its gradient is exactly zero. A computed gradient would be rounding noise, which Adam amplifies to full steps.
 *
 * @param given Statistics of a batch of which the taps are a part; by default they are those of the taps.
 */
export function trainingFeatures(
  b: Builder,
  taps: readonly Value[],
  parameters: ParameterValues,
  given?: readonly TapStatistics[],
): TrainingFeatures {
  const statistics: BatchStatistics[] = [];
  const features = taps.map((tap, index) => {
    const names = tapParameterNames(index);
    const [batch, channels, height, width] = tap.shape as [number, number, number, number];
    const perChannel = (name: string) => b.reshape(requiredParameter(parameters, name), [1, channels, 1, 1]);

    const projected = b.conv(tap, requiredParameter(parameters, names.convWeight));
    const mean = given?.[index]?.mean ?? channelMean(b, projected);
    const centred = b.sub(projected, mean);
    const variance = given?.[index]?.variance ?? channelMean(b, b.mul(centred, centred));
    const deviation = b.sqrt(b.add(variance, HEAD_BN_EPSILON));
    // Multiply the factors first: one product over the whole map instead of two.
    const factor = b.div(perChannel(names.scale), deviation);
    const normalised = b.add(b.mul(centred, factor), perChannel(names.bias));
    statistics.push({ mean, variance, count: batch * height * width });
    return b.relu(b.add(normalised, tap));
  });
  return { features, statistics };
}

/**
 * Mean over batch and space, [1, C, 1, 1]. Rows are averaged first, because one long float32 sum loses a digit or two.
 */
function channelMean(b: Builder, x: Value): Value {
  return b.reduceMean(b.reduceMean(x, [3]), [0, 2, 3]);
}

/**
 * Running means and variances after a batch, [C_l], by parameter name; they move a tenth of the way to the batch's.
 *
 * As in PyTorch the mean is that of z with its bias, and the variance is divided by n − 1.
 */
export function runningStatistics(
  b: Builder,
  seen: readonly BatchStatistics[],
  parameters: ParameterValues,
): Map<string, Value> {
  const running = new Map<string, Value>();
  seen.forEach(({ mean, variance, count }, index) => {
    const names = tapParameterNames(index);
    const moved = (name: string, batch: Value) => {
      const kept = b.mul(requiredParameter(parameters, name), 1 - MOMENTUM);
      running.set(name, b.add(kept, b.mul(batch, MOMENTUM)));
    };
    const flat = (value: Value) => b.reshape(value, [value.shape[1]!]);
    moved(names.mean, b.add(flat(mean), requiredParameter(parameters, names.convBias)));
    moved(names.variance, b.mul(flat(variance), count / Math.max(count - 1, 1)));
  });
  return running;
}

/**
 * The parameter of that name.
 *
 * @throws {TypeError} When it is missing.
 */
export function requiredParameter(parameters: ParameterValues, name: string): Value {
  const value = parameters.get(name);
  if (value === undefined) throw new TypeError(`Cannot train a head: parameter ${name} is missing`);
  return value;
}
