/**
 * How an image becomes the input of a foreign classifier: size, range, mean and standard deviation, order of the
 * colours, and layout. The file or the caller specifies them.
 *
 * @module
 */
import { IMAGENET_PREPROCESSING } from "../../models/network.ts";
import type { Preprocessing } from "../../models/registry.ts";
import type { OpenValue } from "../graph/onnx_file.ts";
import type { DataType } from "../graph/types.ts";
import type { Tensor } from "../runtime/mod.ts";
import { float32ToFloat16 } from "../bytes/half.ts";

/** The input of a classifier; missing entries are taken from its file, else from ImageNet's usual preprocessing. */
export interface OnnxPreprocessing {
  /** Width and height of the input in pixels; by default from the file, else 224. */
  readonly size?: number;
  /** Length of the short side after resizing, before the centre crop; size × 256 / 224 by default. */
  readonly resize?: number;
  /** Values of the pixel values 0 and 255, before mean and std: [0, 1] by default, [0, 255] for uint8 inputs. */
  readonly range?: readonly [low: number, high: number];
  /** Mean per channel, in the input's own order and range; by default ImageNet's, or 0 if a range is given. */
  readonly mean?: readonly number[];
  /** Standard deviation per channel; by default ImageNet's, or 1 if a range is given. */
  readonly std?: readonly number[];
  /** Order of the axes; by default from the file's shape if it is unambiguous, else "NCHW". */
  readonly layout?: "NCHW" | "NHWC";
  /** Order of the colours; "RGB" by default. */
  readonly channels?: "RGB" | "BGR";
}

/** Order of the channels of an input; one channel is grey. */
export type ChannelOrder = "RGB" | "BGR" | "grey";

/** An image input and its layout. */
export interface ImageInput {
  /** Name of the input. */
  readonly name: string;
  /** Element type: float32, float16 or uint8. */
  readonly type: DataType;
  /** Its batch size; `undefined` if the file leaves it open. */
  readonly batch: number | undefined;
  /** Order of the axes. */
  readonly layout: "NCHW" | "NHWC";
  /** Order of the channels. */
  readonly order: ChannelOrder;
  /** Sizes, and mean and std for red, green and blue in [0, 1]. */
  readonly preprocessing: Preprocessing;
}

/** Weights of red, green and blue in a grey value (ITU-R BT.601, as PIL's "L"). */
export const LUMA: readonly [number, number, number] = [0.299, 0.587, 0.114];

const TYPES: readonly DataType[] = ["float32", "float16", "uint8"];

/**
 * Finds the image input of a classifier and resolves its settings.
 *
 * @param called Name of the classifier in errors.
 * @throws {TypeError} When there is not one 4-D input of one or three channels, or it is not square.
 * @throws {RangeError} When a setting contradicts the file or is invalid.
 */
export function describeInput(
  called: string,
  inputs: readonly OpenValue[],
  asked: OnnxPreprocessing = {},
): ImageInput {
  const input = inputs.find(({ shape }) => shape.length === 4);
  if (input === undefined || inputs.length !== 1) {
    const all = inputs.map(inputText).join(", ") || "none";
    throw new TypeError(`Cannot explain ${called}: it needs one 4-D image input, it has ${all}`);
  }
  if (!TYPES.includes(input.type)) {
    throw new TypeError(
      `Cannot explain ${called}: its input ${inputText(input)} is ${input.type}, not ${TYPES.join(", ")}`,
    );
  }
  const layout = findLayout(called, input, asked.layout);
  const [batch, ...rest] = input.shape;
  const [depth, height, width] = layout === "NCHW" ? rest : [rest[2], rest[0], rest[1]];
  const order = depth === 1 ? "grey" : asked.channels ?? "RGB";
  const size = findSize(called, input, [height!, width!], asked.size);
  const preprocessing = {
    crop: size,
    resize: asked.resize ?? Math.round(size * 256 / 224),
    ...normalization(called, input.type, order, asked),
  };
  if (!Number.isInteger(preprocessing.resize) || preprocessing.resize < size) {
    throw new RangeError(
      `Cannot explain ${called}: the short side ${preprocessing.resize} must be a whole number, at least the size ${size}`,
    );
  }
  return {
    name: input.name,
    type: input.type,
    batch: typeof batch === "number" && batch > 0 ? batch : undefined,
    layout,
    order,
    preprocessing,
  };
}

