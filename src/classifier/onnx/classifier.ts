/**
 * A classifier from an .onnx file. To compute scores, the runtime loads the unchanged file. Its graph is read only if
 * it becomes a part of another graph, or if only the graph shows how many classes it has.
 *
 * @module
 */
import { inlineExternalData, type OpenOutput } from "../../graph/onnx_file.ts";
import { cropSize } from "../../image/preprocess.ts";
import { openSession, resolveDevice, type Session, type Tensor } from "../../runtime/mod.ts";
import { float16ToFloat32 } from "../../bytes/half.ts";
import { describeFile } from "./facts.ts";
import { labelsFor } from "../labels.ts";
import { type InspectedModel, inspectedModel, type OnnxModel } from "./model.ts";
import { classesOfShape } from "./output.ts";
import { classesByShape, onnxPart } from "./part.ts";
import { extraTensors } from "./extra_inputs.ts";
import { checkSize } from "./image_input.ts";
import { inputTensor } from "./input_tensor.ts";
import { meaningOfCount, pairedRow, pairLabels } from "../score_meaning.ts";
import { fileScores } from "../graphs/scores.ts";
import type { Classifier, ClassifierFacts, GraphPart, ScoreOptions, Scores } from "../types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

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
  const { model, input, output } = inspected;
  const { name } = model;
  const scores = await countScores(inspected, options).catch((error) => {
    // Most probably the size that was tried is not the file's own.
    checkSize(name, input, inspected.declared);
    throw error;
  });
  checkSize(name, input, inspected.declared, scores);
  const meaning = meaningOfCount(name, inspected.meaning, scores);
  const { single } = meaning;
  const classes = single === undefined ? scores : 2;
  const named = usableLabels(given, inspected, classes);
  const labels = labelsFor(
    name,
    classes,
    single === undefined ? named.labels : pairLabels(single, named.labels),
  );
  const facts: ClassifierFacts = {
    name,
    classes,
    labels,
    preprocessing: input.preprocessing,
    output: output.name,
    otherOutputs: inspected.summary.outputs.filter((each) => each !== output).map((each) => each.name),
    ...meaning,
    described: describeFile({ given, inspected, meaning, labels, named: named.labels !== undefined }),
    notes: [...inspected.notes, ...named.notes],
  };
  let part: GraphPart | undefined;
  return {
    facts,
    output: output.name,
    fixedBatch: input.batch,
    licence: undefined,
    part: () => part ??= onnxPart(inspected, meaning),
    openScores: async (options) => {
      const session = await openFile(inspected, options);
      const rows = createScores(session, inspected);
      return fileScores(
        session,
        async (images, signal) => (await rows(images, signal)).map((row) => pairedRow(row, meaning)),
        meaning,
      );
    },
    finalLayer: () => undefined,
  };
}

/** The names of the classes; those that nobody asked for are left out if they are more or fewer than the classes. */
function usableLabels(
  given: OnnxModel,
  { model }: InspectedModel,
  classes: number,
): { readonly labels?: readonly string[]; readonly notes: readonly string[] } {
  const { labels } = model;
  if (labels === undefined) return { notes: [] };
  if (given.labels !== undefined || labels.length === classes) return { labels, notes: [] };
  return { notes: [`the ${labels.length} labels of its metadata are not used: it has ${classes} classes`] };
}

/** Number of scores of an image: declared, else from the graph's shapes, else from a pass over a black image. */
async function countScores(inspected: InspectedModel, options: ScoreOptions): Promise<number> {
  const { input, output: { shape: declared } } = inspected;
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
    const { width, height } = cropSize(input.preprocessing);
    const black = new Float32Array(3 * width * height);
    return (await createScores(session, inspected)([black]))[0]!.length;
  } finally {
    await session.dispose();
  }
}

async function openFile(
  { model, files, output }: InspectedModel,
  { device = "auto", threads }: ScoreOptions = {},
): Promise<Session> {
  // Other outputs may be of kinds that cannot be fetched.
  const where = { device, fetch: [output.name], ...withoutUndefined({ threads }) };
  if (files.size === 0) return await openSession(model.onnx, where);
  // onnxruntime-node takes no external data from memory.
  return await resolveDevice(device) === "native"
    ? await openSession(inlineExternalData(model.onnx, files), where)
    : await openSession(model.onnx, { ...where, files });
}

function createScores(session: Session, { model, input, extra, output }: InspectedModel): Scores["scores"] {
  return async (images, signal) => {
    const rows: Float32Array[] = [];
    const at = input.batch ?? Math.max(1, images.length);
    for (let i = 0; i < images.length; i += at) {
      const part = images.slice(i, i + at);
      const feeds = { ...extraTensors(extra, at), [input.name]: inputTensor(input, part, at) };
      const outputs = await session.run(feeds, { signal });
      rows.push(...outputRows(model.name, outputs[output.name]!, at, output.grid).slice(0, part.length));
    }
    return rows;
  };
}

/** [N, scores], or the same with dimensions of 1, as N rows. */
function outputRows(
  called: string,
  { type, shape, data }: Tensor,
  batch: number,
  grid: OpenOutput["grid"],
): Float32Array[] {
  const count = classesOfShape(called, shape, batch);
  const stored = type === "float16"
    ? float16ToFloat32(new Uint16Array(data.buffer, data.byteOffset, data.length))
    : Float32Array.from(data as Float32Array, Number);
  const numbers = grid === undefined ? stored : stored.map((q) => (q - grid.zeroPoint) * grid.scale);
  return Array.from({ length: batch }, (_, i) => numbers.subarray(i * count, (i + 1) * count));
}
