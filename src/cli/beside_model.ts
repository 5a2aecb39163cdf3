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
import { parseForeignJson } from "../text/foreign_json.ts";
import { fileName, parentFolder, siblingPath } from "./files.ts";
import { MOST_TEXT_BYTES, readBesideModelIfThere, readInFolderIfThere } from "./model_folder.ts";

/** What is next to a classifier. */
export interface BesideModel {
  /** The settings for it. */
  readonly settings: OnnxSettings | undefined;
  /** What other programs' files say. */
  readonly description: ModelDescription;
}

/** Files with the names of classes, in the order in which they are looked for. */
const LABEL_FILES: readonly string[] = [
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
 * Reads what is next to a classifier.
 *
 * @param outside Whether links may lead out of its folder.
 * @throws {SyntaxError} When its settings have an invalid entry.
 * @throws {Error} When its settings cannot be read, or are not a regular file of its folder.
 */
export async function readBeside(path: string, outside?: boolean): Promise<BesideModel> {
  const json = path.replace(/\.onnx$/i, ".json");
  const limits = { most: MOST_TEXT_BYTES, outside };
  const bytes = await readBesideModelIfThere(path, fileName(json), "description", limits);
  const own = bytes === undefined ? {} : readOwn(new TextDecoder().decode(bytes), json);
  const found = [own.description ?? {}];
  for (const folder of searchedFolders(path)) {
    found.push(...await readHub(folder, outside), await readLabelFiles(folder, outside));
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

async function readHub(folder: string, outside?: boolean): Promise<ModelDescription[]> {
  const found: ModelDescription[] = [];
  for (
    const [name, describe] of [
      ["preprocessor_config.json", describePreprocessor],
      ["config.json", describeConfig],
    ] as const
  ) {
    const { text, notes } = await readSmall(folder, name, outside);
    const description = text === undefined ? undefined : describe(parsedOrNothing(text));
    if (description !== undefined) found.push(description);
    if (notes !== undefined) found.push({ notes });
  }
  return found;
}

/** The first file of labels that can be read. */
async function readLabelFiles(folder: string, outside?: boolean): Promise<ModelDescription> {
  const notes: string[] = [];
  for (const name of LABEL_FILES) {
    const { text, notes: refused = [] } = await readSmall(folder, name, outside);
    notes.push(...refused);
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
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}

/** The text of a small file of a folder, if the folder has one; why it is not used, if it must not be read. */
async function readSmall(
  folder: string,
  name: string,
  outside?: boolean,
): Promise<{ readonly text?: string; readonly notes?: readonly string[] }> {
  try {
    const bytes = await readInFolderIfThere(folder, name, "it", { most: MOST_TEXT_BYTES, outside });
    return bytes === undefined ? {} : { text: new TextDecoder().decode(bytes) };
  } catch (error) {
    const why = (error as Error).message.replace(/^.*?: /, "");
    return { notes: [`${name} is not used: ${why}`] };
  }
}
