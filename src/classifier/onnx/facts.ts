/**
 * What a classifier from an .onnx file sees and gives, entry by entry, with where each was found: in the file, in the
 * caller's settings, in the file's metadata, or assumed because nothing says it.
 *
 * @module
 */
import { areImageNets } from "../labels.ts";
import { type Crop, cropSize } from "../../image/preprocess.ts";
import type { ImageInput, OnnxPreprocessing } from "./image_input.ts";
import type { InspectedModel, OnnxModel } from "./model.ts";
import { type ScoreMeaning, scoreReading } from "../score_meaning.ts";
import type { DescribedFact, FactSource } from "../types.ts";

/** A file as it was given and as it was read. */
export interface ReadFile {
  readonly given: OnnxModel;
  readonly inspected: InspectedModel;
  readonly meaning: ScoreMeaning;
  /** The names of its classes. */
  readonly labels: readonly string[];
  /** Whether the names were given or found; otherwise they are assumed. */
  readonly named: boolean;
}

/** Describes a classifier from a file: its input first, then its scores. */
export function describeFile(file: ReadFile): DescribedFact[] {
  return [...inputFacts(file), ...scoreFacts(file)];
}

function inputFacts({ given, inspected }: ReadFile): DescribedFact[] {
  const { input, declared, extra } = inspected;
  const { mean, std, fill = 0, fit = "crop", resample = "bilinear" } = input.preprocessing;
  /** The source of an entry: settings or metadata, else the file if it decides, else nothing. */
  const source = (entry: keyof OnnxPreprocessing, inFile = false): FactSource =>
    given.preprocessing?.[entry] !== undefined
      ? "settings"
      : inspected.model.preprocessing?.[entry] !== undefined
      ? "metadata"
      : inFile
      ? "file"
      : "assumed";
  const numbers = (values: readonly number[]) =>
    values.map((value) => Number(value.toPrecision(4))).join(", ");
  const depth = declared.shape[input.layout === "NHWC" ? 3 : 1];
  const { width, height } = cropSize(input.preprocessing);
  const sides = input.layout === "NHWC" ? declared.shape.slice(1, 3) : declared.shape.slice(2);
  const channels = input.alpha === undefined ? input.order : `${input.order}A`;
  return [
    { name: "input", value: `${input.name}, ${input.type} [${declared.shape.join(", ")}]`, from: "file" },
    ...extra.map((each): DescribedFact => ({
      name: `input ${each.name}`,
      value: `${each.value} throughout`,
      from: "settings",
    })),
    { name: "layout", value: input.layout, from: source("layout", typeof depth === "number") },
    { name: "channels", value: channels, from: source("channels", input.order === "grey") },
    {
      name: "size",
      value: `${width} x ${height}`,
      from: source("size", sides.some((side) => typeof side === "number")),
    },
    {
      name: "crop",
      value: cropText(input.preprocessing),
      from: source("fit") === "assumed" ? source("resize") : source("fit"),
    },
    ...(fit === "letterbox" ? [{ name: "fill", value: `${fill} of 255`, from: source("fill") }] : []),
    {
      name: "resampling",
      value: resample === "nearest" ? resample : `${resample}, antialiased`,
      from: source("resample"),
    },
    { name: "mean", value: `${numbers(mean)} of pixels in 0 to 1`, from: fromRange(source, input, "mean") },
    { name: "std", value: numbers(std), from: fromRange(source, input, "std") },
  ];
}

/** How images are cropped, in words. */
export function cropText({ fit = "crop", resize, crop, width = crop }: Crop): string {
  if (fit === "letterbox") return "the whole image, padded";
  const isCropped = resize > Math.min(crop, width);
  if (fit === "squash") {
    return isCropped ? `squashed to a short side of ${resize}, then the centre` : "the whole image, squashed";
  }
  return `short side ${resize}, then the centre`;
}

/** Mean and std also follow from a given range, or from a type of bytes. */
function fromRange(
  source: (entry: keyof OnnxPreprocessing, inFile?: boolean) => FactSource,
  { type, order }: ImageInput,
  entry: "mean" | "std",
): FactSource {
  const own = source(entry);
  return own === "assumed" ? source("range", !type.startsWith("float") && order !== "BGR") : own;
}

function scoreFacts({ given, inspected, meaning, labels, named }: ReadFile): DescribedFact[] {
  const { output, summary } = inspected;
  const reading = scoreReading(meaning);
  const alone = summary.outputs.length === 1;
  const others = alone ? "" : `, one of ${summary.outputs.map(({ name }) => name).join(", ")}`;
  const ended = meaning.activation === "none"
    ? `${reading} of the scores`
    : `${meaning.activation} in the file`;
  return [
    {
      name: "output",
      value: output.name + others,
      from: given.output !== undefined
        ? "settings"
        : alone
        ? "file"
        : inspected.outputDescribed
        ? "metadata"
        : "assumed",
    },
    {
      name: "activation",
      value: reading === "none" ? "none" : ended,
      from: meaning.asked !== undefined
        ? (given.activation === undefined ? "metadata" : "settings")
        : meaning.activation === "none"
        ? "assumed"
        : "file",
    },
    { name: "labels", value: labelsText(labels), from: named ? labelsSource(given, inspected) : "assumed" },
  ];
}

function labelsText(labels: readonly string[]): string {
  const some = labels.slice(0, 3).join(", ");
  const whose = areImageNets(labels) ? " (ImageNet's)" : "";
  return `${labels.length} classes${whose}: ${some}${labels.length > 3 ? ", …" : ""}`;
}

function labelsSource(given: OnnxModel, { model, output }: InspectedModel): FactSource {
  if (given.labels !== undefined) return "settings";
  if (output.labels !== undefined && model.labels === output.labels) return "file";
  return "metadata";
}
