/**
 * Layers shared by several networks, with the parameter names of PyTorch's modules.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { ConvOptions } from "../src/graph/operators.ts";
import type { Value } from "../src/graph/types.ts";

/** A convolution with the weight `name.weight` [channels, C / group, kernel, kernel], without bias. */
export function conv(
  b: Builder,
  x: Value,
  name: string,
  channels: number,
  kernel: number,
  options: ConvOptions = {},
): Value {
  const inputs = x.shape[1]! / (options.group ?? 1);
  return b.conv(x, b.weight(`${name}.weight`, [channels, inputs, kernel, kernel]), undefined, options);
}

/** A 1×1 convolution with the weight `name.weight` [channels, C, 1, 1] and the bias `name.bias` [channels]. */
export function biasedConv(b: Builder, x: Value, name: string, channels: number): Value {
  const weight = b.weight(`${name}.weight`, [channels, x.shape[1]!, 1, 1]);
  return b.conv(x, weight, b.weight(`${name}.bias`, [channels]));
}

/** A convolution padded by half its kernel, followed by batch normalisation; both names are given. */
export function convNorm(
  b: Builder,
  x: Value,
  [convName, normName]: readonly [string, string],
  channels: number,
  { kernel = 1, stride = 1, group = 1, epsilon = 1e-5 } = {},
): Value {
  const options = { strides: [stride, stride], pads: padding((kernel - 1) / 2), group };
  return batchNorm(b, conv(b, x, convName, channels, kernel, options), normName, epsilon);
}

/** Batch normalisation in inference, with the parameters `name.weight`, `.bias`, `.running_mean`, `.running_var`. */
export function batchNorm(b: Builder, x: Value, name: string, epsilon = 1e-5): Value {
  const parameter = (kind: string) => b.weight(`${name}.${kind}`, [x.shape[1]!]);
  const [scale, bias] = [parameter("weight"), parameter("bias")];
  const [mean, variance] = [parameter("running_mean"), parameter("running_var")];
  return b.batchNorm(x, { scale, bias, mean, variance }, epsilon);
}

/** A linear layer on [rows, features] with the parameters `name.weight` [units, features] and `name.bias`. */
export function linear(b: Builder, x: Value, name: string, units: number): Value {
  const weight = b.weight(`${name}.weight`, [units, x.shape[1]!]);
  return b.gemm(x, weight, b.weight(`${name}.bias`, [units]), { transB: true });
}

/** The same padding on all four sides. */
export function padding(pixels: number): readonly number[] {
  return [pixels, pixels, pixels, pixels];
}
