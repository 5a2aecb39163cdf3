/**
 * Storage for downloaded files: a folder on disk, or any cache with `match` and `put`.
 *
 * @module
 */
import type { PublishedFile } from "../../../models/network.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";

/**
 * A cache of the caller: the browser's `Cache`, or any object with the same methods.
 *
 * The key of a file is its first published address, even if it was downloaded from another one.
 */
export interface WeightCache {
  /** The response stored under an address, `undefined` if there is none. */
  match(address: string): Promise<Response | undefined>;
  /** Stores a response under an address, completely or not at all. */
  put(address: string, response: Response): Promise<void>;
}

/** A storage for downloaded files. */
export interface WeightStorage {
  /** Description for people. */
  readonly place: string;
  /** A complete file, `undefined` if it is missing. */
  open(file: PublishedFile): Promise<ByteSource | undefined>;
  /**
   * Starts to store a file, exclusively; waits for other processes that store it.
   *
   * @returns `undefined` if another process has completed it meanwhile.
   */
  begin(
    file: PublishedFile,
    options: { readonly signal?: AbortSignal | undefined; readonly onWait: () => void },
  ): Promise<Incoming | undefined>;
}

/** A file that is being stored. */
export interface Incoming {
  /** Number of stored bytes, including those of an interrupted download. */
  readonly length: number;
  /** Appends bytes. */
  write(chunk: Uint8Array): Promise<void>;
  /** Discards the stored bytes. */
  restart(): Promise<void>;
  /** SHA-256 of the stored bytes, in hexadecimal digits. */
  digest(): Promise<string>;
  /** Makes the file visible to `open`; called once, when it is complete and its digest is right. */
  publish(): Promise<{ readonly source: ByteSource; readonly unkept?: string }>;
  /** Closes it. Unpublished bytes are kept for the next time if possible. */
  close(): Promise<void>;
}

/** What is stored of one origin of models: of a repository, or of an address. */
export interface ModelOrigin {
  /** Description for people. */
  readonly place: string;
  /** Its folder, if it has one. */
  readonly path?: string;
  /** The storage of a folder inside it, "" for itself. */
  storage(under: string): WeightStorage;
  /** Removes a file of its own folder, and what is left of interrupted downloads. */
  discard(file: PublishedFile): Promise<void>;
  /** A remembered document; `undefined` if there is none that can be read. */
  recall(name: string): Promise<unknown>;
  /** Remembers a document, completely or not at all. */
  remember(name: string, document: unknown): Promise<void>;
}
