/**
 * The caller's own classifier as an .onnx file, and the facts that are read from the file.
 *
 * @module
 */
import { inspectOnnx, type OnnxSummary, type OpenOutput, type OpenValue } from "../../graph/onnx_file.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import { describeExplainer } from "../descriptions/exported.ts";
import { describeMetadata } from "../descriptions/metadata.ts";
import { joinDescriptions, joinPreprocessing, type ModelDescription } from "../descriptions/description.ts";
import { type ExtraInput, extraInputs } from "./extra_inputs.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { chooseOutput, givesOneImage } from "./output.ts";
import { type ScoreActivation, type ScoreMeaning, scoreMeaning } from "../score_meaning.ts";
import {
  describeInput,
  findImageInput,
  type ImageInput,
  inputText,
  type OnnxPreprocessing,
} from "./image_input.ts";

/** The caller's own classifier. */
export interface OnnxModel {
  /** Name for people. */
  readonly name: string;
  /** The .onnx file. */
  readonly onnx: Uint8Array;
  /** Contents of its files of external data, by the names in the file. */
  readonly externalData?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** Class names by index; by default those in the file's metadata, else ImageNet's for 1000 classes, else numbers. */
  readonly labels?: readonly string[];
  /** How an image becomes its input; by default from the file and its metadata, else ImageNet's usual preprocessing. */
  readonly preprocessing?: OnnxPreprocessing;
  /** What files beside it say, such as `config.json`; the settings above and the file's own metadata decide before it. */
  readonly description?: ModelDescription;
  /** What fills its inputs besides the image, by their names: a number for all elements, 1 and 0 for true and false. */
  readonly inputs?: Readonly<Record<string, number>>;
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
  /** The model, with the settings from the file's metadata and its description. */
  readonly model: OnnxModel;
  /** What was said about it and could not be used, one line each. */
  readonly notes: readonly string[];
  readonly summary: OnnxSummary;
  /** Layout of its image input. */
  readonly input: ImageInput;
  /** Its image input as the file declares it. */
  readonly declared: OpenValue;
  /** Its other inputs. */
  readonly extra: readonly ExtraInput[];
  /** The output with the scores. */
  readonly output: OpenOutput;
  /** Whether the file's metadata name it. */
  readonly outputDescribed: boolean;
  /** How its scores are read. */
  readonly meaning: ScoreMeaning;
  /** Its external data, complete. */
  readonly files: ReadonlyMap<string, ByteSource | Uint8Array>;
}

/** Refuses networks of films and of volumes, whose layers have an axis more. */
function refuseVideos(called: string, inputs: readonly OpenValue[]): void {
  const deep = inputs.find(({ shape }) => shape.length === 5);
  if (deep === undefined) return;
  const [, second, third] = deep.shape;
  const what = second === 3 || third === 3 ? "videos" : "volumes, such as scans";
  throw new TypeError(
    `Cannot explain ${called}: it takes ${what} (input ${deep.name} [${
      deep.shape.join(", ")
    }]), not images; name a ` +
      "classifier of single images, and give it a frame or a slice",
  );
}

/**
 * Reads the facts from the file.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take images, or its external data are missing.
 * @throws {RangeError} When it has no output of the requested name, or contradicts the requested activation.
 */
export function inspectedModel(given: OnnxModel): InspectedModel {
  const { name, description = {} } = given;
  const summary = inspectOnnx(given.onnx);
  const own = describeExplainer(name, summary) ?? describeMetadata(summary.metadata);
  const said = joinDescriptions([own, description]);
  refuseVideos(name, summary.inputs);
  const declared = findImageInput(name, summary.inputs);
  const { found, preprocessing, note } = resolveInput(given, declared, said.preprocessing);
  const extra = extraInputs(name, summary.inputs, declared, given.inputs);
  const count = (given.labels ?? said.labels)?.length;
  const described = summary.outputs.some((each) => each.name === own.output) ? own.output : undefined;
  const output = summary.outputs[chooseOutput(name, summary, given.output ?? described, count)]!;
  const input = { ...found, batch: found.batch ?? (givesOneImage(output) ? 1 : undefined) };
  // A file that ends in an activation knows better than what is said about it.
  const activation = given.activation ?? (output.activation === "none" ? said.activation : undefined);
  const meaning = scoreMeaning(name, output.activation, activation);
  const labels = given.labels ?? own.labels ?? output.labels ?? description.labels;
  return {
    model: { ...given, preprocessing, ...withoutUndefined({ labels, activation }) },
    ...{ summary, input, declared, extra, output, meaning, outputDescribed: described !== undefined },
    notes: [...said.notes ?? [], ...note === undefined ? [] : [note]],
    files: openExternalData(given, summary),
  };
}

/** The image input with what was said about it, as far as that fits the file. */
function resolveInput(
  { name, preprocessing: asked = {} }: OnnxModel,
  declared: OpenValue,
  said: OnnxPreprocessing = {},
): { readonly found: ImageInput; readonly preprocessing: OnnxPreprocessing; readonly note?: string } {
  const { size: _size, resize: _resize, ...sizeless } = said;
  const ways = [[said, undefined], [sizeless, "the size"], [{}, "the preprocessing"]] as const;
  for (const [used, leftOut] of ways) {
    const preprocessing = joinPreprocessing(asked, used);
    try {
      const found = describeInput(name, declared, preprocessing);
      const note = `${leftOut} that its metadata name does not fit its input ${
        inputText(declared)
      }: it is not used`;
      return { found, preprocessing, ...(leftOut === undefined ? {} : { note }) };
    } catch (error) {
      // The last way is what the caller asked for.
      if (!(error instanceof RangeError) || used === ways[2][0]) throw error;
    }
  }
  throw new TypeError("unreachable");
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
