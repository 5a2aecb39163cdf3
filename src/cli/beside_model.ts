/**
 * The files beside an .onnx classifier that describe it: our own settings (NAME.json), `config.json` and
 * `preprocessor_config.json` of model hubs, and lists of its classes.
 *
 * @module
 */
import { describeSettings, LABEL_FILES, parsedOrNothing } from "../classifier/descriptions/beside_files.ts";
import { describeConfig, describePreprocessor } from "../classifier/descriptions/hub_files.ts";
import { parseLabels } from "../classifier/descriptions/label_files.ts";
import { joinDescriptions, type ModelDescription } from "../classifier/descriptions/description.ts";
import type { OnnxSettings } from "../classifier/descriptions/settings.ts";
import { fileName, parentFolder, siblingPath } from "./paths.ts";
import { MOST_TEXT_BYTES, readBesideModelIfThere, readInFolderIfThere } from "./model_folder.ts";

/** What is next to a classifier. */
export interface BesideModel {
  /** The settings for it. */
  readonly settings: OnnxSettings | undefined;
  /** What other programs' files say. */
  readonly description: ModelDescription;
}

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
  const own = bytes === undefined ? {} : describeSettings(new TextDecoder().decode(bytes), json);
  const found = [own.description ?? {}];
  for (const folder of searchedFolders(path)) {
    found.push(...await readHub(folder, outside), await readLabelFiles(folder, outside));
  }
  return { settings: own.settings, description: joinDescriptions(found) };
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
