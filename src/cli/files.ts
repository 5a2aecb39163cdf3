/**
 * Files of the command line. A read failure is one clear line. A file is written next to its place and renamed when it
 * is complete, so nobody ever sees half a file. A path may be the address of an object, `s3://bucket/key`
 * (stored/object_files.ts, which is loaded with the first one).
 *
 * @module
 */
import { isObjectAddress } from "../objects/address.ts";
import { parentFolder } from "./paths.ts";
import { toByteSource } from "../bytes/byte_source.ts";
import { oneLine } from "../text/foreign_text.ts";
import { fileSource } from "../weights/storage/file_source.ts";
import { isFull, systemReason as reason } from "../weights/storage/system_reason.ts";
import type { WeightFile } from "../weights/tensor_table.ts";
import { readWeightFile } from "../weights/weight_file.ts";

export { reason };

const objectFiles = () => import("./stored/object_files.ts");

const unfinished = new Set<string>();

/** Reads a file. */
export async function readFile(path: string, what: string): Promise<Uint8Array> {
  if (isObjectAddress(path)) {
    const found = await readIfThere(path, what);
    if (found !== undefined) return found;
    throw new Error(`Cannot read ${what} ${path}: there is no such object`);
  }
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw new Error(`Cannot read ${what} ${path}: ${reason(cause)}`, { cause });
  }
}

