/**
 * The classifier of the benchmark with known truth, and its head for P-TAME: files that bench/truth/train.py and
 * `deno task train` made, kept beside.
 *
 * @module
 */
import { type OpenClassifier, openClassifier } from "../../src/classifier/open.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { CLASSES } from "./scenes.ts";

const HERE = new URL("./", import.meta.url);

/** The head of P-TAME for the classifier, whose auxiliary is the classifier itself. */
export const PARTS_HEAD = new URL("parts.head.safetensors", HERE);

/** The classifier as a file that an explainer takes. */
export function partsModel(): OnnxModel {
  const { size, resize, mean, std } = JSON.parse(Deno.readTextFileSync(new URL("parts.json", HERE)));
  return {
    name: "parts",
    onnx: Deno.readFileSync(new URL("parts.onnx", HERE)),
    preprocessing: { size, resize, mean: [mean, mean, mean], std: [std, std, std] },
    labels: CLASSES,
  };
}

/** The classifier, open. */
export async function openParts(device: "wasm" | "native"): Promise<OpenClassifier> {
  return await openClassifier({
    model: partsModel(),
    device,
    ...(device === "native" ? { threads: 1 } : {}),
  });
}
