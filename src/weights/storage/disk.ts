/**
 * Downloaded weights in a folder. A file gets its own name only when it is complete and its digest is right. Until then
 * it is stored as `.partial`, and the downloading process holds `.lock`.
 *
 * @module
 */
import type { WeightsFile } from "../../../models/network.ts";
import { fileSource, sizeOfFile } from "./file_source.ts";
import { takeLock } from "./lock.ts";
import { incomingFile } from "./partial_file.ts";
import { systemReason } from "./system_reason.ts";
import { isPublished, verifiedPath } from "./verified.ts";
import type { WeightStorage } from "./types.ts";

/** A folder with downloaded weights. */
export interface DiskStorage extends WeightStorage {
  /** The folder. */
  readonly folder: string;
  /** Path of a file, present or future. */
  filePath(file: WeightsFile): string;
  /** Number of its bytes: all, or those of an interrupted download. */
  presentBytes(file: WeightsFile): Promise<number>;
  /** Removes a file and its interrupted downloads; gives the number of freed bytes. */
  remove(file: WeightsFile): Promise<number>;
}

/** The storage in a folder, which need not exist yet. */
export function diskStorage(folder: string): DiskStorage {
  const filePath = (file: WeightsFile) => `${folder.replace(/[/\\]+$/, "")}/${file.file}`;
  const isWhole = (file: WeightsFile) => isPublished(filePath(file), file);
  return {
    folder,
    place: folder,
    filePath: filePath,
    open: async (file) => await isWhole(file) ? fileSource(filePath(file)) : undefined,
    presentBytes: async (file) => {
      // By length: a list of many large files must not read them.
      const whole = await sizeOfFile(filePath(file)) === file.bytes;
      return whole ? file.bytes : await sizeOfFile(partialPath(filePath(file))) ?? 0;
    },
    begin: async (file, options) => {
      const path = filePath(file);
      let unlock: (() => Promise<void>) | undefined;
      try {
        await Deno.mkdir(folder, { recursive: true });
        unlock = await takeLock(lockPath(path), options);
        if (!await isWhole(file)) {
          return await incomingFile(path, partialPath(path), {
            sha256: file.sha256,
            unlock,
            signal: options.signal,
          });
        }
      } catch (cause) {
        await unlock?.();
        options.signal?.throwIfAborted();
        throw new Error(`Cannot store ${path}: ${systemReason(cause)}`, { cause });
      }
      await unlock();
      return undefined;
    },
    remove: async (file) => {
      const path = filePath(file);
      let freed = 0;
      for (const each of [path, partialPath(path), lockPath(path), verifiedPath(path)]) {
        try {
          const { size } = await Deno.stat(each);
          await Deno.remove(each);
          freed += size;
        } catch (cause) {
          if (cause instanceof Deno.errors.NotFound) continue;
          throw new Error(`Cannot remove ${each}: ${systemReason(cause)}`, { cause });
        }
      }
      return freed;
    },
  };
}

function partialPath(path: string): string {
  return `${path}.partial`;
}

function lockPath(path: string): string {
  return `${path}.lock`;
}
