/**
 * The images in a tar shard or a Parquet file, one after the other.
 *
 * @module
 */
import { isObjectAddress, objectStore } from "../../objects/mod.ts";
import { oneLine } from "../../text/foreign_text.ts";
import type { PackedOptions, SourceFile, SourceImage } from "./types.ts";

/**
 * The images of a file. If it cannot be read, what was read counts, and the last image has the failure.
 *
 * @throws The signal's reason.
 */
export async function* packedImages(file: SourceFile, options: PackedOptions): AsyncGenerator<SourceImage> {
  options.signal.throwIfAborted();
  try {
    if (/\.parquet$/i.test(file.path)) {
      const { parquetImages } = await import("./parquet.ts");
      yield* parquetImages(file, options);
    } else {
      const { tarImages } = await import("./tar.ts");
      yield* tarImages(file, options);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    const why = oneLine(error instanceof Error ? error.message : String(error));
    yield { ...file, failure: why.startsWith("Cannot ") ? why : `Cannot read ${file.path}: ${why}` };
  }
}

/** A file with what tells its content from another's. */
export async function identified(file: SourceFile): Promise<SourceFile> {
  if (file.identity !== undefined) return file;
  if (isObjectAddress(file.path)) {
    const found = await (await objectStore()).stat(file.path);
    return found === undefined ? file : { ...file, size: found.size, identity: found.etag };
  }
  const found = await Deno.stat(file.path).catch(() => undefined);
  if (found === undefined) return file;
  return { ...file, size: found.size, identity: `${found.size}-${found.mtime?.getTime() ?? 0}` };
}
