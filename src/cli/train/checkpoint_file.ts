/**
 * The checkpoint of a run, as a file next to the head. The one before is kept as PATH.previous, in case the disk damages
 * the last one. One process at a time has them.
 *
 * @module
 */
import type { CheckpointStore } from "../../ptame/training/train_options.ts";
import { oneLine } from "../../text/foreign_text.ts";
import { readIfThere, removeFile, writeFile } from "../files.ts";
import { takeRunLock } from "../run_lock.ts";

/** A checkpoint as a file. */
export interface CheckpointFile extends CheckpointStore {
  /** Where it is. */
  readonly path: string;
  /** Whether there is one. */
  readonly saved: boolean;
  /** The error of a damaged checkpoint, with what to do about it; other errors as they are. */
  explained(error: unknown): Promise<unknown>;
  /** Removes it and the one before: the run is complete. */
  remove(): Promise<void>;
  /** Lets other processes have it. */
  close(): Promise<void>;
}

/**
 * Opens the checkpoint of a run. A new run refuses to overwrite a checkpoint that could be resumed.
 *
 * @throws {Error} When there is one and none is expected, or the reverse, or another process has it.
 */
export async function checkpointFile(path: string, resume: boolean): Promise<CheckpointFile> {
  const close = await takeRunLock(path);
  try {
    return await openLocked(path, resume, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLocked(
  path: string,
  resume: boolean,
  close: () => Promise<void>,
): Promise<CheckpointFile> {
  const previous = `${path}.previous`;
  // A run that was killed between two renames has only the one before.
  const bytes = await readIfThere(path, "checkpoint ") ?? await readIfThere(previous, "checkpoint ");
  if (bytes !== undefined && !resume) {
    throw new Error(`Cannot start: ${path} is an unfinished run; continue it with --resume, or remove it`);
  }
  if (bytes === undefined && resume) throw new Error(`Cannot resume: there is no checkpoint ${path}`);
  let saved = bytes !== undefined;
  return {
    path,
    get saved() {
      return saved;
    },
    load: () => Promise.resolve(bytes),
    save: async (fresh) => {
      await writeFile(path, fresh, { keep: previous });
      saved = true;
    },
    explained: async (error) => {
      if (!(error instanceof SyntaxError) || !error.message.startsWith("Cannot read checkpoint: ")) {
        return error;
      }
      const kept = await readIfThere(previous).catch(() => undefined);
      const next = kept === undefined
        ? "start anew without --resume, after removing it"
        : `the one before is kept: rename ${oneLine(previous)} to it and resume`;
      const why = error.message.slice("Cannot read checkpoint: ".length);
      return new SyntaxError(`Cannot read checkpoint ${oneLine(path)}: ${why}; ${next}`, { cause: error });
    },
    remove: async () => {
      for (const each of [path, previous]) await removeFile(each).catch(() => {});
    },
    close,
  };
}