/** Reads an optional file; `undefined` if it does not exist. */
export async function readIfThere(path: string, what = ""): Promise<Uint8Array | undefined> {
  if (isObjectAddress(path)) return await (await objectFiles()).readObjectIfThere(path);
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${what}${path}: ${reason(cause)}`, { cause });
  }
}

/** Reads an optional file as text. */
export async function readTextIfThere(path: string, what = ""): Promise<string | undefined> {
  const bytes = await readIfThere(path, what);
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Reads the table of a file of weights (safetensors or PyTorch), if one is named. The numbers stay on disk until they
 * are needed; those of an object are in memory.
 */
export async function readWeights(path: string | undefined): Promise<WeightFile | undefined> {
  if (path === undefined) return undefined;
  try {
    if (isObjectAddress(path)) return readWeightFile(path, toByteSource(await readFile(path, "weights")));
    if (await isFolder(path)) throw new Deno.errors.IsADirectory();
    return readWeightFile(path, fileSource(path));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError || isObjectAddress(path)) throw cause;
    throw new Error(`Cannot read weights ${path}: ${reason(cause)}`, { cause });
  }
}

/**
 * Writes a file next to its place and renames it when it is complete.
 *
 * @param options `keep` is the path that the present file gets, if there is one.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array | string,
  { keep }: { readonly keep?: string } = {},
): Promise<void> {
  if (isObjectAddress(path)) return await (await objectFiles()).writeObject(path, bytes, keep);
  await writeBeside(
    path,
    (beside) => typeof bytes === "string" ? Deno.writeTextFile(beside, bytes) : Deno.writeFile(beside, bytes),
    keep,
  );
}

/** The same for a file in parts, which are requested one by one. */
export async function writeParts(
  path: string,
  parts: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  if (isObjectAddress(path)) return await (await objectFiles()).writeObjectParts(path, parts, signal);
  await writeBeside(path, async (beside) => {
    const file = await Deno.open(beside, { write: true, create: true, truncate: true });
    try {
      for (const part of parts) {
        signal.throwIfAborted();
        for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
      }
      signal.throwIfAborted();
    } finally {
      file.close();
    }
  });
}

/** Removes a file. */
export async function removeFile(path: string): Promise<void> {
  await (isObjectAddress(path) ? (await objectFiles()).removeObject(path) : Deno.remove(path));
}

/** The disk is full: nothing else can be written either. */
export class DiskFullError extends Error {
  override name = "DiskFullError";
}

/** The error for a failed write. */
export function writingError(what: string, cause: unknown): Error {
  const why = reason(cause);
  const Kind = isFull(why) ? DiskFullError : Error;
  return new Kind(`Cannot write ${oneLine(what)}: ${why}`, { cause });
}

/** Counts the writes of this process: workers may write the same file at the same time. */
let writes = 0;

async function writeBeside(
  path: string,
  write: (beside: string) => Promise<void>,
  keep?: string,
): Promise<void> {
  const beside = `${path}.${Deno.pid}-${++writes}.partial`;
  unfinished.add(beside);
  try {
    await write(beside);
    // After a power failure, the name must not exist without its bytes.
    await syncPath(beside, { read: true, write: true });
    if (keep !== undefined) await renameIfThere(path, keep);
    await Deno.rename(beside, path);
    await syncPath(parentFolder(path), { read: true }).catch(() => {});
  } catch (cause) {
    await Deno.remove(beside).catch(() => {});
    throw writingError(path, cause);
  } finally {
    unfinished.delete(beside);
  }
}

async function renameIfThere(path: string, to: string): Promise<void> {
  try {
    await Deno.rename(path, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Puts a file on the disk, or the names of a folder, where the system can. */
async function syncPath(path: string, options: Deno.OpenOptions): Promise<void> {
  const file = await Deno.open(path, options);
  try {
    await file.sync();
  } finally {
    file.close();
  }
}

/** Whether two paths lead to the same place, after resolving links and dots. */
export function samePlace(a: string, b: string): boolean {
  return a === b || realPath(a) === realPath(b);
}

/** A path with links and dots resolved; unchanged if it does not exist yet. */
export function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Fails early if writing `path` would fail later, after hours of work. */
export async function checkWritable(path: string): Promise<void> {
  if (isObjectAddress(path)) return await (await objectFiles()).checkObjectWritable(path);
  if (await isFolder(path)) throw new Error(`Cannot write ${path}: it is a folder`);
  const beside = `${path}.${Deno.pid}.partial`;
  try {
    await Deno.writeFile(beside, new Uint8Array());
    await Deno.remove(beside);
  } catch (cause) {
    throw new Error(`Cannot write ${path}: ${reason(cause)}`, { cause });
  }
}

/** Removes incomplete files; called when the program is told to stop. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      Deno.removeSync(path);
    } catch {
      // Not yet written, or already renamed.
    }
  }
}

/** Creates a folder if it does not exist; a store has none. */
export async function makeFolder(path: string): Promise<void> {
  if (isObjectAddress(path)) return;
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new Error(`Cannot create folder ${oneLine(path)}: ${reason(cause)}`, { cause });
  }
}

/** Whether a path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  if (isObjectAddress(path)) return await (await objectFiles()).hasObjectsBelow(path);
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

/** Whether a path is a file. */
export async function isFile(path: string): Promise<boolean> {
  if (isObjectAddress(path)) return await (await objectFiles()).statObject(path) !== undefined;
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/**
 * The same at once, for a decision in the middle of reading. An object is believed to exist: millions would have to be
 * asked for.
 */
export function isFileNow(path: string): boolean {
  if (isObjectAddress(path)) return true;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Gives each name once: the first proposal that is not taken, else the last with a number. Names that a disk may take
 * for one (`A` and `a`, or two spellings of `é`) count as the same.
 *
 * @param taken Names that are in use already.
 */
export function nameGiver(taken: Iterable<string> = []): (...proposals: readonly string[]) => string {
  const folded = (name: string) => name.normalize("NFC").toLowerCase();
  const used = new Set(Array.from(taken, folded));
  return (...proposals) => {
    let name = proposals.find((each) => !used.has(folded(each)));
    for (let i = 2; name === undefined; i++) {
      const numbered = `${proposals.at(-1)}-${i}`;
      if (!used.has(folded(numbered))) name = numbered;
    }
    used.add(folded(name));
    return name;
  };
}
