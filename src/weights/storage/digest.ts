/**
 * Incremental SHA-256 of files with node:crypto. It is about ten times as fast as JavaScript, and Web Crypto has no
 * incremental digest.
 *
 * @module
 */
import { builtinModule } from "../../platform/builtin.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";

/** The used part of node:crypto. */
interface HashModule {
  createHash(name: "sha256"): Hash;
}

interface Hash {
  update(bytes: Uint8Array): void;
  copy(): Hash;
  digest(as: "hex"): string;
}

/** Number of bytes per read. */
const PIECE = 1 << 20;

/** An incremental digest. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Digest of the bytes so far, in hexadecimal digits; more bytes may follow. */
  value(): string;
}

/** The digest of no bytes yet. */
export function sha256(): Digest {
  const { createHash } = builtinModule("node:crypto") as HashModule;
  const hash = createHash("sha256");
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    value: () => hash.copy().digest("hex"),
  };
}

/** Reads an open file to its end into a digest; gives the number of bytes. */
export async function digestRest(file: Deno.FsFile, digest: Digest, signal?: AbortSignal): Promise<number> {
  const piece = new Uint8Array(PIECE);
  let length = 0;
  for (let count; (count = await file.read(piece)) !== null; length += count) {
    signal?.throwIfAborted();
    digest.update(piece.subarray(0, count));
  }
  return length;
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function digestOfFile(path: string, signal?: AbortSignal): Promise<string> {
  const file = await Deno.open(path);
  try {
    const digest = sha256();
    await digestRest(file, digest, signal);
    return digest.value();
  } finally {
    file.close();
  }
}

/** SHA-256 of a source, in hexadecimal digits. */
export function digestOfSource(source: ByteSource): string {
  const digest = sha256();
  for (let at = 0; at < source.size; at += PIECE) {
    digest.update(source.read(at, Math.min(PIECE, source.size - at)));
  }
  return digest.value();
}
