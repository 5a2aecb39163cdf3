/**
 * The head that `explain --photos` keeps for an .onnx classifier: beside it, or in the cache where that folder cannot be
 * written. It is bound to the file's digest.
 *
 * @module
 */
import type { OnnxModel } from "../classifier/onnx/model.ts";
import { modelDigest } from "../ptame/fit/model_digest.ts";
import { ownFolder } from "../weights/storage/own_folder.ts";
import { checkWritable, isFile, makeFolder, readFile, readIfThere } from "./files.ts";

/** A head that was kept. */
export interface KeptHead {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** NAME.ptame.safetensors for NAME.onnx. */
export function pathBeside(model: string): string {
  return `${model.replace(/\.onnx$/i, "")}.ptame.safetensors`;
}

function cacheFolder(): string {
  return `${ownFolder()}/heads`;
}

/** In the cache, a head is found by the digest of its classifier, wherever that lies. */
async function pathInCache(model: OnnxModel): Promise<string> {
  return `${cacheFolder()}/${(await modelDigest(model)).slice(0, 32)}.ptame.safetensors`;
}

/** The head that was kept for a classifier; `undefined` if there is none. */
export async function keptHead(path: string, model: OnnxModel): Promise<KeptHead | undefined> {
  const beside = pathBeside(path);
  if (await isFile(beside)) return { path: beside, bytes: await readFile(beside, "head") };
  let cached: string;
  try {
    cached = await pathInCache(model);
  } catch {
    // An environment without a cache folder has kept nothing there.
    return undefined;
  }
  const found = await readIfThere(cached, "head ");
  return found === undefined ? undefined : { path: cached, bytes: found };
}

/**
 * The path to keep a head at; its folder is there and can be written.
 *
 * @throws {Error} When neither the classifier's folder nor the cache can be written.
 */
export async function placeForHead(path: string, model: OnnxModel): Promise<string> {
  const beside = pathBeside(path);
  try {
    await checkWritable(beside);
    return beside;
  } catch {
    const cached = await pathInCache(model);
    await makeFolder(cacheFolder());
    await checkWritable(cached);
    return cached;
  }
}
