/**
 * A classifier from files that a person hands over together, as a drop on a page gives them: one .onnx file, its
 * external data, its settings (NAME.json), a hub's `config.json` and `preprocessor_config.json`, the names of its classes.
 * Their names say what they are; there are no folders.
 *
 * @module
 */
import { inspectOnnx } from "../../graph/onnx_file.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { describeSettings, LABEL_FILES } from "./beside_files.ts";
import { parseLabels } from "./label_files.ts";
import { joinDescriptions, type ModelDescription } from "./description.ts";
import type { OnnxModel } from "../onnx/model.ts";
import type { OnnxSettings } from "./settings.ts";

/** One of the files. */
export interface NamedFile {
  /** Its name, without a folder. */
  readonly name: string;
  /** Its bytes. A Blob is read only if it belongs to the classifier. */
  readonly content: Uint8Array | Blob;
}

/** A text that describes a classifier is small. */
const MOST_TEXT_BYTES = 16_000_000;

/**
 * Puts a classifier together from files.
 *
 * @throws {TypeError} When there is no .onnx file or more than one, or external data are missing.
 * @throws {SyntaxError} When the .onnx file is none, or a file of settings or labels cannot be read.
 *
 * @example
 * ```ts ignore
 * import { createExplainer, modelFromFiles } from "@ptame/ptame";
 *
 * const files = [...event.dataTransfer.files].map((file) => ({ name: file.name, content: file }));
 * const explainer = await createExplainer({ model: await modelFromFiles(files), photos });
 * ```
 */
export async function modelFromFiles(files: Iterable<NamedFile>): Promise<OnnxModel> {
  const all = [...files];
  const models = all.filter(({ name }) => /\.onnx$/i.test(name));
  const [file] = models;
  if (file === undefined) throw new TypeError("Cannot open a classifier: no .onnx file is among the files");
  if (models.length > 1) {
    const names = models.map(({ name }) => name).join(", ");
    throw new TypeError(`Cannot open ${models.length} classifiers at once (${names}): give one .onnx file`);
  }
  const name = file.name.replace(/\.onnx$/i, "");
  const onnx = await bytesIn(file);
  const left = new Map(all.filter((each) => each !== file).map((each) => [each.name, each]));
  const externalData = new Map<string, Uint8Array>();
  for (const path of inspectNamed(onnx, file.name).externalFiles) {
    // Hubs and exporters name them relative to the file; a drop has no folders.
    const base = path.split(/[/\\]/).at(-1)!;
    const found = left.get(base);
    if (found === undefined) {
      throw new TypeError(`Cannot open ${file.name}: its weights are in ${base}; give both files together`);
    }
    externalData.set(path, await bytesIn(found));
    left.delete(base);
  }
  const { settings, description } = await describedBy(name, [...left.values()]);
  const { labels, preprocessing, inputs, output, activation, taps } = settings;
  const named = typeof labels === "string" ? await labelsNamed(labels, left) : labels;
  return {
    ...{ name, onnx, externalData, description },
    ...withoutUndefined({ labels: named, preprocessing, inputs, output, activation, taps }),
  };
}

/** Inspects the file; errors have its name. */
function inspectNamed(onnx: Uint8Array, name: string): ReturnType<typeof inspectOnnx> {
  try {
    return inspectOnnx(onnx);
  } catch (cause) {
    const why = (cause as Error).message.replace(/^Cannot read ONNX model: /, "");
    throw new SyntaxError(`Cannot open ${name} as an ONNX model: ${why}`, { cause });
  }
}

/** Reads the files without weights: NAME.json first, then what hubs write, then labels. */
async function describedBy(
  name: string,
  files: readonly NamedFile[],
): Promise<{ settings: Partial<OnnxSettings>; description: ModelDescription }> {
  const order = [`${name}.json`, "preprocessor_config.json", "config.json", ...LABEL_FILES];
  const place = (file: NamedFile) => {
    const at = order.indexOf(file.name);
    return at < 0 ? order.length : at;
  };
  let settings: Partial<OnnxSettings> = {};
  const descriptions: ModelDescription[] = [];
  for (const file of [...files].sort((a, b) => place(a) - place(b))) {
    if (/\.json$/i.test(file.name)) {
      const read = describeSettings(await textIn(file), file.name);
      settings = { ...read.settings, ...settings };
      descriptions.push(read.description ?? {});
    } else if (/\.(txt|names|labels|csv)$/i.test(file.name)) {
      descriptions.push({ labels: parseLabels(await textIn(file), file.name) });
    } else {
      descriptions.push({ notes: [`${file.name} is not used: it belongs to no classifier`] });
    }
  }
  return { settings, description: joinDescriptions(descriptions) };
}

async function labelsNamed(path: string, files: ReadonlyMap<string, NamedFile>): Promise<readonly string[]> {
  const base = path.split(/[/\\]/).at(-1)!;
  const file = files.get(base);
  if (file === undefined) {
    throw new TypeError(`Cannot read the labels: the settings name ${base}; give it together with them`);
  }
  return parseLabels(await textIn(file), base);
}

async function textIn(file: NamedFile): Promise<string> {
  const size = file.content instanceof Uint8Array ? file.content.length : file.content.size;
  if (size > MOST_TEXT_BYTES) throw new SyntaxError(`Cannot read ${file.name}: a text of more than 16 MB`);
  return new TextDecoder().decode(await bytesIn(file));
}

async function bytesIn({ name, content }: NamedFile): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  try {
    return new Uint8Array(await content.arrayBuffer());
  } catch (cause) {
    const megabytes = Math.round(content.size / 1e6);
    throw new TypeError(
      `Cannot read ${name}: it was moved meanwhile, or its ${megabytes} MB do not fit into memory`,
      { cause },
    );
  }
}
