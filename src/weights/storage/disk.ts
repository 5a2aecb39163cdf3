/**
 * Downloaded weights in a folder. A file is there under its own name when it is whole and its digest is right, never
 * before; what is still coming lies beside it as `.partial`.
 *
 * @module
 */
import type { WeightsFile } from "../../../models/network.ts";
import type { ByteSource } from "../byte_source.ts";
import { fileSource } from "./file_source.ts";

/** A folder with downloaded weights. */
export interface DiskStorage {
  /** The folder. */
  readonly folder: string;
  /** Where a file is, or will be. */
  pathOf(file: WeightsFile): string;
  /** A file that is there whole, `undefined` where it is not. */
  open(file: WeightsFile): Promise<ByteSource | undefined>;
  /** Bytes of it that are there: all, or those of a download that was cut. */
  presentBytes(file: WeightsFile): Promise<number>;
}

/** The storage in a folder, which need not be there yet. */
export function diskStorage(folder: string): DiskStorage {
  const pathOf = (file: WeightsFile) => `${folder.replace(/[/\\]+$/, "")}/${file.file}`;
  return {
    folder,
    pathOf,
    open: async (file) => {
      const path = pathOf(file);
      return await sizeOfFile(path) === file.bytes ? fileSource(path) : undefined;
    },
    presentBytes: async (file) => {
      const path = pathOf(file);
      if (await sizeOfFile(path) === file.bytes) return file.bytes;
      return await sizeOfFile(`${path}.partial`) ?? 0;
    },
  };
}

/** Bytes of a file, `undefined` where there is none. */
async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile ? size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