function findLayout(called: string, input: OpenValue, asked: "NCHW" | "NHWC" | undefined): "NCHW" | "NHWC" {
  const depth = (layout: "NCHW" | "NHWC") => input.shape[layout === "NCHW" ? 1 : 3]!;
  const colours = (size: number | string) => size === 3 || size === 1;
  const open = (size: number | string) => typeof size === "string" || size < 0;
  if (asked !== undefined) {
    if (colours(depth(asked)) || open(depth(asked))) return asked;
    throw new RangeError(
      `Cannot explain ${called}: its input ${inputText(input)} is not laid out as ${asked}`,
    );
  }
  if (colours(depth("NCHW"))) return "NCHW";
  if (colours(depth("NHWC"))) return "NHWC";
  if (open(depth("NCHW"))) return "NCHW";
  throw new TypeError(
    `Cannot explain ${called}: its input ${inputText(input)} does not have one or three colour channels`,
  );
}

function findSize(
  called: string,
  input: OpenValue,
  sides: readonly (number | string)[],
  asked: number | undefined,
): number {
  const fixed = sides.filter((side): side is number => typeof side === "number" && side > 0);
  if (fixed.length === 2 && fixed[0] !== fixed[1]) {
    throw new TypeError(`Cannot explain ${called}: its input ${inputText(input)} is not square`);
  }
  if (asked !== undefined && fixed.length > 0 && fixed[0] !== asked) {
    throw new RangeError(
      `Cannot explain ${called}: its input ${inputText(input)} does not take size ${asked}`,
    );
  }
  const size = fixed[0] ?? asked ?? IMAGENET_PREPROCESSING.crop;
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot explain ${called}: the size ${size} is not a whole number of at least 1`);
  }
  return size;
}

/** Mean and std per red, green and blue in [0, 1], from those per channel in the input's own order and range. */
function normalization(
  called: string,
  type: DataType,
  order: ChannelOrder,
  asked: OnnxPreprocessing,
): Pick<Preprocessing, "mean" | "std"> {
  const range = asked.range ?? (type === "uint8" ? [0, 255] as const : undefined);
  const [low, high] = range ?? [0, 1];
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new RangeError(`Cannot explain ${called}: the range ${low} to ${high} is empty`);
  }
  const usual = range === undefined && order !== "grey" ? IMAGENET_PREPROCESSING : { mean: [0], std: [1] };
  const perColour = (name: "mean" | "std"): number[] => {
    const given = asked[name] ?? usual[name];
    const numbers = given.length === 1 ? [given[0]!, given[0]!, given[0]!] : [...given];
    if (numbers.length !== 3 || !numbers.every(Number.isFinite) || (name === "std" && numbers.includes(0))) {
      throw new RangeError(
        `Cannot explain ${called}: ${name} ${given.join(", ")} is not one or three numbers`,
      );
    }
    // The caller's values are in the input's order, ImageNet's in red, green, blue.
    return order === "BGR" && asked[name] !== undefined ? numbers.reverse() : numbers;
  };
  const span = high - low;
  return {
    mean: perColour("mean").map((value) => (value - low) / span) as [number, number, number],
    std: perColour("std").map((value) => value / span) as [number, number, number],
  };
}

/**
 * Converts images to the input's tensor.
 *
 * @param images [3, S, S] in [0, 1] each, not normalised.
 * @param batch Batch size of the tensor; the last image is repeated if there are fewer.
 */
export function inputTensor(
  input: ImageInput,
  images: readonly Float32Array[],
  batch = images.length,
): Tensor {
  const { layout, order, type } = input;
  const { mean, std, crop } = input.preprocessing;
  const area = crop * crop;
  const depth = order === "grey" ? 1 : 3;
  const fed = new Float32Array(batch * depth * area);
  for (let n = 0; n < batch; n++) {
    const pixels = images[Math.min(n, images.length - 1)]!;
    for (let channel = 0; channel < depth; channel++) {
      const from = order === "BGR" ? 2 - channel : channel;
      for (let i = 0; i < area; i++) {
        const value = order === "grey"
          ? LUMA[0] * pixels[i]! + LUMA[1] * pixels[area + i]! + LUMA[2] * pixels[2 * area + i]!
          : pixels[from * area + i]!;
        const at = layout === "NHWC" ? i * depth + channel : channel * area + i;
        fed[n * depth * area + at] = (value - mean[from]!) / std[from]!;
      }
    }
  }
  const shape = layout === "NHWC" ? [batch, crop, crop, depth] : [batch, depth, crop, crop];
  return { type, shape, data: narrowed(fed, type) };
}

function narrowed(numbers: Float32Array, type: DataType): Tensor["data"] {
  if (type === "float16") return float32ToFloat16(numbers);
  // The clamped array rounds to the nearest value and clamps to 0 and 255.
  if (type === "uint8") return new Uint8Array(Uint8ClampedArray.from(numbers).buffer);
  return numbers;
}

function inputText(value: OpenValue): string {
  return `${value.name} [${value.shape.join(", ")}]`;
}
