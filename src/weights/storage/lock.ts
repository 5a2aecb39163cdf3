/**
 * A lock between processes: a locked file. The system releases it when the process ends in any way.
 *
 * @module
 */
import delay from "delay";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Milliseconds between two attempts to get a lock. */
const LOOK_EVERY = 100;

/** A lock that is held. */
export interface HeldLock {
  /** The locked file, open for writing. */
  readonly file: Deno.FsFile;
  /** Releases the lock and removes its file. */
  release(): Promise<void>;
  /** Releases the lock and leaves its file. */
  leave(): Promise<void>;
}

/** Takes the lock of a path if it is free; `undefined` if another process holds it. */
export async function tryLock(path: string): Promise<HeldLock | undefined> {
  const file = await Deno.open(path, { write: true, create: true });
  let held = false;
  try {
    // The previous holder may have removed the file after we opened it; then nobody else would find our lock.
    held = await isFree(file) && await isAt(path, file);
  } finally {
    if (!held) file.close();
  }
  if (!held) return undefined;
  return {
    file,
    release: async () => {
      await Deno.remove(path).catch(() => {});
      file.close();
    },
    leave: () => Promise.resolve(file.close()),
  };
}

/**
 * Takes the lock of a path as soon as it is free.
 *
 * @param options `onWait` is called once if another process holds it.
 * @returns A function that releases the lock and removes its file.
 */
export async function takeLock(
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait: () => void },
): Promise<() => Promise<void>> {
  for (let waited = false;; waited = true) {
    const lock = await tryLock(path);
    if (lock !== undefined) return lock.release;
    if (!waited) options.onWait();
    await delay(LOOK_EVERY, withoutUndefined({ signal: options.signal }));
  }
}

/** Locks an open file unless it is already locked. */
async function isFree(file: Deno.FsFile): Promise<boolean> {
  if ("tryLock" in file) return await file.tryLock(true);
  // Deno before 2.6: this call blocks silently until the other process releases the lock.
  await (file as Deno.FsFile).lock(true);
  return true;
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    return (await Deno.stat(path)).ino === (await file.stat()).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
