/**
 * What keeps downloaded files: a folder on disk, or any cache with `match` and `put`.
 *
 * @module
 */
import type { PublishedFile } from "../../../models/network.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";

/**
 * A cache as a caller may hand it in: the browser's `Cache`, or anything that answers in its way.
 *
 * The key of a file is its first published address, wherever it was downloaded from.
 */
export interface WeightCache {
  /** The response kept under an address, `undefined` where there is none. */
  match(address: string): Promise<Response | undefined>;
  /** Keeps a response under an address, whole or not at all. */
  put(address: string, response: Response): Promise<void>;
}

/** Where downloaded files are kept. */
export interface WeightStorage {
  /** What it is, for people. */
  readonly place: string;
  /** A file that is there whole, `undefined` where it is not. */
  open(file: PublishedFile): Promise<ByteSource | undefined>;
  /**
   * Begins to take a file in, alone: who else does so is waited for.
   *
   * @returns `undefined` when another has completed it meanwhile.
   */
  begin(
    file: PublishedFile,
    options: { readonly signal?: AbortSignal | undefined; readonly onWait: () => void },
  ): Promise<Incoming | undefined>;
}

/** A file that is coming. */
export interface Incoming {
  /** Bytes that are here, those of an earlier download that was cut among them. */
  readonly length: number;
  /** Adds bytes at the end. */
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets what is here. */
  restart(): Promise<void>;
  /** SHA-256 of what is here, in hexadecimal digits. */
  digest(): Promise<string>;
  /** Makes the file visible to `open`; called once, when it is whole and its digest is right. */
  publish(): Promise<{ readonly source: ByteSource; readonly unkept?: string }>;
  /** Ends it. What is here and not published stays for the next time, where that is possible. */
  close(): Promise<void>;
}
