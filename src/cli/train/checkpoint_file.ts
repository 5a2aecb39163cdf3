/**
 * The checkpoint of a run, as a file next to the head.
 *
 * @module
 */
import type { CheckpointStore } from "../../ptame/training/train_options.ts";
import { readIfThere, writeFile } from "../files.ts";

/** The checkpoint as a file. A new run refuses to overwrite a checkpoint that could be resumed. */
export async function checkpointFile(
  path: string,
  resume: boolean,
): Promise<CheckpointStore & { readonly path: string; readonly saved: boolean }> {
  const bytes = await readIfThere(path, "checkpoint ");
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
      await writeFile(path, fresh);
      saved = true;
    },
  };
}
