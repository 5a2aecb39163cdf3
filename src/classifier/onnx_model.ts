/**
 * A classifier of the caller's own as an .onnx file, and what is read of the file to use it.
 *
 * @module
 */
import { inspectOnnx, type OnnxSummary } from "../graph/onnx_file.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { describedModel } from "./described_model.ts";
import { type OnnxPreprocessing, type PictureInput, pictureInput } from "./picture_input.ts";

/** A classifier of the caller's own. */
export interface OnnxModel {
  /** Name that people see. */
  readonly name: string;
  /** The .onnx file. */
  readonly onnx: Uint8Array;
  /** Contents of the files of external data that it points to, by the names that it uses. */
  readonly externalData?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** Class names by index; ImageNet's for 1000 classes, numbers otherwise. */
  readonly labels?: readonly string[];
  /** How a picture becomes its input; found in the file, else ImageNet's usual one. */
  readonly preprocessing?: OnnxPreprocessing;
  /** The output with the scores; the first by default. */
  readonly output?: string;
  /** Lets a quantised network be computed in float32 where gradients are needed; explaining needs none. */
  readonly dequantize?: boolean;
  /**
   * Where a head reads it as an auxiliary: names of values or nodes, shallow to deep. By default the last feature map of
   * each of the four deepest sizes.
   */
  readonly taps?: readonly string[];
}

/** A model with what is known of its file. */
export interface InspectedModel {
  /** The model, with what its file's metadata say. */
  readonly model: OnnxModel;
  readonly summary: OnnxSummary;
  /** How images are fed. */
  readonly input: PictureInput;
  /** Place of the output with the scores. */
  readonly which: number;
  /** External data, all there. */
  readonly files: ReadonlyMap<string, ByteSource | Uint8Array>;
}

/**
 * Reads what the file says of itself.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take pictures, or its external data are not given.
 * @throws {RangeError} When it has no output of the name that is asked for.
 */
export function inspectedModel(given: OnnxModel): InspectedModel {
  const { name } = given;
  const summary = inspectOnnx(given.onnx);
  const model = describedModel(given, summary);
  const input = pictureInput(name, summary.inputs, model.preprocessing);
  const which = outputOf(name, summary, model.output);
  return { model, summary, input, which, files: externalDataOf(model, summary) };
}

/** The place of the output with the scores. */
function outputOf(called: string, { outputs }: OnnxSummary, asked: string | undefined): number {
  if (asked === undefined) return 0;
  const index = outputs.findIndex((output) => output.name === asked);
  if (index >= 0) return index;
  const names = outputs.map((output) => output.name).join(", ");
  throw new RangeError(`Cannot explain ${called}: it has no output ${asked} (${names})`);
}

/** The external data of a model, all there. */
function externalDataOf(
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
 * How many classes an output has: [N, classes], or the same with dimensions of 1, is a row of scores for each image.
 *
 * @throws {TypeError} When it is not that.
 */
export function classesOfShape(called: string, shape: readonly number[], batch: number): number {
  const classes = shape.reduce((product, size) => product * size, 1) / batch;
  const others = shape.filter((size) => size !== 1);
  const wanted = [batch, classes].filter((size) => size !== 1);
  if (others.join() === wanted.join()) return classes;
  throw new TypeError(
    `Cannot explain ${called}: its output [${
      shape.join(", ")
    }] is not one row of scores for each of ${batch} picture(s)`,
  );
}
