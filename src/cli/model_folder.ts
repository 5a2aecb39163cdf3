/**
 * What belongs to a model and is found by its name or by a name inside it: external data, labels, the description beside
 * it. A model from a stranger names these files, so they are read only if they are regular files of the model's folder
 * after links are followed: no device, no pipe, nothing elsewhere on the disk.
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";
import { oneLine } from "../text/foreign_text.ts";
import { readFile, reason } from "./files.ts";
import { parentFolder, pathInFolder, siblingPath } from "./paths.ts";

/** Maximum size of a description or of labels: far above a thousand languages' names of ImageNet's classes. */
export const MOST_TEXT_BYTES = 16_000_000;

/** How a file beside a model is read. */
export interface BesideOptions {
  /** Maximum number of bytes; none by default. */
  readonly most?: number;
  /** Whether it may lie outside the model's folder. */
  readonly outside?: boolean | undefined;
}

/**
 * Reads a file that a model names, or that is named like the model.
 *
 * @param model Path of the model.
 * @param name Name of the file, relative to the model's folder.
 * @param what What the file is, for errors.
 * @throws {Error} When it cannot be read, is not a regular file, lies outside the model's folder or is too large. The
 * model's folder is that of its path and, if that is a link, that of the file it leads to.
 */
export function readBesideModel(
  model: string,
  name: string,
  what: string,
  options: BesideOptions = {},
): Promise<Uint8Array> {
  return readConfined(siblingPath(model, name), () => modelFolders(model), what, options);
}

/**
 * Reads a file of a folder that need not be there: `undefined` if it is not.
 *
 * @throws {Error} When it cannot be read, is not a regular file, lies outside the folder or is too large.
 */
export async function readInFolderIfThere(
  folder: string,
  name: string,
  what: string,
  options: BesideOptions = {},
): Promise<Uint8Array | undefined> {
  const path = siblingPath(folder, name);
  return await isThere(path)
    ? await readConfined(path, async () => [await Deno.realPath(folder === "" ? "." : folder)], what, options)
    : undefined;
}

/** Reads a regular file that lies in one of the folders after links are followed. */
async function readConfined(
  path: string,
  folders: () => Promise<readonly string[]>,
  what: string,
  { most = Infinity, outside = false }: BesideOptions,
): Promise<Uint8Array> {
  const refused = (why: string, cause?: unknown) =>
    new Error(`Cannot read ${what} ${oneLine(path)}: ${why}`, { cause });
  let place: string;
  let inside: boolean;
  let found: Deno.FileInfo;
  try {
    place = await Deno.realPath(path);
    inside = (await folders()).some((folder) => pathInFolder(place, folder) !== undefined);
    // Looked at before it is opened: opening a pipe waits for its other end.
    found = await Deno.stat(place);
  } catch (cause) {
    throw refused(reason(cause), cause);
  }
  if (!inside && !outside) {
    throw refused("it lies outside the model's folder; --allow-outside reads it nevertheless");
  }
  if (!found.isFile) throw refused(found.isDirectory ? "it is a folder" : "it is not a regular file");
  if (found.size > most) throw refused(`it has ${found.size} bytes, at most ${most} are read`);
  return await readFile(place, what);
}

/** The same for a file that need not be there: `undefined` if it is not. */
export async function readBesideModelIfThere(
  model: string,
  name: string,
  what: string,
  options: BesideOptions = {},
): Promise<Uint8Array | undefined> {
  return await isThere(siblingPath(model, name))
    ? await readBesideModel(model, name, what, options)
    : undefined;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return false;
  }
  return true;
}

/** The folders of a model without links: of its path, and of what that leads to. */
async function modelFolders(model: string): Promise<string[]> {
  return [await Deno.realPath(parentFolder(model)), parentFolder(await Deno.realPath(model))];
}

/**
 * Reads a small file that the user names, which may be a pipe.
 *
 * @throws {Error} When it cannot be read or has more.
 */
export async function readSmallFile(
  path: string,
  what: string,
  most = MOST_TEXT_BYTES,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const file = await Deno.open(path);
    // Its iterator closes the file, at the end as well as here.
    for await (const part of file.readable) {
      length += part.length;
      if (length > most) break;
      parts.push(part);
    }
  } catch (cause) {
    throw new Error(`Cannot read ${what} ${oneLine(path)}: ${reason(cause)}`, { cause });
  }
  if (length > most) throw new Error(`Cannot read ${what} ${oneLine(path)}: it has more than ${most} bytes`);
  return concatUint8Arrays(parts);
}
