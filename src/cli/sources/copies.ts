/**
 * Names of the images of any source for commands that read them in any order, and several times: objects keep their
 * addresses, and what a tar shard or Parquet file holds is copied into the cache folder, once for each content.
 *
 * @module
 */
import { isObjectAddress } from "../../objects/address.ts";
import { copyFolder } from "../copy_folder.ts";
import { makeFolder, readTextIfThere, writeFile } from "../files.ts";
import { parentFolder } from "../paths.ts";
import { openSource } from "./open.ts";
import { identified, packedImages } from "./packed.ts";
import { resultName } from "./result_name.ts";
import { isPacked, type PackedOptions, type SourceFile } from "./types.ts";

/** The list of what was copied, which is written last. */
const LIST = "images.json";

/**
 * Lists the images of a source.
 *
 * @param say Told what is copied, and what cannot be read.
 */
export async function namesAnywhere(
  path: string,
  say: (line: string) => void,
  options: PackedOptions,
): Promise<string[]> {
  const source = await openSource(path, say);
  if (source.kind === "listed") return [...source.images];
  const names: string[] = [];
  for await (const file of source.files()) {
    options.signal.throwIfAborted();
    if (isPacked(file.path)) names.push(...await unpack(await identified(file), say, options));
    else names.push(file.path);
  }
  return names;
}

/**
 * The images of a source by the names that results of explain have; undefined where shards of a store would have to be
 * downloaded to know them.
 */
export async function namesInResults(
  path: string,
  say: (line: string) => void,
  options: PackedOptions,
): Promise<string[] | undefined> {
  const source = await openSource(path, say);
  if (source.kind === "listed") return [...source.images];
  const names: string[] = [];
  for await (const file of source.files()) {
    options.signal.throwIfAborted();
    if (!isPacked(file.path)) names.push(file.path);
    else if (isObjectAddress(file.path)) return undefined;
    else for await (const image of packedImages(file, options)) names.push(image.path);
  }
  return names;
}

/** Copies the images of a file, unless an earlier command did. */
async function unpack(
  file: SourceFile,
  say: (line: string) => void,
  options: PackedOptions,
): Promise<string[]> {
  const folder = copyFolder("unpacked", [file.path, file.identity, options.column ?? ""]);
  const earlier = listedNames(await readTextIfThere(`${folder}/${LIST}`) ?? "");
  if (earlier !== undefined) return earlier.map((name) => `${folder}/${name}`);
  const names: string[] = [];
  let whole = true;
  for await (const { path, read, failure } of packedImages(file, options)) {
    if (read === undefined) {
      say(failure ?? `Cannot read ${path}`);
      whole = false;
      continue;
    }
    // With its ending: other programs look at it.
    const name = resultName(path.slice(file.path.length + 1));
    await makeFolder(parentFolder(`${folder}/${name}`));
    await writeFile(`${folder}/${name}`, await read(options.signal));
    names.push(name);
  }
  if (whole) await writeFile(`${folder}/${LIST}`, JSON.stringify(names));
  say(`Copied: ${names.length} images of ${file.path} into ${folder}`);
  return names.map((name) => `${folder}/${name}`);
}

/** The names in a list of copies; undefined where it is damaged or was never written, so the images are copied again. */
function listedNames(text: string): string[] | undefined {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}
