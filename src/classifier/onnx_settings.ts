/**
 * The small JSON file next to an .onnx classifier that describes its input and the names of its classes:
 *
 *     { "size": 224, "range": [0, 255], "mean": [123.7, 116.3, 103.5], "std": 58.4,
 *       "layout": "NHWC", "channels": "BGR", "labels": ["cat", "dog"], "output": "scores", "activation": "sigmoid",
 *       "taps": ["relu_9"] }
 *
 * Every entry is optional. `labels` is a list, or the name of a file next to it with one name per line. `taps` are the
 * values or nodes that a head reads if the file is an auxiliary.
 *
 * @module
 */
import { readForeignJson } from "../text/foreign_json.ts";
import { shortened } from "../text/foreign_text.ts";
import { suggestion } from "../text/nearest.ts";
import type { OnnxPreprocessing } from "./image_input.ts";
import { SCORE_ACTIVATIONS, type ScoreActivation } from "./score_meaning.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

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
}

/** Ten times the classes of the largest labelled collections. */
const MOST_CLASSES = 1_000_000;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** The valid values of each entry, in words and as a check. */
const ENTRIES: Readonly<Record<string, readonly [words: string, check: (value: unknown) => boolean]>> = {
  size: ["a whole number", (value) => Number.isInteger(value)],
  resize: ["a whole number", (value) => Number.isInteger(value)],
  range: ["two numbers", (value) => isNumbers(value) && value.length === 2],
  mean: ["one or three numbers", (value) => isNumber(value) || isNumbers(value)],
  std: ["one or three numbers", (value) => isNumber(value) || isNumbers(value)],
  layout: ['"NCHW" or "NHWC"', (value) => value === "NCHW" || value === "NHWC"],
  channels: ['"RGB" or "BGR"', (value) => value === "RGB" || value === "BGR"],
  labels: [
    "a list of names or a file name",
    (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  ],
  output: ["a name", isText],
  activation: [
    SCORE_ACTIVATIONS.map((name) => JSON.stringify(name)).join(" or "),
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
  const value = readForeignJson(text, called);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`Cannot read ${called}: it is not a JSON object`);
  }
  const entries = value as Record<string, unknown>;
  for (const [name, given] of Object.entries(entries)) {
    const known = Object.hasOwn(ENTRIES, name) ? ENTRIES[name] : undefined;
    if (known === undefined) {
      throw new SyntaxError(
        `Cannot read ${called}: unknown entry ${shortened(name)}${suggestion(name, Object.keys(ENTRIES))}`,
      );
    }
    if (!known[1](given)) throw new SyntaxError(`Cannot read ${called}: ${name} must be ${known[0]}`);
  }
  const { labels, output, activation, taps, mean, std, ...rest } = entries;
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
      output: output as string | undefined,
      activation: activation as ScoreActivation | undefined,
      taps: taps as string[] | undefined,
    }),
  };
}

/**
 * Class names from a file: one per line, or a JSON list, or a JSON record by index.
 *
 * @throws {SyntaxError} When it has no names, or the record's indices have gaps.
 */
export function parseLabels(text: string, called: string): string[] {
  const labels = /^\s*[[{]/.test(text)
    ? readForeignJson(text, `labels ${called}`) as object
    : text.split(/\r?\n/, MOST_CLASSES + 2).map((line) => line.trim());
  // `hasOwn`: what every object inherits ("constructor") is not a name of a class.
  const list: unknown[] = Array.isArray(labels)
    ? labels
    : Object.keys(labels).map((_, index) => Object.hasOwn(labels, index) ? Reflect.get(labels, index) : "");
  // A trailing line feed is not a class.
  while (list.at(-1) === "") list.pop();
  if (list.length > MOST_CLASSES) {
    throw new SyntaxError(`Cannot read labels ${called}: more than ${MOST_CLASSES} names`);
  }
  if (list.length === 0 || !list.every(isText)) {
    throw new SyntaxError(`Cannot read labels ${called}: it is not one name per class`);
  }
  return list;
}
