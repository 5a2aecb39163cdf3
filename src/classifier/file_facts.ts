/**
 * What a classifier from an .onnx file sees and gives, entry by entry, with where each was found: in the file, in the
 * caller's settings, in the file's metadata, or assumed because nothing says it.
 *
 * @module
 */
import { areImageNets } from "./labels.ts";
import type { ImageInput, OnnxPreprocessing } from "./image_input.ts";
import type { InspectedModel, OnnxModel } from "./onnx_model.ts";
import { type ScoreMeaning, scoreReading } from "./score_meaning.ts";
import type { DescribedFact, FactSource } from "./types.ts";

/** A file as it was given and as it was read. */
export interface ReadFile {
  readonly given: OnnxModel;
  readonly inspected: InspectedModel;
  readonly meaning: ScoreMeaning;
  /** The names of its classes. */
  readonly labels: readonly string[];
}

/** Describes a classifier from a file: its input first, then its scores. */
export function describeFile(file: ReadFile): DescribedFact[] {
  return [...inputFacts(file), ...scoreFacts(file)];
}

function inputFacts({ given, inspected }: ReadFile): DescribedFact[] {
  const { input, summary } = inspected;
  const { crop, resize, mean, std } = input.preprocessing;
  const declared = summary.inputs.find(({ name }) => name === input.name)!;
  const fixed = declared.shape.filter((size) => typeof size === "number");
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
  return [
    { name: "input", value: `${input.name}, ${input.type} [${declared.shape.join(", ")}]`, from: "file" },
    { name: "layout", value: input.layout, from: source("layout", depth === 3 || depth === 1) },
    { name: "channels", value: input.order, from: source("channels", input.order === "grey") },
    { name: "size", value: `${crop} x ${crop}`, from: source("size", fixed.includes(crop)) },
    { name: "cut", value: `short side ${resize}, then the centre`, from: source("resize") },
    { name: "resampling", value: "bilinear, antialiased", from: "assumed" },
    { name: "mean", value: `${numbers(mean)} of pixels in 0 to 1`, from: fromRange(source, input, "mean") },
    { name: "std", value: numbers(std), from: fromRange(source, input, "std") },
  ];
}

/** Mean and std also follow from a given range, or from a type of bytes. */
function fromRange(
  source: (entry: keyof OnnxPreprocessing, inFile?: boolean) => FactSource,
  { type, order }: ImageInput,
  entry: "mean" | "std",
): FactSource {
  const own = source(entry);
  return own === "assumed" ? source("range", type === "uint8" && order !== "BGR") : own;
}

function scoreFacts({ given, inspected, meaning, labels }: ReadFile): DescribedFact[] {
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
      from: given.output !== undefined ? "settings" : alone ? "file" : "assumed",
    },
    {
      name: "activation",
      value: reading === "none" ? "none" : ended,
      from: meaning.asked !== undefined ? "settings" : meaning.activation === "none" ? "assumed" : "file",
    },
    { name: "labels", value: labelsText(labels), from: labelsSource(given, inspected) },
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
  return model.labels === undefined ? "assumed" : "metadata";
}
