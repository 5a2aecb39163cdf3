/**
 * The text files that are next to an .onnx classifier and describe it: what they are called, and what a JSON file of
 * unknown kind says.
 *
 * @module
 */
import { parseForeignJson } from "../../text/foreign_json.ts";
import { describeConfig, describePreprocessor } from "./hub_files.ts";
import { labelsIn } from "./label_files.ts";
import type { ModelDescription } from "./description.ts";
import { ForeignSettingsError, type OnnxSettings, parseOnnxSettings } from "./settings.ts";

/** Files with the names of classes, in the order in which they are looked for. */
export const LABEL_FILES: readonly string[] = [
  "labels.txt",
  "labels.json",
  "classes.txt",
  "classes.json",
  "class_names.txt",
  "class_names.json",
  "class_indices.json",
  "imagenet_class_index.json",
  "synset.txt",
];

/**
 * Reads a JSON file that may hold settings of ours, else labels or a hub's description, else nothing of use.
 *
 * @param called Its name or path in errors.
 * @throws {SyntaxError} When it holds settings of ours with an invalid entry.
 */
export function describeSettings(
  text: string,
  called: string,
): { readonly settings?: OnnxSettings; readonly description?: ModelDescription } {
  try {
    return { settings: parseOnnxSettings(text, called) };
  } catch (error) {
    if (!(error instanceof ForeignSettingsError)) throw error;
    const value = parsedOrNothing(text);
    const labels = labelsIn(value);
    if (labels !== undefined) return { description: { labels } };
    const description = describeConfig(value) ?? describePreprocessor(value);
    if (description !== undefined) return { description };
    const why = error.message.replace(/^.*?: /, "");
    const file = called.split(/[/\\]/).at(-1)!;
    return { description: { notes: [`${file} is not a settings file (${why}): it is not used`] } };
  }
}

/** The value of a small JSON text from outside, if it is one. */
export function parsedOrNothing(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}
