/**
 * Images as the tensor that a foreign classifier takes: normalised, in its own layout, order of colours and type.
 *
 * @module
 */
import { float32ToFloat16 } from "../../bytes/half.ts";
import type { DataType } from "../../graph/types.ts";
import { cropSize } from "../../image/preprocess.ts";
import type { Tensor, TensorData } from "../../runtime/mod.ts";
import type { ImageInput } from "./image_input.ts";

/** Weights of red, green and blue in a grey value (ITU-R BT.601, as PIL's "L"). */
export const LUMA: readonly [number, number, number] = [0.299, 0.587, 0.114];

/** Number of channels of an input. */
export function channelCount({ order, alpha }: Pick<ImageInput, "order" | "alpha">): number {
  return order === "grey" ? 1 : alpha === undefined ? 3 : 4;
}

/** Shape of an input for a number of images. */
export function inputShape(
  input: Pick<ImageInput, "layout" | "order" | "alpha" | "preprocessing">,
  batch: number,
) {
  const { width, height } = cropSize(input.preprocessing);
  const depth = channelCount(input);
  return input.layout === "NHWC" ? [batch, height, width, depth] : [batch, depth, height, width];
}

/**
 * Converts images to the input's tensor.
 *
 * @param images [3, H, W] in [0, 1] each, not normalised.
 * @param batch Batch size of the tensor; the last image is repeated if there are fewer.
 */
export function inputTensor(
  input: ImageInput,
  images: readonly Float32Array[],
  batch = images.length,
): Tensor {
  const { layout, order, type, alpha = 0 } = input;
  const { mean, std } = input.preprocessing;
  const { width, height } = cropSize(input.preprocessing);
  const area = width * height;
  const depth = channelCount(input);
  const shape = inputShape(input, batch);
  const fed = new Float32Array(batch * depth * area);
  for (let n = 0; n < batch; n++) {
    const pixels = images[Math.min(n, images.length - 1)]!;
    for (let channel = 0; channel < depth; channel++) {
      const from = order === "BGR" ? 2 - channel : channel;
      for (let i = 0; i < area; i++) {
        const at = n * depth * area + (layout === "NHWC" ? i * depth + channel : channel * area + i);
        if (channel === 3) {
          fed[at] = alpha;
          continue;
        }
        const value = order === "grey"
          ? LUMA[0] * pixels[i]! + LUMA[1] * pixels[area + i]! + LUMA[2] * pixels[2 * area + i]!
          : pixels[from * area + i]!;
        fed[at] = (value - mean[from]!) / std[from]!;
      }
    }
  }
  return { type, shape, data: numbersAs(type, fed) };
}

/** Numbers in the elements of a type; whole ones are rounded and kept within a byte's range. */
export function numbersAs(type: DataType, numbers: Float32Array): TensorData {
  switch (type) {
    case "float32":
      return numbers;
    case "float16":
      return float32ToFloat16(numbers);
    case "float64":
      return Float64Array.from(numbers);
    case "int32":
      return Int32Array.from(numbers, Math.round);
    case "int64":
      return BigInt64Array.from(numbers, (value) => BigInt(Math.round(value)));
    case "int8":
      return Int8Array.from(numbers, (value) => Math.min(127, Math.max(-128, Math.round(value))));
    // The clamped array rounds to the nearest value and clamps to 0 and 255.
    case "uint8":
      return new Uint8Array(Uint8ClampedArray.from(numbers).buffer);
    case "bool":
      return Uint8Array.from(numbers, (value) => value === 0 ? 0 : 1);
    default:
      throw new TypeError(`Cannot feed numbers as ${type}`);
  }
}
