/**
 * What exporters write into the metadata of an .onnx file: Ultralytics' names and sizes, the image entries of ONNX's own
 * specification (which Azure Custom Vision and WinML's tools write), and the usual names of mean, standard deviation,
 * size and labels.
 *
 * Sources: onnx/docs/MetadataProps.md; ultralytics/engine/exporter.py; values are JSON, Python's or plain text.
 *
 * @module
 */
import { FITS } from "../../image/preprocess.ts";
import { RESAMPLINGS } from "../../image/resize.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { OnnxPreprocessing } from "../onnx/image_input.ts";
import { parseLabels } from "./label_files.ts";
import type { ModelDescription } from "./description.ts";

type Metadata = Readonly<Record<string, string>>;

const NAMES = {
  labels: [
    "names",
    "labels",
    "classes",
    "class_names",
    "classnames",
    "categories",
    "label_names",
    "id2label",
    "class_labels",
  ],
  size: ["imgsz", "image_size", "img_size", "input_size", "size"],
  mean: ["mean", "image_mean", "img_mean", "norm_mean", "pixel_mean", "normalize_mean"],
  std: ["std", "image_std", "img_std", "norm_std", "pixel_std", "normalize_std"],
  crop: ["crop_pct"],
  resample: ["interpolation", "resample"],
  fit: ["crop_mode", "fit"],
} as const;

/** Reads the metadata of a file. */
export function describeMetadata(metadata: Metadata): ModelDescription {
  const entries = new Map(Object.entries(metadata).map(([name, text]) => [name.toLowerCase(), text]));
  const entry = (kind: keyof typeof NAMES) => {
    const name = NAMES[kind].find((each) => entries.has(each));
    return name === undefined ? undefined : entries.get(name)!;
  };
  const labels = labelsOrNothing(entry("labels"));
  const preprocessing = {
    ...usualEntries(entry),
    ...onnxImageEntries(entries),
    ...ultralyticsEntries(entries),
  };
  return {
    ...(Object.keys(preprocessing).length === 0 ? {} : { preprocessing }),
    ...withoutUndefined({ labels }),
  };
}

function labelsOrNothing(text: string | undefined): string[] | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  // A list on one line is separated by commas.
  const lines = /^\s*[[{]|\n/.test(text) ? text : text.split(",").join("\n");
  try {
    return parseLabels(lines, "metadata");
  } catch {
    return undefined;
  }
}

/** Numbers in brackets or with commas between; `undefined` if the text is anything else. */
function numbersIn(text: string | undefined): number[] | undefined {
  // A list of three numbers is short.
  if (text === undefined || text.length > 1000) return undefined;
  const parts = text.replace(/^[\s[(]+|[\s)\]]+$/g, "").split(/[\s,x]+/).map((part) =>
    part === "" ? NaN : Number(part)
  );
  return parts.every(Number.isFinite) ? parts : undefined;
}

function usualEntries(entry: (kind: keyof typeof NAMES) => string | undefined): OnnxPreprocessing {
  const size = sizeIn(numbersIn(entry("size")));
  const [mean, std] = [numbersIn(entry("mean")), numbersIn(entry("std"))].map((numbers) =>
    numbers?.length === 1 || numbers?.length === 3 ? numbers : undefined
  );
  // Numbers beyond 1 belong to pixels of 0 to 255.
  const inBytes = [...mean ?? [], ...std ?? []].some((value) => value > 2);
  const [share] = numbersIn(entry("crop")) ?? [];
  const resize = share !== undefined && share > 0 && share <= 1 && size !== undefined
    ? Math.floor(Math.min(...[size].flat()) / share)
    : undefined;
  const word = <T extends string>(kind: keyof typeof NAMES, words: readonly T[]) =>
    words.find((each) => each === entry(kind)?.toLowerCase());
  return withoutUndefined({
    size,
    resize,
    mean,
    std: std?.includes(0) ? undefined : std,
    range: inBytes ? [0, 255] as const : undefined,
    resample: word("resample", RESAMPLINGS),
    fit: word("fit", FITS),
  });
}

/** A size of one number, [height, width] or [channels, height, width]. */
export function sizeIn(numbers: readonly number[] | undefined): OnnxPreprocessing["size"] | undefined {
  if (numbers === undefined || !numbers.every((side) => Number.isInteger(side) && side >= 1)) {
    return undefined;
  }
  if (numbers.length === 1) return numbers[0]!;
  if (numbers.length !== 2 && numbers.length !== 3) return undefined;
  const [height, width] = numbers.slice(-2) as [number, number];
  return height === width ? height : [width, height];
}

/** `Image.BitmapPixelFormat` and `Image.NominalPixelRange` of ONNX's specification. */
function onnxImageEntries(entries: ReadonlyMap<string, string>): OnnxPreprocessing {
  const format = entries.get("image.bitmappixelformat")?.toLowerCase();
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    nominalrange_0_255: [0, 255],
    normalized_0_1: [0, 1],
    normalized_1_1: [-1, 1],
    nominalrange_16_235: [16, 235],
  };
  const range = ranges[entries.get("image.nominalpixelrange")?.toLowerCase() ?? ""];
  const channels = format?.startsWith("bgr")
    ? "BGR" as const
    : format?.startsWith("rgb")
    ? "RGB" as const
    : undefined;
  return withoutUndefined({ channels, range });
}

/** Ultralytics' classifiers take pixels of 0 to 1 as they are, the short side as long as the input. */
function ultralyticsEntries(entries: ReadonlyMap<string, string>): OnnxPreprocessing {
  if (entries.get("author") !== "Ultralytics" || entries.get("task") !== "classify") return {};
  const size = sizeIn(numbersIn(entries.get("imgsz")));
  const resize = size === undefined ? undefined : Math.min(...[size].flat());
  return { mean: [0], std: [1], fit: "crop", ...withoutUndefined({ size, resize }) };
}
