/**
 * `models inspect`: prints what a classifier from an .onnx file sees and gives, without an image.
 *
 * @module
 */
import { loadClassifier } from "../../classifier/load.ts";
import { isOnnxPath, ONNX_OPTIONS, readOnnxModel } from "../onnx_model.ts";
import { command } from "../options/command.ts";
import { DOWNLOAD_OPTIONS } from "../downloads.ts";
import { ADDRESS_OPTIONS, withLocalModels } from "../model_address.ts";
import { JSON_OPTION } from "../output_options.ts";
import { factLines, sayFactsOnce } from "../said_facts.ts";
import { UsageError } from "../usage.ts";

/** Runs `models inspect` and gives its exit code. */
export const inspectModel = command({
  name: "models inspect",
  about: "Show what a classifier from an .onnx file sees and gives, and where each entry was found",
  arguments: {
    usage: "FILE.onnx|hf:owner/name",
    most: 1,
    missing: "models inspect takes the path of an .onnx file",
  },
  options: { ...JSON_OPTION, ...ADDRESS_OPTIONS, ...DOWNLOAD_OPTIONS, ...ONNX_OPTIONS },
  notes: [
    "Entries come from the file, the settings (options and NAME.json), metadata (in the file, or in config.json, " +
    "preprocessor_config.json and lists of classes beside it), or are assumed. docs/any-onnx.md has the order.",
  ],
  examples: ["deno task models inspect my_classifier.onnx"],
}, async ({ options, positional: [given], terminal, signal }) => {
  const { model } = await withLocalModels({ ...options, model: given! }, terminal, signal);
  if (!isOnnxPath(model)) {
    throw new UsageError(`models inspect takes the path of an .onnx file, not ${model}`);
  }
  // No fact needs a graphics card.
  const { facts } = await loadClassifier({ model: await readOnnxModel(model, options), device: "wasm" });
  const { name, classes, described = [], notes = [] } = facts;
  if (options.json) {
    console.log(JSON.stringify({ model: name, classes, classifier: described, notes }, null, 2));
  } else for (const line of factLines(described)) console.log(line);
  sayFactsOnce(terminal)(facts);
  return 0;
});
