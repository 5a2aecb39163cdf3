/**
 * How an image becomes the input of a foreign classifier: size and fit, range, mean and standard deviation, order of the
 * colours, and layout. The file or the caller specifies them.
 *
 * @module
 */
import { IMAGENET_PREPROCESSING } from "../../../models/network.ts";
import type { Preprocessing } from "../../../models/registry.ts";
import type { OpenValue } from "../../graph/onnx_file.ts";
import type { DataType } from "../../graph/types.ts";
import type { Fit } from "../../image/preprocess.ts";
import type { Resampling } from "../../image/resize.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** The input of a classifier; missing entries are taken from its file, else from ImageNet's usual preprocessing. */
export interface OnnxPreprocessing {
  /** Width and height of the input in pixels, or one number for both; by default from the file. */
  readonly size?: number | readonly [width: number, height: number];
  /**
   * Length of the short side after resizing, before the centre crop; size × 256 / 224 by default, the size itself for
   * other fits.
   */
  readonly resize?: number;
  /** How an image gets the input's shape; "crop" by default. */
  readonly fit?: Fit;
  /** How resized pixels are made, antialiased as PIL does; "bilinear" by default. */
  readonly resample?: Resampling;
  /** Value of the pixels that a letterbox adds, 0 to 255; 0 by default. */
  readonly fill?: number;
  /** Values of the pixel values 0 and 255, before mean and std: [0, 1] by default, [0, 255] for whole numbers. */
  readonly range?: readonly [low: number, high: number];
  /** Mean per channel, in the input's own order and range; by default ImageNet's, or 0 if a range is given or implied. */
  readonly mean?: readonly number[];
  /** Standard deviation per channel; by default ImageNet's, or 1 if a range is given or implied. */
  readonly std?: readonly number[];
  /** Order of the axes; by default from the file's shape if it is unambiguous, else "NCHW". */
  readonly layout?: "NCHW" | "NHWC";
  /** Order of the colours; "RGB" by default. A fourth channel is the opacity. */
  readonly channels?: "RGB" | "BGR";
}

/** Order of the channels of an input; one channel is grey. */
export type ChannelOrder = "RGB" | "BGR" | "grey";

/** An image input and its layout. */
export interface ImageInput {
  /** Name of the input. */
  readonly name: string;
  /** Element type. */
  readonly type: DataType;
  /** Its batch size; `undefined` if the file leaves it open. */
  readonly batch: number | undefined;
  /** Order of the axes. */
  readonly layout: "NCHW" | "NHWC";
  /** Order of the channels. */
  readonly order: ChannelOrder;
  /** The value of the fourth channel, the opacity, if it has one: images are opaque. */
  readonly alpha?: number;
  /** Whether neither the file nor the caller says a size. */
  readonly sizeOpen: boolean;
  /** Sizes, and mean and std for red, green and blue in [0, 1]. */
  readonly preprocessing: Preprocessing;
}

const WHOLE: readonly DataType[] = ["uint8", "int8", "int32", "int64"];
const TYPES: readonly DataType[] = ["float32", "float16", "float64", ...WHOLE];

/**
 * The input that takes images: the only one with four axes.
 *
 * @param called Name of the classifier in errors.
 * @throws {TypeError} When there is none, or several.
 */
export function findImageInput(called: string, inputs: readonly OpenValue[]): OpenValue {
  const images = inputs.filter(({ shape }) => shape.length === 4);
  if (images.length === 1) return images[0]!;
  const all = inputs.map(inputText).join(", ") || "none";
  throw new TypeError(`Cannot explain ${called}: it needs one 4-D image input, it has ${all}`);
}

/**
 * Resolves the settings of an image input.
 *
 * @param called Name of the classifier in errors.
 * @throws {TypeError} When it does not take images.
 * @throws {RangeError} When a setting contradicts the file or is invalid.
 */
