/**
 * A file on disk as a byte source: read tensor by tensor, never as a whole.
 *
 * @module
 */
import { type ByteSource, checkInside } from "../../bytes/byte_source.ts";

/**
 * Opens a file for reading in parts.
 *
 * The file is opened for each part, because a source has no end at which a handle could be closed, and opening is cheap
 * compared with reading a tensor.
 *
 * @throws {Deno.errors.NotFound} When there is no such file. Other errors of the system pass through.
 */
export function fileSource(path: string): ByteSource {
  const size = Deno.statSync(path).size;
  return {
    size,
    read: (offset, length) => {
      checkInside(size, offset, length);
      const bytes = new Uint8Array(length);
      const file = Deno.openSync(path);
      try {
        file.seekSync(offset, Deno.SeekMode.Start);
        for (let at = 0; at < length;) {
          const count = file.readSync(bytes.subarray(at));
          if (count === null) throw new RangeError(`Cannot read ${path}: it ends at byte ${offset + at}`);
          at += count;
        }
        return bytes;
      } finally {
        file.close();
      }
    },
  };
}

/** Size of a file in bytes, `undefined` if it does not exist. */
export async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile ? size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
