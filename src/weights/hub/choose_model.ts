/**
 * Which .onnx file of a model of the Hub is meant: the usual layouts, of which transformers.js' is the most common.
 *
 * @module
 */
import type { ModelDtype } from "./dtypes.ts";
import type { HubFile } from "./listing.ts";

/** How the names of files end in the usual layouts. */
const SUFFIXES: Readonly<Record<ModelDtype, string>> = {
  fp32: "",
  fp16: "_fp16",
  q8: "_quantized",
  int8: "_int8",
  uint8: "_uint8",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
};

/** Files that belong to a model and are small: what its maker says of its input and its classes. */
const DESCRIPTIONS = ["config.json", "preprocessor_config.json"];

/** An .onnx file of a model, and what belongs to it. */
export interface ChosenModel {
  readonly model: HubFile;
  /** Files with the rest of its weights, in its own folder. */
  readonly externalData: readonly HubFile[];
  /** config.json and preprocessor_config.json, in its folder or else at the root. */
  readonly descriptions: readonly HubFile[];
}

/**
 * Chooses the .onnx file: the named one; else `onnx/model.onnx` or `model.onnx`, with the ending of the number type; else
 * the only one there is.
 *
 * @throws {RangeError} When there is none, or several that could be meant; the message lists them.
 */
export function chooseHubModel(
  files: readonly HubFile[],
  { path, dtype }: { readonly path?: string | undefined; readonly dtype?: ModelDtype | undefined } = {},
): ChosenModel {
  const models = files.filter((file) => /\.onnx$/i.test(file.path));
  const named = (name: string) => models.find((file) => file.path === name);
  const model = path === undefined ? usualModel(models, dtype) : named(path);
  if (model === undefined) {
    const there = models.map((file) => file.path);
    if (there.length === 0) {
      throw new RangeError("it has no .onnx file; optimum-cli export onnx makes one from a PyTorch model");
    }
    const missing = path ?? (dtype === undefined ? "onnx/model.onnx" : `model of type ${dtype}`);
    throw new RangeError(`it has no ${missing}; name one of its files in the address: ${listed(there)}`);
  }
  const folder = model.path.slice(0, model.path.lastIndexOf("/") + 1);
  const stem = model.path.slice(folder.length);
  return {
    model,
    // model.onnx_data, model.onnx_data_1, model.onnx.data, weights.bin …: what it names is known when it is here.
    externalData: files.filter((file) =>
      file !== model && file.path.startsWith(folder) && file.path.slice(folder.length).startsWith(stem)
    ),
    descriptions: DESCRIPTIONS.flatMap((name) =>
      files.find((file) => file.path === folder + name) ?? files.find((file) => file.path === name) ?? []
    ),
  };
}

function usualModel(models: readonly HubFile[], dtype: ModelDtype | undefined): HubFile | undefined {
  const suffix = SUFFIXES[dtype ?? "fp32"];
  for (const name of [`onnx/model${suffix}.onnx`, `model${suffix}.onnx`]) {
    const found = models.find((file) => file.path === name);
    if (found !== undefined) return found;
  }
  return models.length === 1 && dtype === undefined ? models[0] : undefined;
}

const LISTED = 8;

function listed(paths: readonly string[]): string {
  const more = paths.length > LISTED ? ` and ${paths.length - LISTED} more` : "";
  return paths.slice(0, LISTED).join(", ") + more;
}