export function describeInput(called: string, input: OpenValue, asked: OnnxPreprocessing = {}): ImageInput {
  if (!TYPES.includes(input.type)) {
    throw new TypeError(
      `Cannot explain ${called}: its input ${inputText(input)} is ${input.type}, not ${
        TYPES.join(", ")
      }; export it with a float32 input`,
    );
  }
  const layout = findLayout(called, input, asked.layout);
  const [batch, ...rest] = input.shape;
  const [depth, height, width] = layout === "NCHW" ? rest : [rest[2], rest[0], rest[1]];
  const order = depth === 1 ? "grey" : asked.channels ?? "RGB";
  const size = findSize(called, input, [width!, height!], asked.size);
  const { alpha, ...normalised } = normalization(called, input.type, order, depth === 4, asked);
  return {
    name: input.name,
    type: input.type,
    batch: typeof batch === "number" && batch > 0 ? batch : undefined,
    layout,
    order,
    ...withoutUndefined({ alpha }),
    sizeOpen: size === undefined,
    preprocessing: { ...cropFor(called, size ?? USUAL_SIZE, asked), ...normalised },
  };
}

const USUAL_SIZE: readonly [number, number] = [IMAGENET_PREPROCESSING.crop, IMAGENET_PREPROCESSING.crop];

/** How images are resized and cropped to a size. */
function cropFor(
  called: string,
  [width, height]: readonly [number, number],
  { resize: asked, fit = "crop", resample, fill }: OnnxPreprocessing,
): Omit<Preprocessing, "mean" | "std"> {
  const short = Math.min(width, height);
  const resize = asked ?? (fit === "crop" ? Math.round(short * 256 / 224) : short);
  const fail = (what: string): never => {
    throw new RangeError(`Cannot explain ${called}: ${what}`);
  };
  if (!Number.isInteger(resize) || resize < short) {
    fail(`the short side ${resize} must be a whole number, at least the size ${short}`);
  }
  if (fit === "letterbox" && resize !== short) {
    fail(`a letterbox shows the whole image in ${width} x ${height} pixels: it takes no other short side`);
  }
  if (fill !== undefined && fit !== "letterbox") fail("only a letterbox is filled");
  if (fill !== undefined && !(fill >= 0 && fill <= 255)) fail(`fill ${fill} is not within 0 to 255`);
  return {
    crop: height,
    resize,
    ...(width === height ? {} : { width }),
    ...(fit === "crop" ? {} : { fit }),
    ...(resample === undefined || resample === "bilinear" ? {} : { resample }),
    ...withoutUndefined({ fill }),
  };
}

function findLayout(called: string, input: OpenValue, asked: "NCHW" | "NHWC" | undefined): "NCHW" | "NHWC" {
  const depth = (layout: "NCHW" | "NHWC") => input.shape[layout === "NCHW" ? 1 : 3]!;
  const colours = (size: number | string) => size === 3 || size === 1;
  const open = (size: number | string) => typeof size === "string" || size < 0;
  if (asked !== undefined) {
    if (colours(depth(asked)) || depth(asked) === 4 || open(depth(asked))) return asked;
    throw new RangeError(
      `Cannot explain ${called}: its input ${inputText(input)} is not laid out as ${asked}`,
    );
  }
  for (const fits of [colours, (size: number | string) => size === 4]) {
    const layout = (["NCHW", "NHWC"] as const).find((each) => fits(depth(each)));
    if (layout !== undefined) return layout;
  }
  if (open(depth("NCHW"))) return "NCHW";
  throw new TypeError(
    `Cannot explain ${called}: its input ${
      inputText(input)
    } does not have one, three or four channels of colour`,
  );
}

