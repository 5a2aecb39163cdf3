/**
 * A classifier from an .onnx file. To compute scores, the runtime loads the unchanged file. Its graph is read only if
 * it becomes a part of another graph, or if only the graph shows how many classes it has.
 *
 * @module
 */
import { inlineExternalData } from "../graph/onnx_file.ts";
import { openSession, resolveDevice, type Session, type Tensor } from "../runtime/mod.ts";
import { float16ToFloat32 } from "../bytes/half.ts";
import { labelsFor } from "./labels.ts";
import { classesOfShape, type InspectedModel, inspectedModel, type OnnxModel } from "./onnx_model.ts";
import { classesByShape, onnxPart } from "./onnx_part.ts";
import { inputTensor } from "./image_input.ts";
import { fileScores } from "./scores.ts";
import type { Classifier, ClassifierFacts, GraphPart, ScoreOptions, Scores } from "./types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/**
 * A classifier over an .onnx file.
 *
 * @param options Device for a session, if only a pass through the file shows how many classes it has.
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take images, does not give a row of scores, or its external data are missing.
 * @throws {RangeError} When it has no output of the requested name.
 */
export async function onnxClassifier(given: OnnxModel, options: ScoreOptions = {}): Promise<Classifier> {
  const inspected = inspectedModel(given);
  const { model, summary, input, which } = inspected;
  const { name } = model;
  const classes = await countClasses(inspected, options);
  const facts: ClassifierFacts = {
    name,
    classes,
    labels: labelsFor(name, classes, model.labels),
    preprocessing: input.preprocessing,
    activation: summary.activations[which]!,
  };
  let part: GraphPart | undefined;
  return {
    facts,
    output: summary.outputs[which]!.name,
    fixedBatch: input.batch,
    licence: undefined,
    part: () => part ??= onnxPart(inspected),
    openScores: async (options) => {
      const session = await openFile(inspected, options);
      return fileScores(session, createScores(session, inspected), facts.activation);
    },
    finalLayer: () => undefined,
  };
}

/** Number of classes: declared, else from the graph's shapes, else from a pass over a black image. */
async function countClasses(inspected: InspectedModel, options: ScoreOptions): Promise<number> {
  const { input, summary, which } = inspected;
  const declared = summary.outputs[which]!.shape;
  const last = declared.at(-1);
  if (declared.length === 2 && typeof last === "number" && last > 0) return last;
  try {
    return classesByShape(inspected);
  } catch (error) {
    // A file that cannot be converted may still run.
    if (!(error instanceof TypeError)) throw error;
  }
  const session = await openFile(inspected, options);
  try {
    const black = new Float32Array(3 * input.preprocessing.crop ** 2);
    return (await createScores(session, inspected)([black]))[0]!.length;
  } finally {
    await session.dispose();
  }
}

async function openFile(
  { model, files }: InspectedModel,
  { device = "auto", threads }: ScoreOptions = {},
): Promise<Session> {
  const where = { device, ...withoutUndefined({ threads }) };
  if (files.size === 0) return await openSession(model.onnx, where);
  // onnxruntime-node takes no external data from memory.
  return await resolveDevice(device) === "native"
    ? await openSession(inlineExternalData(model.onnx, files), where)
    : await openSession(model.onnx, { ...where, files });
}

function createScores(session: Session, { model, summary, input, which }: InspectedModel): Scores["scores"] {
  const output = summary.outputs[which]!.name;
  return async (images, signal) => {
    const rows: Float32Array[] = [];
    const at = input.batch ?? Math.max(1, images.length);
    for (let i = 0; i < images.length; i += at) {
      const part = images.slice(i, i + at);
      const outputs = await session.run({ [input.name]: inputTensor(input, part, at) }, { signal });
      rows.push(...outputRows(model.name, outputs[output]!, at).slice(0, part.length));
    }
    return rows;
  };
}

/** [N, classes], or the same with dimensions of 1, as N rows. */
function outputRows(called: string, { type, shape, data }: Tensor, batch: number): Float32Array[] {
  const classes = classesOfShape(called, shape, batch);
  const numbers = type === "float16"
    ? float16ToFloat32(new Uint16Array(data.buffer, data.byteOffset, data.length))
    : Float32Array.from(data as Float32Array, Number);
  return Array.from({ length: batch }, (_, i) => numbers.subarray(i * classes, (i + 1) * classes));
}
