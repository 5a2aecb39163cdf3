/**
 * The options that name the auxiliary: a network of models/, or an .onnx file and where a head reads it.
 *
 * @module
 */
import { type ClassifierSource, isOnnxModel } from "../classifier/load.ts";
import { samePlace } from "./files.ts";
import { isOnnxPath, readOnnxModel } from "./onnx_model.ts";
import { type Arguments, UsageError } from "./usage.ts";

/** Names of the options, for `parseArguments`. */
export const AUXILIARY_OPTIONS = ["auxiliary", "auxiliary-taps", "auxiliary-weights"] as const;

/** What `--help` says of them. */
export const AUXILIARY_HELP = `
  --auxiliary NAME|FILE.onnx Network whose feature maps the head reads; FILE.json says how a file is fed (default: the
                             head's, else the backbone itself where a head can start from its classifier, else
                             efficientnet_lite0)
  --auxiliary-taps A,B,…     Values or nodes of an .onnx auxiliary that the head reads, shallow to deep (default: the last
                             feature map of each of the four deepest sizes)
  --auxiliary-weights FILE   Weights of a named auxiliary, safetensors or PyTorch's (default: shipped or downloaded)`
  .slice(1);

/** What the options say of the auxiliary. */
export interface AskedAuxiliary {
  /** A network's name, or the path of an .onnx file. */
  readonly auxiliary: string | undefined;
  /** Names with commas between. */
  readonly taps: string | undefined;
}

/** The values of those options. */
export function askedAuxiliary(given: Arguments): AskedAuxiliary {
  return { auxiliary: given.value("auxiliary"), taps: given.value("auxiliary-taps") };
}

/** A classifier and its auxiliary: one object where they are one file. */
export interface NamedPair<Model extends ClassifierSource | undefined> {
  readonly model: Model;
  readonly auxiliary: ClassifierSource | undefined;
}

/**
 * Reads the auxiliary that the options name.
 *
 * @param model The classifier that is explained, as it was read.
 * @param path As it was typed.
 * @throws {UsageError} When taps are named for a network that names its own.
 */
export async function withAuxiliary<Model extends ClassifierSource | undefined>(
  model: Model,
  path: string | undefined,
  asked: AskedAuxiliary,
): Promise<NamedPair<Model>> {
  const { auxiliary } = asked;
  const taps = asked.taps?.split(",").map((name) => name.trim());
  if (auxiliary === undefined || !isOnnxPath(auxiliary)) {
    if (taps === undefined) return { model, auxiliary };
    throw new UsageError(
      `Option --auxiliary-taps is for an .onnx auxiliary; ${auxiliary ?? "the default"} has taps of its own`,
    );
  }
  const isModel = model !== undefined && isOnnxModel(model) && samePlace(auxiliary, path!);
  const file = isModel ? model : await readOnnxModel(auxiliary, undefined, "auxiliary");
  const read = taps === undefined ? file : { ...file, taps };
  return { model: isModel ? read as typeof model : model, auxiliary: read };
}
