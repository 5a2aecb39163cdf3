/**
 * An exported explainer as a classifier. Its metadata, written by src/ptame/export_explainer.ts, describe its input and
 * the names of its classes.
 *
 * @module
 */
import type { OnnxSummary } from "../graph/onnx_file.ts";
import { parseForeignJson } from "../text/foreign_json.ts";
import type { OnnxModel } from "./onnx_model.ts";

/** The metadata entry `format` of an exported explainer. */
export const EXPLAINER_FORMAT = "ptame-explainer";

/** The preprocessing of an exported explainer in its metadata; the file itself normalises. */
export interface CutDescription {
  readonly resize: { readonly short_side: number; readonly filter: string };
  readonly centre_crop: number;
  readonly layout: "NCHW";
  readonly channels: "RGB";
  readonly range: readonly [0, 1];
  readonly normalisation: "inside";
}

/**
 * The model with the settings from its metadata, if it is an exported explainer; settings of the caller take
 * precedence.
 *
 * @throws {SyntaxError} When the metadata are damaged.
 */
export function describedModel(model: OnnxModel, { metadata }: OnnxSummary): OnnxModel {
  if (metadata["format"] !== EXPLAINER_FORMAT) return model;
  const entry = (name: string): unknown => {
    try {
      return parseForeignJson(metadata[name] ?? "");
    } catch (cause) {
      throw new SyntaxError(
        `Cannot open ${model.name}: its metadata entry ${name} is not JSON, or too large`,
        {
          cause,
        },
      );
    }
  };
  const cut = entry("preprocessing") as Partial<CutDescription> | null;
  const side = cut?.resize?.short_side;
  if (!Number.isInteger(side)) {
    throw new SyntaxError(`Cannot open ${model.name}: its metadata do not describe the preprocessing`);
  }
  const labels = entry("labels");
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new SyntaxError(`Cannot open ${model.name}: its metadata entry labels is not a list of names`);
  }
  return {
    labels,
    ...model,
    preprocessing: { resize: side!, mean: [0], std: [1], ...model.preprocessing },
  };
}