/** Width and height; `undefined` if nothing says them. One side that is fixed is taken for both. */
function findSize(
  called: string,
  input: OpenValue,
  sides: readonly [width: number | string, height: number | string],
  asked: OnnxPreprocessing["size"],
): readonly [number, number] | undefined {
  const [width, height] = sides.map((side) => typeof side === "number" && side > 0 ? side : undefined);
  if (asked === undefined) {
    return width === undefined && height === undefined ? undefined : [width ?? height!, height ?? width!];
  }
  const wanted = typeof asked === "number" ? [asked, asked] as const : asked;
  if (wanted.length !== 2 || !wanted.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new RangeError(
      `Cannot explain ${called}: the size ${wanted.join(" x ")} is not a whole number of at least 1, or two`,
    );
  }
  if ((width ?? wanted[0]) !== wanted[0] || (height ?? wanted[1]) !== wanted[1]) {
    throw new RangeError(
      `Cannot explain ${called}: its input ${inputText(input)} does not take size ${
        typeof asked === "number" ? asked : wanted.join(" x ")
      }`,
    );
  }
  return wanted;
}

/**
 * Refuses to guess the size of a file that leaves it open. Of a classifier of ImageNet's 1000 classes it is 224, nearly
 * always; small networks of few classes take any size, and are right at one.
 *
 * @throws {RangeError} When a size must be given.
 */
export function checkSize(
  called: string,
  { sizeOpen }: ImageInput,
  input: OpenValue,
  classes?: number,
): void {
  if (!sizeOpen || classes === IMAGENET_CLASSES) return;
  throw new RangeError(
    `Cannot explain ${called}: its input ${
      inputText(input)
    } leaves the size open, and nothing says it; give it with ` +
      `--size (in a program, preprocessing.size) or as "size" in ${called}.json`,
  );
}

const IMAGENET_CLASSES = 1000;

/** Values of black and white if only the type says them. */
function rangeOfType(type: DataType): readonly [number, number] | undefined {
  return type === "int8" ? [-128, 127] : WHOLE.includes(type) ? [0, 255] : undefined;
}

/**
 * Mean and std per red, green and blue in [0, 1], from those per channel in the input's own order and range; and the
 * value of opaque pixels in the fourth channel.
 */
function normalization(
  called: string,
  type: DataType,
  order: ChannelOrder,
  hasAlpha: boolean,
  asked: OnnxPreprocessing,
): Pick<Preprocessing, "mean" | "std"> & { readonly alpha?: number | undefined } {
  const range = asked.range ?? rangeOfType(type);
  const [low, high] = range ?? [0, 1];
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new RangeError(`Cannot explain ${called}: the range ${low} to ${high} is empty`);
  }
  const isPlain = range !== undefined || order === "grey" || hasAlpha;
  const usual = isPlain ? { mean: [0], std: [1] } : IMAGENET_PREPROCESSING;
  /** Three numbers for the colours, and that of the fourth channel. */
  const perChannel = (name: "mean" | "std", neutral: number): readonly [number[], number] => {
    const given = asked[name] ?? usual[name];
    const lengths = hasAlpha ? [1, 3, 4] : [1, 3];
    const whole = given.every(Number.isFinite) && !(name === "std" && given.includes(0));
    if (!lengths.includes(given.length) || !whole) {
      const counts = hasAlpha ? "one, three or four numbers" : "one or three numbers";
      throw new RangeError(`Cannot explain ${called}: ${name} ${given.join(", ")} is not ${counts}`);
    }
    const colours = given.length === 1 ? [given[0]!, given[0]!, given[0]!] : given.slice(0, 3);
    // The caller's values are in the input's order, ImageNet's in red, green, blue.
    if (order === "BGR" && asked[name] !== undefined) colours.reverse();
    return [colours, given.length === 3 ? neutral : given.at(-1)!];
  };
  const [[mean, alphaMean], [std, alphaStd]] = [perChannel("mean", 0), perChannel("std", 1)];
  const span = high - low;
  return {
    mean: mean.map((value) => (value - low) / span) as [number, number, number],
    std: std.map((value) => value / span) as [number, number, number],
    alpha: hasAlpha ? (high - alphaMean) / alphaStd : undefined,
  };
}

/** An input in words. */
export function inputText(value: OpenValue): string {
  return `${value.name} [${value.shape.join(", ")}]`;
}
