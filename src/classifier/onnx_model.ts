/**
 * The caller's own classifier as an .onnx file, and the facts that are read from the file.
 *
 * @module
 */
import { inspectOnnx, type OnnxSummary, type OpenOutput } from "../graph/onnx_file.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { describedModel } from "./described_model.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { chooseOutput, givesOneImage } from "./onnx_output.ts";
import { type ScoreActivation, type ScoreMeaning, scoreMeaning } from "./score_meaning.ts";
import { describeInput, type ImageInput, type OnnxPreprocessing } from "./image_input.ts";

/** The caller's own classifier. */
export interface OnnxModel {
  /** Name for people. */
  readonly name: string;
  /** The .onnx file. */
  readonly onnx: Uint8Array;
  /** Contents of its files of external data, by the names in the file. */
  readonly externalData?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** Class names by index; ImageNet's for 1000 classes, numbers otherwise. */
  readonly labels?: readonly string[];
  /** How an image becomes its input; by default from the file, else ImageNet's usual preprocessing. */
  readonly preprocessing?: OnnxPreprocessing;
  /** The output with the scores; the most probable by default. */
  readonly output?: string;
  /**
   * What turns its scores into probabilities: "softmax" (one class is right), "sigmoid" (each class on its own), or
   * "none" (a regression: scores are shown and explained as they are). By default what the file ends in, else softmax,
   * or sigmoid for one score. A file that ends in it is not put through it again.
   */
  readonly activation?: ScoreActivation;
  /** Computes a quantised network in float32 if gradients are needed; explaining needs none. */
  readonly dequantize?: boolean;
  /**
   * The taps that a head reads if it is an auxiliary: names of values or nodes, shallow to deep. By default the last
   * feature map at each of the four deepest sizes.
   */
  readonly taps?: readonly string[];
}

/** A model with the facts from its file. */
export interface InspectedModel {
  /** The model, with the settings from the file's metadata. */
  readonly model: OnnxModel;
  readonly summary: OnnxSummary;
  /** Layout of its image input. */
  readonly input: ImageInput;
  /** The output with the scores. */
  readonly output: OpenOutput;
  /** How its scores are read. */
  readonly meaning: ScoreMeaning;
  /** Its external data, complete. */
  readonly files: ReadonlyMap<string, ByteSource | Uint8Array>;
}

/**
 * Reads the facts from the file.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take images, or its external data are missing.
 * @throws {RangeError} When it has no output of the requested name, or contradicts the requested activation.
 */
export function inspectedModel(given: OnnxModel): InspectedModel {
  const { name } = given;
  const summary = inspectOnnx(given.onnx);
  const model = describedModel(given, summary);
  const found = describeInput(name, summary.inputs, model.preprocessing);
  const output = summary.outputs[chooseOutput(name, summary, model.output, model.labels?.length)]!;
  const input = { ...found, batch: found.batch ?? (givesOneImage(output) ? 1 : undefined) };
  const meaning = scoreMeaning(name, output.activation, model.activation);
  const labels = model.labels ?? output.labels;
  return {
    model: { ...model, ...withoutUndefined({ labels }) },
    ...{ summary, input, output, meaning },
    files: openExternalData(model, summary),
  };
}

/** The external data of a model; an error if a file is missing. */
function openExternalData(
  { name, externalData = new Map() }: OnnxModel,
  { externalFiles }: OnnxSummary,
): ReadonlyMap<string, ByteSource | Uint8Array> {
  for (const file of externalFiles) {
    if (!externalData.has(file)) {
      throw new TypeError(`Cannot open ${name}: its external data ${file} are not given`);
    }
  }
  return externalData;
}
