/**
 * Opens a source of images by its path. A folder or list of single files is known as a whole before it is used, as it always
 * was; a prefix of a store, and what holds many images, is read as it comes.
 *
 * @module
 */
import { pathBelow } from "../../text/path_below.ts";
import { isObjectAddress, objectAddress, objectStore, parseObjectAddress } from "../../objects/mod.ts";
import { fileName } from "../paths.ts";
import { isImageName, listFiles } from "../image_lists.ts";
import { isResult } from "../result_names.ts";
import { isInShard, type Shard } from "../shards/shard.ts";
import { identified, packedImages } from "./packed.ts";
import { isPacked, type PackedOptions, type SourceFile, type SourceImage } from "./types.ts";

/** A source. */
export type Source =
  | {
    /** All images are known: names of files, which the workers read. */
    readonly kind: "listed";
    readonly images: readonly string[];
  }
  | {
    /** Images come one after the other, each with a way to read it. */
    readonly kind: "streamed";
    /** The images of a part; of a file with many images, one part has all, unless it is the only one. */
    images(shard: Shard, options: PackedOptions): AsyncGenerator<SourceImage>;
    /** The files that hold them. */
    files(): AsyncIterable<SourceFile>;
  };

/**
 * Opens a source.
 *
 * @param say Told what is left out.
 * @throws {Error} When it cannot be read, or has no image.
 */
export async function openSource(path: string, say: (line: string) => void): Promise<Source> {
  // A wrong address is an error now, not when the first image is requested.
  if (isObjectAddress(path)) parseObjectAddress(path);
  if (isPacked(path)) return streamed(only({ path, name: fileName(path) }), true);
  if (isObjectAddress(path) && !/\.txt$/i.test(path)) return streamed(objectsBelow(path), false);
  const files = await listFiles(path, say);
  if (!files.some((file) => isPacked(file) || isObjectAddress(file))) {
    return { kind: "listed", images: files };
  }
  return streamed(named(files, path), false);
}

/** @param alone Whether there is one file, so that its images are divided and not the files. */
function streamed(files: AsyncIterable<SourceFile>, alone: boolean): Source {
  return {
    kind: "streamed",
    files: () => files,
    images: async function* (shard, options) {
      for await (const file of files) {
        options.signal.throwIfAborted();
        if (!alone && !isInShard(file.name, shard)) continue;
        if (!isPacked(file.path)) yield withReading(file);
        else {for await (const image of packedImages(await identified(file), options)) {
            if (!alone || isInShard(image.name, shard)) yield image;
          }}
      }
    },
  };
}

async function* only(file: SourceFile): AsyncGenerator<SourceFile> {
  yield await Promise.resolve(file);
}

async function* named(files: readonly string[], source: string): AsyncGenerator<SourceFile> {
  for (const path of files) yield await Promise.resolve({ path, name: nameOf(path, source) });
}

/** The name of a file below its source; an address elsewhere is named by its key. */
function nameOf(path: string, source: string): string {
  const below = pathBelow(path, source);
  if (below !== path) return below;
  return isObjectAddress(path) ? parseObjectAddress(path).key : fileName(path);
}

/** The objects of a prefix that are images or hold some; what ptame wrote, and hidden ones, are left out. */
async function* objectsBelow(source: string): AsyncGenerator<SourceFile> {
  const { bucket, key: prefix } = parseObjectAddress(source);
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  let found = false;
  for await (
    const { key, size, etag } of (await objectStore()).list(objectAddress({ bucket, key: folder }))
  ) {
    const name = key.slice(folder.length);
    if (name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX")) continue;
    if (!(isImageName(name) || isPacked(name)) || isResult(name)) continue;
    found = true;
    yield { path: objectAddress({ bucket, key }), name, size, identity: etag };
  }
  if (!found) throw new Error(`Cannot use images ${source}: there are none below it`);
}

function withReading(file: SourceFile): SourceImage {
  const { path, size, identity } = file;
  if (!isObjectAddress(path)) return file;
  return {
    ...file,
    read: async (signal) => (await objectStore()).read(path, { size, etag: identity, signal }),
  };
}
