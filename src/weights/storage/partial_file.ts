/**
 * A partial file on disk: bytes are appended, its digest is kept up to date, and the next process can resume it after
 * an interruption.
 *
 * @module
 */
import { digestRest, sha256 } from "./digest.ts";
import { fileSource } from "./file_source.ts";
import { systemReason } from "./system_reason.ts";
import { rememberDigest } from "./verified.ts";
import type { Incoming } from "./types.ts";

/**
 * Opens the partial file to resume it.
 *
 * @param path Final path of the complete file.
 * @param partial Its path until then.
 * @param options `sha256` is the published digest, "" if none is; `unlock` is called at the end in any case.
 */
export async function incomingFile(
  path: string,
  partial: string,
  { sha256: published, unlock, signal }: {
    readonly sha256: string;
    readonly unlock: () => Promise<void>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Incoming> {
  await removeIrregular(partial);
  const file = await Deno.open(partial, { read: true, write: true, create: true });
  let digest = sha256();
  let length: number;
  try {
    length = await digestRest(file, digest, signal);
  } catch (error) {
    file.close();
    throw error;
  }
  let closed = false;
  let renamed = false;
  let broken = false;
  const close = () => {
    if (!closed) file.close();
    closed = true;
  };
  const stored = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (cause) {
      broken = true;
      throw new Error(`Cannot store ${path}: ${systemReason(cause)}`, { cause });
    }
  };
  return {
    get length() {
      return length;
    },
    write: (chunk) =>
      stored(async () => {
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
        digest.update(chunk);
        length += chunk.length;
      }),
    restart: () =>
      stored(async () => {
        await file.truncate(0);
        await file.seek(0, Deno.SeekMode.Start);
        digest = sha256();
        length = 0;
      }),
    digest: () => Promise.resolve(digest.value()),
    publish: () =>
      stored(async () => {
        // After a power failure, the file name must not exist without its bytes.
        await file.sync();
        close();
        await Deno.rename(partial, path);
        renamed = true;
        // All its bytes went through the digest; the next start need not read them again.
        if (published !== "") await rememberDigest(path, await Deno.stat(path), digest.value());
        return { source: fileSource(path) };
      }),
    close: async () => {
      close();
      // On a full disk, a remaining partial file would keep it full.
      if (!renamed && (broken || length === 0)) await Deno.remove(partial).catch(() => {});
      await unlock();
    },
  };
}

/**
 * Removes what is not a regular file of this folder: opening a pipe waits for its other end, and a link would let the
 * bytes be written anywhere.
 */
async function removeIrregular(path: string): Promise<void> {
  try {
    const { isFile, isSymlink } = await Deno.lstat(path);
    if (!isFile || isSymlink) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
