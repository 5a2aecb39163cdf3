/**
 * An exported explainer as a classifier. Its metadata, written by exported_file.ts, describe its input and
 * the names of its classes.
 *
 * @module
 */
import type { OnnxSummary } from "../../graph/onnx_file.ts";
import { FITS } from "../../image/preprocess.ts";
import { RESAMPLINGS } from "../../image/resize.ts";
import { parseForeignJson } from "../../text/foreign_json.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { ModelDescription } from "./description.ts";
import { SCORE_ACTIVATIONS } from "../score_meaning.ts";

/** The metadata entry `format` of an exported explainer. */
export const EXPLAINER_FORMAT = "ptame-explainer";

/** The preprocessing of an exported explainer in its metadata; the file itself normalises. */
export interface CropDescription {
  readonly resize: { readonly short_side: number; readonly filter: string };
  /** Its side, or its height and width if it is not square. */
  readonly centre_crop: number | readonly [height: number, width: number];
  /** How the image gets the input's shape, if not by a centre crop. */
  readonly fit?: "squash" | "letterbox";
  /** Value of padded pixels, 0 to 255, of a letterbox. */
  readonly fill?: number;
  readonly layout: "NCHW";
  readonly channels: "RGB";
  readonly range: readonly [0, 1];
  readonly normalisation: "inside";
}

/**
 * The description that an exported explainer has in its metadata.
 *
 * @param called Its name in errors.
 * @returns `undefined` for any other file.
 * @throws {SyntaxError} When the metadata are damaged.
 */
export function describeExplainer(
  called: string,
  { metadata }: Pick<OnnxSummary, "metadata">,
): ModelDescription | undefined {
  if (metadata["format"] !== EXPLAINER_FORMAT) return undefined;
  const entry = (name: string): unknown => {
    try {
      return parseForeignJson(metadata[name] ?? "");
    } catch (cause) {
      const why = `its metadata entry ${name} is not JSON, or too large`;
      throw new SyntaxError(`Cannot open ${called}: ${why}`, { cause });
    }
  };
  const crop = entry("preprocessing") as Partial<CropDescription> | null;
  const resize = crop?.resize?.short_side;
  if (resize === undefined || !Number.isInteger(resize)) {
    throw new SyntaxError(`Cannot open ${called}: its metadata do not describe the preprocessing`);
  }
  const labels = entry("labels");
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new SyntaxError(`Cannot open ${called}: its metadata entry labels is not a list of names`);
  }
  const resample = RESAMPLINGS.find((name) => crop?.resize?.filter?.startsWith(name));
  const fit = FITS.find((name) => name === crop?.fit);
  const fill = typeof crop?.fill === "number" ? crop.fill : undefined;
  const channels = crop?.channels === "RGB" ? crop.channels : undefined;
  // Files of 0.1.0 say neither.
  const output = metadata["scores"];
  const activation = SCORE_ACTIVATIONS.find((name) => name === metadata["activation"]);
  return {
    labels,
    preprocessing: { resize, mean: [0], std: [1], ...withoutUndefined({ resample, fit, fill, channels }) },
    ...withoutUndefined({ output, activation }),
  };
}
