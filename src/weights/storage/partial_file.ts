/**
 * A file on disk that is still coming: written at its end, its digest kept up to date, and gone on with by the next
 * process when this one is cut off.
 *
 * @module
 */
import { digestRest, sha256 } from "./digest.ts";
import { fileSource } from "./file_source.ts";
import { systemReason } from "./system_reason.ts";
import type { Incoming } from "./types.ts";

/**
 * Opens what is here of a file, to go on with it.
 *
 * @param path Where the file goes when it is whole.
 * @param partial Where it lies until then.
 * @param options `unlock` is called at the end, whatever it is.
 */
export async function incomingFile(
  path: string,
  partial: string,
  { unlock, signal }: { readonly unlock: () => Promise<void>; readonly signal?: AbortSignal | undefined },
): Promise<Incoming> {
  const file = await Deno.open(partial, { read: true, write: true, create: true });
  let digest = sha256();
  let length: number;
  try {
    // A device or a pipe under that name has no end to go on from.
    length = (await file.stat()).isFile ? await digestRest(file, digest, signal) : 0;
  } catch (error) {
    file.close();
    throw error;
  }
  let closed = false;
  let published = false;
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
        // A machine that loses power must not be left with the name of a file and without its bytes.
        await file.sync();
        close();
        await Deno.rename(partial, path);
        published = true;
        return { source: fileSource(path) };
      }),
    close: async () => {
      close();
      // On a full disk, a partial file that stays would keep the disk full.
      if (!published && (broken || length === 0)) await Deno.remove(partial).catch(() => {});
      await unlock();
    },
  };
}
