/**
 * Loads the large files off the page's thread, reports how far it is, and ends.
 *
 * @module
 */
/// <reference lib="webworker" />
import { loadFiles, type LoadProgress } from "./stored_files.ts";

/** What the page asks for. */
export interface FilesRequest {
  readonly folder: string;
  readonly paths: readonly string[];
}

/** What the worker answers: how far it is, then the files or what went wrong. */
export type FilesReply =
  | { readonly progress: LoadProgress }
  | { readonly files: Readonly<Record<string, Blob>> }
  | { readonly failed: string };

/** Milliseconds between two reports: nobody reads faster. */
const PAUSE = 50;

self.addEventListener("message", async ({ data: { folder, paths } }: MessageEvent<FilesRequest>) => {
  const reply = (message: FilesReply) => self.postMessage(message);
  let last = 0;
  try {
    const files = await loadFiles(paths, folder, (progress) => {
      const now = performance.now();
      if (now - last < PAUSE && progress.loaded < progress.total && progress.trouble === "") return;
      last = now;
      reply({ progress });
    });
    reply({ files });
  } catch (error) {
    reply({ failed: error instanceof Error ? error.message : String(error) });
  }
});
