/**
 * A classifier from an .onnx file as explaining sees it. It is never opened: pictures go in, scores come out.
 *
 * @module
 */
import { inlineExternalData, inspectOnnx, type OnnxSummary } from "../graph/onnx_file.ts";
import { type DeviceRequest, openSession, resolveDevice, type Session, type Tensor } from "../runtime/mod.ts";
import type { ByteSource } from "../weights/byte_source.ts";
import { float16ToFloat32 } from "../weights/half.ts";
import { describedModel } from "./described_model.ts";
import { type BackboneFacts, numberedLabels } from "./facts.ts";
import { type OnnxPreprocessing, type PictureInput, pictureInput, pictureTensor } from "./picture_input.ts";

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
}

/** A classifier ready to run. */
export interface Backbone extends BackboneFacts {
  readonly session: Session;
  /** How pictures are fed. */
  readonly input: PictureInput;
  /**
   * Scores of pictures, one row each: before softmax, unless `activation` says otherwise.
   *
   * @param pictures [3, crop, crop] in [0, 1] each, not normalised.
   */
  scores(pictures: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** Where a classifier runs. */
export interface OnnxBackboneOptions {
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
}

/**
 * Opens a classifier from an .onnx file.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take pictures, gives no row of scores, or its external data are not given.
 */
export async function openOnnxBackbone(
  given: OnnxModel,
  imagenetLabels: readonly string[],
  options: OnnxBackboneOptions = {},
): Promise<Backbone> {
  const { name } = given;
  const summary = inspectOnnx(given.onnx);
  const model = describedModel(given, summary);
  const input = pictureInput(name, summary.inputs, model.preprocessing);
  const which = outputOf(name, summary, model.output);
  const session = await openModel(model, summary, options);

  const run = async (tensor: Tensor, pictures: number, signal?: AbortSignal) => {
    const outputs = await session.run({ [input.name]: tensor }, { signal });
    return rowsOf(name, outputs[summary.outputs[which]!.name]!, tensor.shape[0]!).slice(0, pictures);
  };
  const scores = async (pictures: readonly Float32Array[], signal?: AbortSignal) => {
    const rows: Float32Array[] = [];
    const at = input.batch ?? Math.max(1, pictures.length);
    for (let i = 0; i < pictures.length; i += at) {
      const part = pictures.slice(i, i + at);
      rows.push(...await run(pictureTensor(input, part, at), part.length, signal));
    }
    return rows;
  };

  try {
    const declared = summary.outputs[which]!.shape;
    const last = declared.at(-1);
    const classes = declared.length === 2 && typeof last === "number" && last > 0
      ? last
      // The file does not say: one pass over a black picture does.
      : (await scores([new Float32Array(3 * input.preprocessing.crop ** 2)]))[0]!.length;
    const labels = model.labels ?? (classes === 1000 ? imagenetLabels : numberedLabels(classes));
    if (labels.length !== classes) {
      throw new TypeError(`Cannot explain ${name}: ${labels.length} labels are given for ${classes} classes`);
    }
    const { preprocessing } = input;
    const activation = summary.activations[which]!;
    return { name, classes, labels, preprocessing, activation, input, session, scores };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

/**
 * The place of the output with the scores.
 *
 * @throws {RangeError} When the file has no output of this name.
 */
export function outputOf(called: string, { outputs }: OnnxSummary, asked: string | undefined): number {
  if (asked === undefined) return 0;
  const index = outputs.findIndex((output) => output.name === asked);
  if (index >= 0) return index;
  const names = outputs.map((output) => output.name).join(", ");
  throw new RangeError(`Cannot explain ${called}: it has no output ${asked} (${names})`);
}

/**
 * The external data of a model, all there.
 *
 * @throws {TypeError} When a file that it points to is not given.
 */
export function externalDataOf(
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

async function openModel(
  model: OnnxModel,
  summary: OnnxSummary,
  { device = "auto", threads }: OnnxBackboneOptions,
): Promise<Session> {
  const files = externalDataOf(model, summary);
  const where = { device, ...(threads === undefined ? {} : { threads }) };
  if (files.size === 0) return await openSession(model.onnx, where);
  // onnxruntime-node takes no external data from memory.
  return await resolveDevice(device) === "native"
    ? await openSession(inlineExternalData(model.onnx, files), where)
    : await openSession(model.onnx, { ...where, files });
}

/** [N, classes], or the same with dimensions of 1, as N rows. */
function rowsOf(called: string, { type, shape, data }: Tensor, batch: number): Float32Array[] {
  const classes = data.length / batch;
  const others = shape.filter((size) => size !== 1);
  const wanted = [batch, classes].filter((size) => size !== 1);
  if (others.join() !== wanted.join()) {
    throw new TypeError(
      `Cannot explain ${called}: its output [${
        shape.join(", ")
      }] is not one row of scores for each of ${batch} picture(s)`,
    );
  }
  const numbers = type === "float16"
    ? float16ToFloat32(new Uint16Array(data.buffer, data.byteOffset, data.length))
    : Float32Array.from(data as Float32Array, Number);
  return Array.from({ length: batch }, (_, i) => numbers.subarray(i * classes, (i + 1) * classes));
}
