/**
 * A classifier named by the path of an .onnx file: the file, its external data, the files next to it that describe it,
 * and the options that do the same.
 *
 * @module
 */
import type { OnnxModel } from "../classifier/onnx/model.ts";
import { parseLabels } from "../classifier/descriptions/label_files.ts";
import { SCORE_ACTIVATIONS } from "../classifier/score_meaning.ts";
import { inspectOnnx } from "../graph/onnx_file.ts";
import { hubModelName } from "../weights/hub/address.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { FITS } from "../image/preprocess.ts";
import { RESAMPLINGS } from "../image/resize.ts";
import { readBeside } from "./beside_model.ts";
import { readFile } from "./files.ts";
import { fileStem } from "./paths.ts";
import { MOST_TEXT_BYTES, readBesideModel, readSmallFile } from "./model_folder.ts";
import type { Typed } from "./options/command.ts";
import {
  assignments,
  choice,
  flag,
  group,
  number,
  numbers,
  optionName,
  pixelSize,
  text,
  type Values,
  wholeNumber,
} from "./options/kinds.ts";
import { UsageError } from "./usage.ts";

/** The options that describe the input of an .onnx classifier. */
export const ONNX_OPTIONS = group("An .onnx classifier (or NAME.json next to it)", {
  size: pixelSize("N|WxH", "Width and height of the input", { usual: "found in the file" }),
  resize: wholeNumber("N", "Short side of an image before the centre crop", {
    least: 1,
    usual: "the size times 256/224",
  }),
  fit: choice("crop|squash|letterbox", FITS, "How an image gets the input's shape", { usual: "crop" }),
  resample: choice(
    "bilinear|bicubic|nearest",
    RESAMPLINGS,
    "How resized pixels are made, antialiased as in Pillow",
    {
      usual: "bilinear",
    },
  ),
  fill: number("N", "Value of the pixels that a letterbox adds, 0 to 255", { usual: 0 }),
  range: numbers("LOW,HIGH", [2], "Input values of black and white, such as 0,255 or -1,1", { usual: "0,1" }),
  mean: numbers("A[,B,C]", [1, 3, 4], "Mean to subtract from each channel, in that range", {
    usual: "ImageNet's, or 0 with --range",
  }),
  std: numbers("A[,B,C]", [1, 3, 4], "Standard deviation to divide each channel by", {
    usual: "ImageNet's, or 1 with --range",
  }),
  layout: choice("NCHW|NHWC", ["NCHW", "NHWC"], "Order of the axes", { usual: "found in the file" }),
  channels: choice("RGB|BGR", ["RGB", "BGR"], "Order of the colours", { usual: "RGB" }),
  labels: text("FILE", "Names of the classes, one per line, or JSON"),
  input: assignments(
    "NAME=VALUE",
    "A number for an input besides the image, such as keep_prob=1",
  ),
  output: text("NAME", "The output with the scores", { usual: "the most probable" }),
  activation: choice(
    "none|softmax|sigmoid",
    SCORE_ACTIVATIONS,
    "What turns the scores into probabilities; none for a regression",
    { usual: "found in the file" },
  ),
  dequantize: flag("Compute a quantised network in float32 if gradients are needed"),
  allowOutside: flag("Read external data and labels that the model names outside its own folder"),
});

/** Their values. */
export type OnnxValues = Values<typeof ONNX_OPTIONS>;

/** Whether a model is named by the path of an .onnx file. */
export function isOnnxPath(model: string): boolean {
  return /\.onnx$/i.test(model);
}

/**
 * Reads an .onnx classifier with its external data and settings. Options override the JSON file next to it, and
 * that what other files say.
 *
 * @param options The options for this file, if there are any.
 */
export async function readOnnxModel(
  path: string,
  options: Partial<OnnxValues> = {},
  what = "model",
): Promise<OnnxModel> {
  const onnx = await readFile(path, what);
  const outside = options.allowOutside;
  const { settings: beside, description } = await readBeside(path, outside);
  const externalData = new Map<string, Uint8Array>();
  for (const name of inspectOnnx(onnx).externalFiles) {
    externalData.set(name, await readBesideModel(path, name, "external data", { outside }));
  }
  const labels = options.labels !== undefined
    ? parsedLabels(await readSmallFile(options.labels, "labels"), options.labels)
    : typeof beside?.labels === "string"
    ? await labelsBeside(path, beside.labels, outside)
    : beside?.labels;
  const { size, resize, fit, resample, fill, range, mean, std, layout, channels } = options;
  const inputs = { ...beside?.inputs, ...options.input };
  return {
    name: hubModelName(path) ?? fileStem(path),
    onnx,
    externalData,
    preprocessing: {
      ...beside?.preprocessing,
      ...withoutUndefined({ size, resize, fit, resample, fill, mean, std, layout, channels }),
      ...withoutUndefined({ range: range as [number, number] | undefined }),
    },
    description,
    inputs,
    dequantize: options.dequantize ?? false,
    ...withoutUndefined({
      labels,
      output: options.output ?? beside?.output,
      activation: options.activation ?? beside?.activation,
      taps: beside?.taps,
    }),
  };
}

/** Refuses options for an .onnx classifier if there is none. */
export function refuseOnnxOptions(model: string | undefined, typed: Typed): void {
  // An .onnx auxiliary has files beside it, too.
  const { allowOutside: _, ...ofClassifier } = ONNX_OPTIONS;
  const stray = Object.keys(ofClassifier).map(optionName).find((name) => name in typed);
  if (stray !== undefined) {
    throw new UsageError(
      `Option --${stray} is for an .onnx classifier; ${model ?? "the default"} needs none`,
    );
  }
}

async function labelsBeside(path: string, name: string, outside?: boolean): Promise<string[]> {
  return parsedLabels(await readBesideModel(path, name, "labels", { most: MOST_TEXT_BYTES, outside }), name);
}

function parsedLabels(bytes: Uint8Array, called: string): string[] {
  return parseLabels(new TextDecoder().decode(bytes), called);
}
