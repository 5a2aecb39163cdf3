/**
 * The options for the auxiliary: a network of models/, or an .onnx file and the values that the head reads.
 *
 * @module
 */
import { type ClassifierSource, isOnnxModel } from "../classifier/load.ts";
import { USUAL_WEIGHTS } from "./downloads.ts";
import { samePlace } from "./files.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { isOnnxPath, type OnnxValues, readOnnxModel } from "./onnx_model.ts";
import { parsed, text, type Values } from "./options/kinds.ts";
import { UsageError } from "./usage.ts";

/** The options. */
export const AUXILIARY_OPTIONS = {
  auxiliary: text(
    "NAME|FILE.onnx",
    "Network whose feature maps the head reads; FILE.json describes the input of a file",
    {
      usual:
        "the head's; without one, the classifier itself if a head can start from it, else efficientnet_lite0",
    },
  ),
  auxiliaryTaps: parsed(
    "A,B,…",
    "Values or nodes of an .onnx auxiliary that the head reads, shallow to deep",
    (names) => ({ value: names.split(",").map((name) => name.trim()) }),
    { usual: "the last feature map of each of the four deepest sizes" },
  ),
  auxiliaryWeights: text("FILE", "Weights of a named auxiliary, safetensors or a PyTorch file", {
    usual: USUAL_WEIGHTS,
  }),
};

type AuxiliaryValues = Values<typeof AUXILIARY_OPTIONS> & Partial<Pick<OnnxValues, "allowOutside">>;

/** A classifier and its auxiliary; the same object if both are one file. */
export interface NamedPair<Model extends ClassifierSource | undefined> {
  readonly model: Model;
  readonly auxiliary: ClassifierSource | undefined;
}

/**
 * Reads the auxiliary that the options name.
 *
 * @param model The classifier to explain, already read.
 * @param path The path as the user typed it.
 * @throws {UsageError} When taps are given for a network of models/, which has its own.
 */
export async function withAuxiliary<Model extends ClassifierSource | undefined>(
  model: Model,
  path: string | undefined,
  { auxiliary, auxiliaryTaps: taps, allowOutside }: AuxiliaryValues,
): Promise<NamedPair<Model>> {
  if (auxiliary === undefined || !isOnnxPath(auxiliary)) {
    if (taps === undefined) return { model, auxiliary };
    throw new UsageError(
      `Option --auxiliary-taps is for an .onnx auxiliary; ${auxiliary ?? "the default"} has taps of its own`,
    );
  }
  const isModel = model !== undefined && isOnnxModel(model) && samePlace(auxiliary, path!);
  const file = isModel ? model : await readOnnxModel(
    auxiliary,
    withoutUndefined({ allowOutside }),
    "auxiliary",
  );
  const read = taps === undefined ? file : { ...file, taps };
  return { model: isModel ? read as typeof model : model, auxiliary: read };
}
