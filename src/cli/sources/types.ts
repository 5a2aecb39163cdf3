/**
 * A source of images: a folder, a list, a prefix of an object store, and in each of them single images, tar shards and
 * Parquet files.
 *
 * @module
 */

/** A file that holds images: one of its own, or many. */
export interface SourceFile {
  /** Path or address. */
  readonly path: string;
  /** Its name below the source, which decides its shard and the names of results. */
  readonly name: string;
  /** Length in bytes, where the listing says it. */
  readonly size?: number;
  /** What changes with its content: an entity tag, or length and time. */
  readonly identity?: string;
}

/** An image of a source. */
export interface SourceImage extends SourceFile {
  /** Facts from the data set, such as its class. */
  readonly sample?: Readonly<Record<string, unknown>>;
  /** Reads it; absent where it is read by its path. */
  readonly read?: (signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;
  /** Why it, or the file that holds it, cannot be read. */
  readonly failure?: string;
}

/** Images of a file that holds many. */
export interface PackedOptions {
  /** The column of a Parquet file that has the images; found by default. */
  readonly column?: string | undefined;
  readonly signal: AbortSignal;
}

/** Endings of files that hold many images. */
const PACKED = /\.(tar|tar\.gz|tgz|parquet)$/i;

/** Whether a name is that of a file with many images. */
export function isPacked(name: string): boolean {
  return PACKED.test(name);
}
