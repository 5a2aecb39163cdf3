/**
 * The small JSON file next to an .onnx classifier that describes its input and the names of its classes:
 *
 *     { "size": 224, "range": [0, 255], "mean": [123.7, 116.3, 103.5], "std": 58.4,
 *       "layout": "NHWC", "channels": "BGR", "fit": "squash", "resample": "bicubic", "labels": ["cat", "dog"],
 *       "inputs": { "keep_prob": 1 }, "output": "scores", "activation": "sigmoid", "taps": ["relu_9"] }
 *
 * Every entry is optional. `size` may be [width, height]. `labels` is a list, or the name of a file next to it. `taps` are the
 * values or nodes that a head reads if the file is an auxiliary.
 *
 * @module
 */
import { readForeignJson } from "../../text/foreign_json.ts";
import { shortened } from "../../text/foreign_text.ts";
import { nearestName } from "../../text/nearest.ts";
import { FITS } from "../../image/preprocess.ts";
import { RESAMPLINGS } from "../../image/resize.ts";
import type { OnnxPreprocessing } from "../onnx/image_input.ts";
import { SCORE_ACTIVATIONS, type ScoreActivation } from "../score_meaning.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** The content of such a file. */
export interface OnnxSettings {
  /** How an image becomes the input. */
  readonly preprocessing: OnnxPreprocessing;
  /** Class names, or the name of a file with them. */
  readonly labels?: readonly string[] | string;
  /** The output with the scores. */
  readonly output?: string;
  /** What turns the scores into probabilities. */
  readonly activation?: ScoreActivation;
  /** Values or nodes that a head reads, shallow to deep. */
  readonly taps?: readonly string[];
  /** What fills its inputs besides the image. */
  readonly inputs?: Readonly<Record<string, number>>;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const isWhole = (value: unknown): boolean => Number.isInteger(value);
const oneOf = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(" or ");

/** Thrown when a JSON file has nothing to do with a classifier's settings: another program wrote it. */
export class ForeignSettingsError extends SyntaxError {
  /** Identifies this error. */
  override name = "ForeignSettingsError";
}

/** The valid values of each entry, in words and as a check. */
const ENTRIES: Readonly<Record<string, readonly [words: string, check: (value: unknown) => boolean]>> = {
  size: [
    "a whole number, or two: width and height",
    (value) => isWhole(value) || (isNumbers(value) && value.length === 2 && value.every(isWhole)),
  ],
  resize: ["a whole number", isWhole],
  fit: [oneOf(FITS), (value) => FITS.some((name) => name === value)],
  resample: [oneOf(RESAMPLINGS), (value) => RESAMPLINGS.some((name) => name === value)],
  fill: ["a number", isNumber],
  range: ["two numbers", (value) => isNumbers(value) && value.length === 2],
  mean: ["one number, or one per channel", (value) => isNumber(value) || isNumbers(value)],
  std: ["one number, or one per channel", (value) => isNumber(value) || isNumbers(value)],
  layout: ['"NCHW" or "NHWC"', (value) => value === "NCHW" || value === "NHWC"],
  channels: ['"RGB" or "BGR"', (value) => value === "RGB" || value === "BGR"],
  labels: [
    "a list of names or a file name",
    (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  ],
  inputs: [
    "a number for each of its inputs besides the image",
    (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      Object.values(value).every(isNumber),
  ],
  output: ["a name", isText],
  activation: [
    oneOf(SCORE_ACTIVATIONS),
    (value) => SCORE_ACTIVATIONS.some((name) => name === value),
  ],
  taps: ["a list of names", (value) => Array.isArray(value) && value.every(isText)],
};

/**
 * Reads the text of such a file.
 *
 * @param called Name of the file in errors.
 * @throws {SyntaxError} When it is not JSON, or an entry is unknown or has the wrong type.
 */
export function parseOnnxSettings(text: string, called: string): OnnxSettings {
  let value: unknown;
  try {
    value = readForeignJson(text, called);
  } catch (cause) {
    // A file that names an entry was meant to be one of ours.
    const entry = new RegExp(`"(${Object.keys(ENTRIES).join("|")})"\\s*:`);
    const NoSettings = entry.test(text) ? SyntaxError : ForeignSettingsError;
    throw new NoSettings((cause as Error).message, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ForeignSettingsError(`Cannot read ${called}: it is not a JSON object`);
  }
  const entries = value as Record<string, unknown>;
  for (const [name, given] of Object.entries(entries)) {
    const known = Object.hasOwn(ENTRIES, name) ? ENTRIES[name] : undefined;
    if (known === undefined) {
      const near = nearestName(name, Object.keys(ENTRIES));
      // A mistyped entry still has a value of its kind.
      if (near === undefined || !ENTRIES[near]![1](given)) {
        throw new ForeignSettingsError(`Cannot read ${called}: unknown entry ${shortened(name)}`);
      }
      throw new SyntaxError(`Cannot read ${called}: unknown entry ${shortened(name)}: did you mean ${near}?`);
    }
    if (!known[1](given)) throw new SyntaxError(`Cannot read ${called}: ${name} must be ${known[0]}`);
  }
  const { labels, inputs, output, activation, taps, mean, std, ...rest } = entries;
  return {
    preprocessing: {
      ...rest as OnnxPreprocessing,
      ...withoutUndefined({
        mean: mean === undefined ? undefined : [mean].flat() as number[],
        std: std === undefined ? undefined : [std].flat() as number[],
      }),
    },
    ...withoutUndefined({
      labels: labels as string | string[] | undefined,
      inputs: inputs as Record<string, number> | undefined,
      output: output as string | undefined,
      activation: activation as ScoreActivation | undefined,
      taps: taps as string[] | undefined,
    }),
  };
}
