/**
 * The caller's own classifier as an .onnx file, and the facts that are read from the file.
 *
 * @module
 */
import { inspectOnnx, type OnnxSummary } from "../graph/onnx_file.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { describedModel } from "./described_model.ts";
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
  /** The output with the scores; the first by default. */
  readonly output?: string;
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
  /** Index of the output with the scores. */
  readonly which: number;
  /** Its external data, complete. */
  readonly files: ReadonlyMap<string, ByteSource | Uint8Array>;
}

/**
 * Reads the facts from the file.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take images, or its external data are missing.
 * @throws {RangeError} When it has no output of the requested name.
 */
export function inspectedModel(given: OnnxModel): InspectedModel {
  const { name } = given;
  const summary = inspectOnnx(given.onnx);
  const model = describedModel(given, summary);
  const input = describeInput(name, summary.inputs, model.preprocessing);
  const which = findOutput(name, summary, model.output);
  return { model, summary, input, which, files: openExternalData(model, summary) };
}

/** The index of the output with the scores. */
function findOutput(called: string, { outputs }: OnnxSummary, asked: string | undefined): number {
  if (asked === undefined) return 0;
  const index = outputs.findIndex((output) => output.name === asked);
  if (index >= 0) return index;
  const names = outputs.map((output) => output.name).join(", ");
  throw new RangeError(`Cannot explain ${called}: it has no output ${asked} (${names})`);
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

/**
 * The number of classes of an output [N, classes], which may have additional dimensions of 1.
 *
 * @throws {TypeError} When it is not a row of scores per image.
 */
export function classesOfShape(called: string, shape: readonly number[], batch: number): number {
  const classes = shape.reduce((product, size) => product * size, 1) / batch;
  const others = shape.filter((size) => size !== 1);
  const wanted = [batch, classes].filter((size) => size !== 1);
  if (others.join() === wanted.join()) return classes;
  throw new TypeError(
    `Cannot explain ${called}: its output [${
      shape.join(", ")
    }] is not one row of scores for each of ${batch} image(s)`,
  );
}
