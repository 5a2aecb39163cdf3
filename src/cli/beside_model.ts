/**
 * The files beside an .onnx classifier that describe it: our own settings (NAME.json), `config.json` and
 * `preprocessor_config.json` of model hubs, and lists of its classes.
 *
 * @module
 */
import { describeConfig, describePreprocessor } from "../classifier/hub_files.ts";
import { labelsIn, parseLabels } from "../classifier/label_files.ts";
import { joinDescriptions, type ModelDescription } from "../classifier/model_description.ts";
import { ForeignSettingsError, type OnnxSettings, parseOnnxSettings } from "../classifier/onnx_settings.ts";
import { fileName, parentFolder, readTextIfThere, siblingPath } from "./files.ts";

/** What is next to a classifier. */
export interface BesideModel {
  /** The settings for it. */
  readonly settings: OnnxSettings | undefined;
  /** What other programs' files say. */
  readonly description: ModelDescription;
}

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

/** A description or a list of labels is small; anything larger is something else. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * Reads what is next to a classifier.
 *
 * @throws {SyntaxError} When its settings have an invalid entry.
 */
export async function readBeside(path: string): Promise<BesideModel> {
  const json = path.replace(/\.onnx$/i, ".json");
  const text = await readSmall(json);
  const own = text === undefined ? {} : readOwn(text, json);
  const found = [own.description ?? {}];
  for (const folder of searchedFolders(path)) {
    found.push(...await readHub(folder), await readLabelFiles(folder));
  }
  return { settings: own.settings, description: joinDescriptions(found) };
}

/** NAME.json: settings, else labels or a hub's description, else nothing of use. */
function readOwn(text: string, path: string): { settings?: OnnxSettings; description?: ModelDescription } {
  try {
    return { settings: parseOnnxSettings(text, path) };
  } catch (error) {
    if (!(error instanceof ForeignSettingsError)) throw error;
    const value = parsedOrNothing(text);
    const labels = labelsIn(value);
    if (labels !== undefined) return { description: { labels } };
    const description = describeConfig(value) ?? describePreprocessor(value);
    if (description !== undefined) return { description };
    const why = error.message.replace(/^.*?: /, "");
    return { description: { notes: [`${fileName(path)} is not a settings file (${why}): it is not used`] } };
  }
}

/** The classifier's folder and, for `…/onnx/model.onnx` as hubs have it, the one above. */
function searchedFolders(path: string): string[] {
  const own = siblingPath(path, "");
  const bare = own.replace(/[/\\]+$/, "");
  return fileName(bare === "" ? "." : bare) === "onnx" ? [own, `${parentFolder(bare)}/`] : [own];
}

async function readHub(folder: string): Promise<ModelDescription[]> {
  const found: ModelDescription[] = [];
  for (
    const [name, describe] of [
      ["preprocessor_config.json", describePreprocessor],
      ["config.json", describeConfig],
    ] as const
  ) {
    const text = await readSmall(folder + name);
    const description = text === undefined ? undefined : describe(parsedOrNothing(text));
    if (description !== undefined) found.push(description);
  }
  return found;
}

/** The first file of labels that can be read. */
async function readLabelFiles(folder: string): Promise<ModelDescription> {
  const notes: string[] = [];
  for (const name of LABEL_FILES) {
    const text = await readSmall(folder + name);
    if (text === undefined) continue;
    try {
      return { labels: parseLabels(text, name), notes };
    } catch {
      notes.push(`${name} is not one name per class: it is not used`);
    }
  }
  return { notes };
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of a small file; `undefined` if there is none, or it is large. */
async function readSmall(path: string): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MOST_BYTES) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
  return await readTextIfThere(path, "");
}
