/**
 * Models of an object store: a copy of the .onnx file, with the files next to it that belong to models, in the
 * cache folder. The entity tags of all of them name the copy, so another version is another copy.
 *
 * @module
 */
import { LABEL_FILES } from "../../classifier/descriptions/beside_files.ts";
import {
  objectAddress,
  ObjectError,
  objectStore,
  parseObjectAddress,
  type StoredObject,
} from "../../objects/mod.ts";
import { copyFolder } from "../copy_folder.ts";
import { isFile, makeFolder } from "../files.ts";
import { printable, type Terminal } from "../terminal.ts";

/** Largest number of objects that are looked at beside a model. */
const MOST_BESIDE = 1000;

/**
 * The path of the copy of a model.
 *
 * @throws {ObjectError} When it does not exist or cannot be read.
 */
export async function copyModel(address: string, terminal: Terminal, signal: AbortSignal): Promise<string> {
  const store = await objectStore();
  const { bucket, key } = parseObjectAddress(address);
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  const name = key.slice(folder.length);
  const files: StoredObject[] = [];
  let seen = 0;
  for await (const file of store.list(objectAddress({ bucket, key: folder }), { signal })) {
    if (belongsTo(name, file.key.slice(folder.length))) files.push(file);
    if (++seen === MOST_BESIDE) break;
  }
  if (!files.some((file) => file.key === key)) {
    // Among very many objects, the model may come later.
    const model = await store.stat(address, signal);
    if (model === undefined) throw new ObjectError(`Cannot read model ${address}: there is no such object`);
    files.push(model);
  }
  const copy = copyFolder("objects", [address, files.map((file) => [file.key, file.etag])]);
  for (const { key: from, size, etag } of files) {
    const place = `${copy}/${from.slice(folder.length)}`;
    if (await isFile(place)) continue;
    terminal.doing(`Copying ${printable(objectAddress({ bucket, key: from }))}`);
    await makeFolder(copy);
    const partial = `${place}.${crypto.randomUUID()}.partial`;
    const target = await Deno.open(partial, { write: true, createNew: true });
    try {
      const bytes = store.stream(objectAddress({ bucket, key: from }), { size, etag, signal });
      await ReadableStream.from(bytes).pipeTo(target.writable);
      await Deno.rename(partial, place);
    } catch (error) {
      await Deno.remove(partial).catch(() => {});
      throw error;
    }
  }
  return `${copy}/${name}`;
}

/** Whether a file beside a model is read with it: the model itself, external data, descriptions and labels. */
function belongsTo(model: string, name: string): boolean {
  if (name.includes("/")) return false;
  const stem = model.replace(/\.onnx$/i, "");
  return name === model || name.startsWith(`${model}.`) || name.startsWith(`${model}_`) ||
    name === `${stem}.json` || name === `${stem}.ptame.safetensors` || name === `${stem}.data` ||
    ["config.json", "preprocessor_config.json", ...LABEL_FILES].includes(name);
}
