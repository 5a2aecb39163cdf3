/**
 * A classifier that is named by the path of an .onnx file: the file, its external data, the JSON beside it that says how
 * it is fed, and the options that say it on the command line.
 *
 * @module
 */
import type { OnnxModel } from "../classifier/onnx_model.ts";
import { type OnnxSettings, parseLabels, parseOnnxSettings } from "../classifier/onnx_settings.ts";
import { inspectOnnx } from "../graph/onnx_file.ts";
import { readFile, stemOf } from "./files.ts";
import { type Arguments, UsageError } from "./usage.ts";

/** The options that say how an .onnx classifier is fed. */
export const ONNX_OPTIONS = [
  "size",
  "resize",
  "range",
  "mean",
  "std",
  "layout",
  "channels",
  "labels",
  "output",
] as const;

/** Those of them that take no value. */
export const ONNX_FLAGS = ["dequantize"] as const;

/** What `--help` says of them. */
export const ONNX_HELP = `Options of an .onnx classifier (a file NAME.json beside NAME.onnx may say the same):
  --size N, --resize N       Width and height of its input; the short side before the cut (default: its own)
  --range LOW,HIGH           What black and white become, as 0,255 or -1,1 (default: 0,1)
  --mean A[,B,C], --std …    Per channel, in that range (default: ImageNet's; 0 and 1 with --range)
  --layout NCHW|NHWC         Where the channels are (default: found in the file)
  --channels RGB|BGR         Order of the colours (default: RGB)
  --labels FILE              Class names, one per line, or JSON
  --output NAME              The output with the scores (default: the first)
  --dequantize               Compute a quantised network in float32 where gradients are needed`;

/** Whether a model is named by a path of an .onnx file. */
export function isOnnxPath(model: string): boolean {
  return /\.onnx$/i.test(model);
}

/**
 * Reads an .onnx classifier with all that belongs to it. Options go before the JSON file beside it.
 *
 * @param given The options, where they speak of this file.
 * @throws {UsageError} When an option is not what it must be.
 */
export async function readOnnxModel(
  path: string,
  given: Arguments | undefined,
  what = "model",
): Promise<OnnxModel> {
  const options = given && preprocessingOf(given);
  const labelsPath = given?.value("labels");
  const onnx = await readFile(path, what);
  const beside = await settingsBeside(path);
  const externalData = new Map<string, Uint8Array>();
  for (const name of inspectOnnx(onnx).externalFiles) {
    externalData.set(name, await readFile(siblingOf(path, name), "external data"));
  }
  const labels = labelsPath !== undefined
    ? await readLabels(labelsPath)
    : typeof beside?.labels === "string"
    ? await readLabels(siblingOf(path, beside.labels))
    : beside?.labels;
  const output = given?.value("output") ?? beside?.output;
  return {
    name: stemOf(path),
    onnx,
    externalData,
    preprocessing: { ...beside?.preprocessing, ...options },
    dequantize: given?.flag("dequantize") ?? false,
    ...(labels === undefined ? {} : { labels }),
    ...(output === undefined ? {} : { output }),
    ...(beside?.taps === undefined ? {} : { taps: beside.taps }),
  };
}

/** Refuses options of an .onnx classifier where there is none. */
export function refuseOnnxOptions(model: string | undefined, given: Arguments): void {
  const stray = ONNX_OPTIONS.find((name) => given.value(name) !== undefined) ??
    ONNX_FLAGS.find((name) => given.flag(name));
  if (stray !== undefined) {
    throw new UsageError(
      `Option --${stray} is for an .onnx classifier; ${model ?? "the default"} needs none`,
    );
  }
}

async function settingsBeside(path: string): Promise<OnnxSettings | undefined> {
  const json = path.replace(/\.onnx$/i, ".json");
  let text: string;
  try {
    text = await Deno.readTextFile(json);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${json}`, { cause: error });
  }
  return parseOnnxSettings(text, json);
}

async function readLabels(path: string): Promise<string[]> {
  return parseLabels(new TextDecoder().decode(await readFile(path, "labels")), path);
}

/** A file in the folder of `path`. */
function siblingOf(path: string, name: string): string {
  return path.replace(/[^/\\]*$/, "") + name;
}

function preprocessingOf(given: Arguments): NonNullable<OnnxModel["preprocessing"]> {
  const [size, resize] = [given.wholeNumber("size", 1), given.wholeNumber("resize", 1)];
  const [range, mean, std] = [
    numbers(given, "range", [2]),
    numbers(given, "mean", [1, 3]),
    numbers(given, "std", [1, 3]),
  ];
  const layout = given.oneOf("layout", ["NCHW", "NHWC"]);
  const channels = given.oneOf("channels", ["RGB", "BGR"]);
  return {
    ...(size === undefined ? {} : { size }),
    ...(resize === undefined ? {} : { resize }),
    ...(range === undefined ? {} : { range: range as unknown as [number, number] }),
    ...(mean === undefined ? {} : { mean }),
    ...(std === undefined ? {} : { std }),
    ...(layout === undefined ? {} : { layout }),
    ...(channels === undefined ? {} : { channels }),
  };
}

/** Numbers with commas between them. */
function numbers(given: Arguments, name: string, counts: readonly number[]): number[] | undefined {
  const text = given.value(name);
  if (text === undefined) return undefined;
  const list = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!counts.includes(list.length) || !list.every(Number.isFinite)) {
    throw new UsageError(
      `Option --${name} takes ${counts.join(" or ")} numbers with commas between, not ${text}`,
    );
  }
  return list;
}
