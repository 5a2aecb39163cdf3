/**
 * A lock between processes: a file that one of them holds. The system lets it go when the process ends, however it
 * ends.
 *
 * @module
 */
import delay from "delay";

/** Milliseconds between two looks at a lock that another holds. */
const LOOK_EVERY = 100;

/**
 * Takes the lock of that path, when it is free.
 *
 * @param options `onWait` is called once, where another holds it.
 * @returns Lets it go, and removes its file.
 */
export async function takeLock(
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait: () => void },
): Promise<() => Promise<void>> {
  for (let waited = false;; waited = true) {
    const file = await Deno.open(path, { write: true, create: true });
    let held = false;
    try {
      // Whoever held it may have removed the file after we opened it: then we hold what nobody else will find.
      held = await isFree(file) && await isAt(path, file);
      if (held) {
        return async () => {
          await Deno.remove(path).catch(() => {});
          file.close();
        };
      }
    } finally {
      if (!held) file.close();
    }
    if (!waited) options.onWait();
    await delay(LOOK_EVERY, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Locks an open file unless another holds it. */
async function isFree(file: Deno.FsFile): Promise<boolean> {
  if ("tryLock" in file) return await file.tryLock(true);
  // Deno before 2.6: it waits inside, without a word and without an end before the other's.
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
